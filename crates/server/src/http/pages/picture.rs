//! Images that people send, and the files that messages show.

use crate::desk::image::{self, FilePart, ImageUpload};
use crate::desk::storage;
use crate::error::Error;
use crate::files::Sender;
use crate::http::edge::file::{self, RangeHeader};
use crate::http::edge::guard::{Login, check_origin};
use crate::http::edge::query::Params;
use crate::http::edge::upload::{Bytestream, Incoming, READ_MAX};
use crate::http::pages::answers::MessageWritten;
use crate::http::pages::chat_caller::ChatCaller;
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use crate::throttle::place;
use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use model::Appid;
use protocol::media::admit_from_page;
use protocol::{Errcode, limits};
use serde::Deserialize;

/// The id of a customer's message with an image.
#[derive(Deserialize)]
pub struct ChatImageQuery {
    client_id: String,
}

/// The id of an agent's message with an image, and its session.
#[derive(Deserialize)]
pub struct ReplyImageQuery {
    appid: String,
    session: i64,
    client_id: String,
}

/// A file of a message.
#[derive(Deserialize)]
pub struct FileQuery {
    /// The account, where the path does not name it.
    appid: Option<String>,
    message: i64,
    part: Option<FilePart>,
}

/// The unread body of a call from one of our pages. Other origins are refused before.
pub struct PageUpload(Incoming);

impl FromRequest<App> for PageUpload {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        check_origin(request.headers(), app)?;
        Ok(PageUpload(Incoming::new(request.into_body())))
    }
}

impl PageUpload {
    /// The announced size, or else the maximum, in bytes.
    fn size(&self) -> u64 {
        self.0.size().unwrap_or(limits::FILE_MAX).min(limits::FILE_MAX)
    }

    /// Stores the body while it arrives, as an image without its camera's metadata.
    async fn store(self, app: &App, sender: Sender, client_id: String) -> Result<ImageUpload, Error> {
        let (mut incoming, mut bytes) = (self.0, Bytestream::of_page(app, sender));
        while let Some(part) = incoming.next().await? {
            for part in part.chunks(READ_MAX) {
                bytes.append(part).await?;
            }
        }
        let format = admit_from_page(&bytes.head, bytes.size)?;
        Ok(ImageUpload { stored: bytes.end(format).await?, client_id })
    }
}

/// The refusal of a body that is no image, in our own codes.
fn for_a_page(error: Error) -> Error {
    match error {
        Error::Refused(Errcode::MediaSize | Errcode::InvalidMediaSize) => Errcode::TooLarge.into(),
        Error::Refused(Errcode::EmptyMediaData | Errcode::InvalidFileType | Errcode::MediaDataMissing) => {
            Errcode::NoPicture.into()
        }
        error => error,
    }
}

/// `POST /chat/api/{appid}/image`: like a message, the first one creates the customer.
pub async fn send(
    State(app): State<App>,
    caller: ChatCaller,
    asked: Result<Params<ChatImageQuery>, Refusal>,
    raw: PageUpload,
) -> Answer<Response> {
    let client_id = asked.as_ref().map_or("", |Params(asked)| &asked.client_id);
    // First, so that a browser without cookies learns that, whatever else is wrong.
    caller.may_write(&app, client_id)?;
    let Params(ChatImageQuery { client_id }) = asked?;
    let (address, is_new, size) = (caller.address(), caller.openid.is_none(), raw.size());
    let openid = caller.openid.as_ref().map(ToString::to_string);
    // A customer's refusal does not count for other customers at the address.
    storage::check(&app.desk, &caller.appid, openid.as_deref(), &client_id, size).await?;
    app.throttles
        .upload(address, is_new, size)
        .map_err(|wait| Refusal::later(Errcode::FilesOfAddress, wait))?;
    let sender = Sender::customer(openid.as_deref(), &place(address));
    let picture = raw.store(&app, sender, client_id).await.map_err(for_a_page)?;
    let done = image::receive(&app.desk, &caller.appid, caller.writer(&app), picture).await?;
    caller.answer_message(&app, &done)
}

/// `POST /desk/api/image`.
pub async fn reply(
    State(app): State<App>,
    login: Login,
    asked: Result<Params<ReplyImageQuery>, Refusal>,
    raw: PageUpload,
) -> Answer {
    // After the check of the origin in `raw`, so that another site learns nothing.
    let Params(asked) = asked?;
    let appid = Appid::parse(&asked.appid).map_err(|_| Errcode::NotFound)?;
    storage::check(&app.desk, &appid, None, "", raw.size()).await?;
    let sender = Sender::worker(login.worker.as_str());
    let picture = raw.store(&app, sender, asked.client_id).await.map_err(for_a_page)?;
    let message = image::reply(&app.desk, &login.worker, &appid, asked.session, picture).await?;
    Reply::json(&MessageWritten { message })
}

/// `GET /chat/api/{appid}/file`.
pub async fn of_customer(
    State(app): State<App>,
    caller: ChatCaller,
    Params(asked): Params<FileQuery>,
    range: RangeHeader,
) -> Answer<Response> {
    let openid = caller.openid.ok_or(Errcode::LoginNeeded)?;
    let part = asked.part.unwrap_or(FilePart::File);
    let content = image::of_customer(&app.desk, &caller.appid, &openid, asked.message, part).await?;
    file::serve(&app, &content, &range).await
}

/// `GET /desk/api/file`.
pub async fn of_worker(
    State(app): State<App>,
    login: Login,
    Params(asked): Params<FileQuery>,
    range: RangeHeader,
) -> Answer<Response> {
    let appid = Appid::parse(&asked.appid.unwrap_or_default()).map_err(|_| Errcode::NotFound)?;
    let part = asked.part.unwrap_or(FilePart::File);
    let content = image::of_worker(&app.desk, &login.worker, &appid, asked.message, part).await?;
    file::serve(&app, &content, &range).await
}
