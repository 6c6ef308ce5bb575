//! Calls of the workbench.

use crate::desk::ended_login::EndReason;
use crate::desk::{
    absence, draft, invitation, login, message, password, presence, session, session_view, snapshot,
    supervisor, transfer, workbench_state, worker,
};
use crate::http::edge::client_address::ClientInfo;
use crate::http::edge::guard::{Browser, Login, PageBody, login_cookie, no_login_cookie};
use crate::http::edge::query::Params;
use crate::http::pages::answers::{self, Colleagues, DraftKept, LoggedIn, Logins, MessageWritten};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use model::session::actor::Target;
use model::{Appid, KfAccount, WechatId};
use protocol::Errcode;
use serde::Deserialize;

/// Name and password.
#[derive(Deserialize)]
pub struct LoginBody {
    name: String,
    password: String,
}

/// A sign-up link with the name and password chosen.
#[derive(Deserialize)]
pub struct SignUpBody {
    invite: String,
    name: String,
    password: String,
}

/// A worker's password and the one that takes its place.
#[derive(Deserialize)]
pub struct PasswordBody {
    current: String,
    new: String,
}

/// An empty object.
#[derive(Deserialize)]
pub struct EmptyBody {}

/// The login to end; without an id, all others.
#[derive(Deserialize)]
pub struct EndLoginBody {
    id: Option<String>,
}

/// The answer to an invitation.
#[derive(Deserialize)]
pub struct InvitationBody {
    appid: String,
    kf_account: String,
    accept: bool,
}

/// Away or back.
#[derive(Deserialize)]
pub struct PresenceBody {
    appid: String,
    away: bool,
}

/// A session of an account.
#[derive(Deserialize)]
pub struct SessionBody {
    pub(super) appid: String,
    pub(super) session: i64,
}

/// A session, and the agent `to` or the group that gets it.
#[derive(Deserialize)]
pub struct TransferBody {
    appid: String,
    session: i64,
    from: String,
    to: Option<String>,
    group: Option<i64>,
    #[serde(default)]
    note: String,
}

impl TransferBody {
    fn target(&mut self) -> Result<Target, Errcode> {
        match (self.to.take(), self.group) {
            (Some(agent), None) => Ok(Target::Agent(agent)),
            (None, Some(group)) => Ok(Target::Group(group)),
            _ => Err(Errcode::BadRequest),
        }
    }
}

/// An account.
#[derive(Deserialize)]
pub struct AccountQuery {
    pub(super) appid: String,
}

/// A page of sessions.
#[derive(Deserialize)]
pub struct SessionsQuery {
    appid: String,
    #[serde(default)]
    after: i64,
}

/// A reply.
#[derive(Deserialize)]
pub struct MessageBody {
    appid: String,
    session: i64,
    client_id: String,
    text: String,
}

/// The unsent text of a session.
#[derive(Deserialize)]
pub struct DraftBody {
    /// The worker who typed it; the login's without a name.
    worker: Option<String>,
    appid: String,
    session: i64,
    text: String,
}

/// How far a session was read.
#[derive(Deserialize)]
pub struct ReadMarkBody {
    /// The worker who has read it; the login's without a name.
    worker: Option<String>,
    appid: String,
    session: i64,
    message: i64,
}

/// A page of history.
#[derive(Deserialize)]
pub struct HistoryQuery {
    appid: String,
    session: i64,
    #[serde(default)]
    before: i64,
}

pub(super) fn appid(text: &str) -> Result<Appid, Errcode> {
    Appid::parse(text).map_err(|_| Errcode::NotFound)
}

fn logged_in(client: ClientInfo, name: &WechatId, cookie: &str) -> Answer<Response> {
    let reply = Reply::json(&LoggedIn::of(name))?;
    Ok(([(SET_COOKIE, login_cookie(client, cookie))], reply).into_response())
}

/// `POST /desk/api/login`.
pub async fn login(
    State(app): State<App>,
    client: ClientInfo,
    Browser(browser): Browser,
    PageBody(given): PageBody<LoginBody>,
) -> Answer<Response> {
    let asker = app.throttles.log_in(&given.name, client.address)?;
    let verified = password::verify(&app.desk, &given.name, &given.password, asker).await?;
    let cookie = login::start(&app.desk, &verified, client.origin(browser)).await?;
    app.throttles.logged_in(&verified.name, client.address);
    logged_in(client, &verified.name, &cookie)
}

/// `POST /desk/api/signup`.
pub async fn signup(
    State(app): State<App>,
    client: ClientInfo,
    Browser(browser): Browser,
    PageBody(given): PageBody<SignUpBody>,
) -> Answer<Response> {
    let asker = app.throttles.sign_up(client.address)?;
    let verified = worker::sign_up(&app.desk, &given.invite, &given.name, &given.password, asker).await?;
    let cookie = login::start(&app.desk, &verified, client.origin(browser)).await?;
    logged_in(client, &verified.name, &cookie)
}

/// `POST /desk/api/password`: changes the worker's own password. Guessing the current one counts as tries to log in.
pub async fn change_password(
    State(app): State<App>,
    client: ClientInfo,
    login: Login,
    PageBody(given): PageBody<PasswordBody>,
) -> Answer {
    app.throttles.log_in(login.worker.as_str(), client.address)?;
    password::change(&app.desk, &login.worker, &login.cookie, &given.current, &given.new).await?;
    app.throttles.logged_in(&login.worker, client.address);
    Ok(Reply::done())
}

/// `POST /desk/api/logout`.
pub async fn logout(
    State(app): State<App>,
    client: ClientInfo,
    login: Login,
    _: PageBody<EmptyBody>,
) -> Answer<Response> {
    absence::sign_out(&app.desk, &login.worker, &login.cookie).await?;
    Ok(([(SET_COOKIE, no_login_cookie(client))], Reply::done()).into_response())
}

/// `GET /desk/api/logins`: the worker's logins.
pub async fn logins(State(app): State<App>, login: Login) -> Answer {
    let logins = login::list(&app.desk, &login.worker, Some(&login.cookie)).await?;
    Reply::json(&Logins { logins })
}

/// `POST /desk/api/login/end`: ends one of the worker's logins, or all others.
pub async fn end_login(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<EndLoginBody>,
) -> Answer {
    let which = given.id.map_or(login::LoginsToEnd::Others(login.cookie), login::LoginsToEnd::One);
    login::end(&app.desk, &login.worker, which, EndReason::Device).await?;
    Ok(Reply::done())
}

/// `GET /desk/api/snapshot`.
pub async fn snapshot(State(app): State<App>, login: Login) -> Answer {
    Reply::json(&snapshot::workbench(&app.desk, &login.worker).await?)
}

/// `POST /desk/api/invitation`.
pub async fn invitation(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<InvitationBody>,
) -> Answer {
    let appid = appid(&given.appid)?;
    let kf_account = KfAccount::parse(&given.kf_account).map_err(|_| Errcode::InvitationGone)?;
    match given.accept {
        true => invitation::accept(&app.desk, &login.worker, &appid, &kf_account).await?,
        false => invitation::decline(&app.desk, &login.worker, &appid, &kf_account).await?,
    }
    Ok(Reply::done())
}

/// Refuses a page that has not noticed that another worker has logged in: its drafts and marks are not theirs.
fn check_worker(login: &Login, named: Option<&str>) -> Result<(), Errcode> {
    match named {
        Some(name) if name != login.worker.as_str() => Err(Errcode::LoginNeeded),
        _ => Ok(()),
    }
}

/// `POST /desk/api/draft`: stores the unsent text of a session; an empty text deletes it. Returns the time of storing.
pub async fn draft(State(app): State<App>, login: Login, PageBody(given): PageBody<DraftBody>) -> Answer {
    check_worker(&login, given.worker.as_deref())?;
    let appid = appid(&given.appid)?;
    let kept = workbench_state::keep_draft(&app.desk, &login.worker, &appid, given.session, given.text);
    Reply::json(&DraftKept { at: kept.await? })
}

/// `POST /desk/api/read`: the worker has read a session up to a message.
pub async fn read(State(app): State<App>, login: Login, PageBody(given): PageBody<ReadMarkBody>) -> Answer {
    check_worker(&login, given.worker.as_deref())?;
    let appid = appid(&given.appid)?;
    workbench_state::mark_read(&app.desk, &login.worker, &appid, given.session, given.message).await?;
    Ok(Reply::done())
}

/// `POST /desk/api/presence`.
pub async fn presence(
    State(app): State<App>,
    login: Login,
    PageBody(given): PageBody<PresenceBody>,
) -> Answer {
    presence::set_away(&app.desk, &login.worker, &appid(&given.appid)?, given.away).await?;
    Ok(Reply::done())
}

/// `POST /desk/api/session/accept`.
pub async fn accept(State(app): State<App>, login: Login, PageBody(given): PageBody<SessionBody>) -> Answer {
    let appid = appid(&given.appid)?;
    Reply::json(&session_view::accept(&app.desk, &login.worker, &appid, given.session).await?)
}

/// `POST /desk/api/session/close`.
pub async fn close(State(app): State<App>, login: Login, PageBody(given): PageBody<SessionBody>) -> Answer {
    session::end(&app.desk, &login.worker, &appid(&given.appid)?, given.session).await?;
    Ok(Reply::done())
}

/// `POST /desk/api/session/transfer`: from the agent whom the page showed, to another or to a group.
pub async fn transfer(
    State(app): State<App>,
    login: Login,
    PageBody(mut given): PageBody<TransferBody>,
) -> Answer {
    let to = given.target()?;
    let asked = transfer::Transfer { id: given.session, from: given.from, to, note: given.note };
    transfer::move_session(&app.desk, &login.worker, &appid(&given.appid)?, asked).await?;
    Ok(Reply::done())
}

/// `GET /desk/api/colleagues`: the agents of an account.
pub async fn colleagues(State(app): State<App>, login: Login, Params(of): Params<AccountQuery>) -> Answer {
    let colleagues = supervisor::colleagues(&app.desk, &login.worker, &appid(&of.appid)?).await?;
    Reply::json(&Colleagues { colleagues })
}

/// `GET /desk/api/sessions`: open sessions of other agents, for a supervisor.
pub async fn sessions(State(app): State<App>, login: Login, Params(page): Params<SessionsQuery>) -> Answer {
    let sessions = supervisor::page(&app.desk, &login.worker, &appid(&page.appid)?, page.after).await?;
    Reply::json(&answers::Sessions { sessions })
}

/// `POST /desk/api/message`.
pub async fn message(State(app): State<App>, login: Login, PageBody(given): PageBody<MessageBody>) -> Answer {
    let draft = draft::Draft::new(given.text, given.client_id)?;
    let message =
        message::reply(&app.desk, &login.worker, &appid(&given.appid)?, given.session, draft).await?;
    Reply::json(&MessageWritten { message })
}

/// `GET /desk/api/messages`.
pub async fn messages(State(app): State<App>, login: Login, Params(page): Params<HistoryQuery>) -> Answer {
    let appid = appid(&page.appid)?;
    Reply::json(&message::history(&app.desk, &login.worker, &appid, page.session, page.before).await?)
}
