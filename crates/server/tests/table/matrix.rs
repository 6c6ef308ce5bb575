//! Every endpoint × every kind of account, certified or not × every kind of token, and the exact answer.
//! The expected answers are typed by hand from Weixin's pages below
//! <https://developers.weixin.qq.com/doc/service/en/api/customer/> and
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/>: each group's test file has its rows, `MATRIX`.
//! Nothing here uses the server's table of endpoints.

mod fixture;

use crate::actors::{TestAccount, TestApp, TestComponent, code};
use crate::{account, callback, weixin};
pub use fixture::MatrixFixture;

const KINDS: [&str; 5] = ["subscription", "service", "mini-program", "mini-game", "other"];
/// Only an enterprise can be certified.
const OWNERS: [(&str, bool); 3] = [("enterprise", true), ("enterprise", false), ("individual", false)];
const SETS: [u16; 6] = [1, 6, 19, 100, 101, 161];

/// A row of a group's `MATRIX`: an endpoint, and who may call it. The row has these columns, in this order, between
/// `|`. The second and the third line begin with `|`.
pub struct MatrixRow {
    pub name: &'static str,
    method: &'static str,
    pub path: &'static str,
    /// Kinds of account that may call, or `kind/owner`. A star after it: the account must be certified. `=` and a
    /// number: the errcode of a correct call.
    kinds: &'static str,
    /// Permission sets of which a component needs one. `any` and a number: a component needs none, and its own token
    /// gets this errcode. `none`: no component may call.
    sets: &'static str,
    /// The errcodes for another account's token in a call that names this account's agent (0: the caller gets what
    /// belongs to the caller), or its customer; `-` if a call names none.
    others: [Option<i64>; 2],
    /// The errcode while the feature is off: 65400 if the page lists that. Messages and typing do not need the feature;
    /// they miss the customer.
    off: i64,
    /// A correct call, as [`MatrixFixture::calls`] reads it: a JSON body, a query, or a file and a query; `-` for none
    /// of these.
    call: &'static str,
}

pub fn table() -> Vec<MatrixRow> {
    let groups = [
        weixin::kfaccount::MATRIX,
        weixin::kfsession::MATRIX,
        weixin::media::MATRIX,
        weixin::msgrecord::MATRIX,
        weixin::message::MATRIX,
        weixin::business::MATRIX,
        account::wecom::MATRIX,
        account::quota::MATRIX,
        account::rid::MATRIX,
        callback::network::MATRIX,
    ];
    let rows = |group: &'static str| {
        let columns: Vec<&str> = group.trim().split(['|', '\n']).map(str::trim).collect();
        columns.chunks(11).map(row).collect::<Vec<_>>()
    };
    groups.into_iter().flat_map(rows).collect()
}

fn row(columns: &[&'static str]) -> MatrixRow {
    // The end of a line and the `|` at the beginning of the next enclose nothing.
    let [name, method, path, "", kinds, sets, agent, openid, off, "", call] = *columns else {
        panic!("{columns:?}")
    };
    let call = if call == "-" { "" } else { call };
    let others = [agent, openid].map(|answer| (answer != "-").then(|| answer.parse().unwrap()));
    MatrixRow { name, method, path, kinds, sets, others, off: off.parse().unwrap(), call }
}

impl MatrixRow {
    /// Kinds of account, or `kind/owner`; whether they must be certified, and the errcode of a correct call.
    fn kinds(&self) -> impl Iterator<Item = (&'static str, bool, i64)> {
        self.kinds.split_whitespace().map(|word| {
            let (word, answer) = word.split_once('=').unwrap_or((word, "0"));
            let (word, certified) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
            (word, certified, answer.parse().unwrap())
        })
    }

    pub fn may_call(&self, kind: &str, certified: bool) -> bool {
        self.kinds().any(|(named, must_be, _)| named == kind && (certified || !must_be))
    }

    fn sets(&self) -> Vec<u16> {
        self.sets.split_whitespace().filter_map(|set| set.parse().ok()).collect()
    }

    /// The errcode for a component's own token, if the endpoint needs no permission set.
    fn component(&self) -> Option<i64> {
        self.sets.strip_prefix("any ").map(|answer| answer.parse().unwrap())
    }

    /// The errcode that this kind of account with this kind of owner always gets, if there is one.
    fn always(&self, kind: &str, principal: &str) -> Option<i64> {
        let owned = format!("{kind}/{principal}");
        let mut named = self.kinds().filter(|(named, ..)| *named == kind || *named == owned);
        named.find(|(.., answer)| *answer != 0).map(|(.., answer)| answer)
    }

    /// The errcode for this token; `None` if the call names nothing of the account.
    fn expected(&self, kind: &str, owner: (&str, bool), credential: CallerToken) -> Option<i64> {
        let (principal, certified) = owner;
        let answer = match credential {
            CallerToken::None => return Some(41001),
            CallerToken::Expired => return Some(42001),
            CallerToken::Component => return Some(self.component().unwrap_or(61015)),
            CallerToken::Revoked => return Some(61003),
            CallerToken::Own => 0,
            CallerToken::Set(_) | CallerToken::NoSet if self.component().is_some() => 0,
            CallerToken::Set(set) if self.sets().contains(&set) => 0,
            CallerToken::Set(_) | CallerToken::NoSet => 61007,
            CallerToken::OthersAgent => self.others[0]?,
            CallerToken::OthersOpenid => self.others[1]?,
        };
        let is_let_in = answer != 61007;
        let answer = self.always(kind, principal).filter(|_| is_let_in).unwrap_or(answer);
        Some(if self.may_call(kind, certified) { answer } else { 48001 })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CallerToken {
    Own,
    None,
    Expired,
    /// A component's token for the account, which granted this permission set only.
    Set(u16),
    NoSet,
    Revoked,
    /// A component's own token.
    Component,
    /// Another account's token, in a call that names this account's agent.
    OthersAgent,
    /// Another account's token, in a call that names this account's customer.
    OthersOpenid,
}

/// A component for each grant that an account can give.
struct Components {
    sets: Vec<(u16, TestComponent)>,
    none: TestComponent,
    revoked: TestComponent,
}

impl Components {
    async fn new(app: &TestApp) -> Components {
        let mut sets = Vec::new();
        for set in SETS {
            sets.push((set, TestComponent::new(app).await));
        }
        Components { sets, none: TestComponent::new(app).await, revoked: TestComponent::new(app).await }
    }

    /// A token of each kind for `account`, and the token of `other`.
    async fn credentials(&self, account: &TestAccount, other: &TestAccount) -> Vec<(CallerToken, String)> {
        let mut all = vec![
            (CallerToken::Own, account.token.clone()),
            (CallerToken::None, String::new()),
            (CallerToken::Component, self.none.own_token().await),
            (CallerToken::OthersAgent, other.token.clone()),
            (CallerToken::OthersOpenid, other.token.clone()),
        ];
        for (set, component) in &self.sets {
            component.gets_grant(account, &[*set]).await;
            all.push((CallerToken::Set(*set), component.token_for(account).await));
        }
        for (credential, component) in
            [(CallerToken::NoSet, &self.none), (CallerToken::Revoked, &self.revoked)]
        {
            component.gets_grant(account, &[]).await;
            all.push((credential, component.token_for(account).await));
        }
        self.revoked.loses_grant(account).await;
        all
    }
}

/// Calls every endpoint with every token of one account: the number of calls, and the wrong answers.
async fn walk(
    app: &TestApp,
    components: &Components,
    kind: &str,
    owner: (&str, bool),
) -> (usize, Vec<String>) {
    let (principal, certified) = owner;
    let fixture = MatrixFixture::begins(app, kind, principal, certified).await;
    let (mut cells, mut wrong) = (0, Vec::new());
    let mut credentials = components.credentials(&fixture.account, &fixture.other).await;
    credentials.push((CallerToken::Expired, fixture.expired.clone()));
    for (credential, token) in credentials {
        for row in table() {
            let Some(expected) = row.expected(kind, owner, credential) else { continue };
            cells += 1;
            if row.may_call(kind, certified) {
                fixture.prepares(&row, cells).await;
            }
            let answer = fixture.calls(&row, cells, credential, &token).await;
            let text = answer.to_string();
            let leaks =
                token == fixture.other.token && text.contains(&format!("@{}\"", fixture.account.suffix));
            if code(&answer) != expected || leaks {
                let who = format!("{principal} {kind}, certified {certified}");
                wrong.push(format!("{} by {who}, {credential:?}: {text}, not {expected}", row.name));
            }
        }
    }
    (cells, wrong)
}

on_both_engines! {
    accounts_may_call_exactly_what_weixins_pages_allow,
    of_several_faults_the_earliest_check_answers,
    a_token_of_another_account_changes_nothing,
}

async fn accounts_may_call_exactly_what_weixins_pages_allow(app: TestApp) {
    let components = Components::new(&app).await;
    let (mut cells, mut wrong) = (0, Vec::new());
    for kind in KINDS {
        for owner in OWNERS {
            let walked = walk(&app, &components, kind, owner).await;
            cells += walked.0;
            wrong.extend(walked.1);
        }
    }
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
    // Each endpoint with 12 tokens for the account, and with another account's where the call names an agent or a
    // customer; each by 5 kinds of account with 3 kinds of owner.
    let named = |which: usize| table().iter().filter(|row| row.others[which].is_some()).count();
    assert_eq!(cells, (table().len() * 12 + named(0) + named(1)) * 15);
}

async fn of_several_faults_the_earliest_check_answers(app: TestApp) {
    let is_for = |row: &MatrixRow, kind| row.may_call(kind, true);
    for kind in ["service", "mini-program"] {
        let fixture = MatrixFixture::begins(&app, kind, "enterprise", true).await;
        let component = TestComponent::new(&app).await;
        component.gets_grant(&fixture.account, &[]).await;
        let unset = component.token_for(&fixture.account).await;
        fixture.account.set(|settings| settings.feature = Some(false)).await;
        let rows = table().into_iter().enumerate();
        for (cell, row) in
            rows.filter(|(_, row)| is_for(row, kind) && (kind == "service" || !is_for(row, "service")))
        {
            fixture.asks_with_ever_less_wrong(&row, cell, kind, &unset).await;
        }
    }
}

async fn a_token_of_another_account_changes_nothing(app: TestApp) {
    let fixture = MatrixFixture::begins(&app, "service", "enterprise", true).await;
    let own = |name: &'static str| table().into_iter().find(|row| row.name == name).unwrap();
    fixture.prepares(&own("close"), 1).await;
    let before = (
        fixture.account.kf_list().await,
        fixture.account.sessions("fix").await,
        fixture.account.waiting().await,
    );
    for (cell, row) in table().into_iter().enumerate() {
        for credential in [CallerToken::OthersAgent, CallerToken::OthersOpenid] {
            fixture.calls(&row, cell, credential, &fixture.other.token).await;
        }
    }
    let after = (
        fixture.account.kf_list().await,
        fixture.account.sessions("fix").await,
        fixture.account.waiting().await,
    );
    assert_eq!(before, after);
}
