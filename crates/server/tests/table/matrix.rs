//! Who may call what: every endpoint, by every kind of account, certified or not, with every kind of
//! credential. What is right stands in `seed/matrix.txt`, typed by hand; nothing here knows the
//! server's own table.

use crate::actors::form::{FORM, MP4, PNG, form};
use crate::actors::{App, Platform, Shop, Stream, code};
use kefu::admin::Order;
use serde_json::{Value, json};

const KINDS: [&str; 5] = ["subscription", "service", "mini-program", "mini-game", "other"];
/// Only an enterprise can be certified.
const OWNERS: [(&str, bool); 3] = [("enterprise", true), ("enterprise", false), ("individual", false)];
const SETS: [u16; 6] = [1, 6, 19, 100, 101, 161];

/// An endpoint, as the table says.
pub struct Row {
    pub name: &'static str,
    method: &'static str,
    pub path: &'static str,
    /// Kinds of account, or of account and owner; whether they must be certified, and what they are answered when all is
    /// right.
    kinds: Vec<(&'static str, bool, i64)>,
    sets: Vec<u16>,
    /// Where no set is needed, the answer to a platform's own token.
    platform: Option<i64>,
    /// What another account's token gets that names this account's agent, or its customer.
    others: [Option<i64>; 2],
    /// What it answers while the feature is off.
    off: i64,
}

pub fn table() -> Vec<Row> {
    let text = include_str!("seed/matrix.txt");
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

fn row(line: &'static str) -> Row {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let [name, method, path, kinds, sets, agent, openid, off] = columns[..] else { panic!("{line}") };
    let kind = |word: &'static str| {
        let (word, answer) = word.split_once('=').unwrap_or((word, "0"));
        let (word, certified) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
        (word, certified, answer.parse().unwrap())
    };
    Row {
        name,
        method,
        path,
        kinds: kinds.split_whitespace().map(kind).collect(),
        sets: sets.split_whitespace().filter_map(|set| set.parse().ok()).collect(),
        platform: sets.strip_prefix("any ").map(|answer| answer.parse().unwrap()),
        others: [agent, openid].map(|answer| (answer != "-").then(|| answer.parse().unwrap())),
        off: off.parse().unwrap(),
    }
}

impl Row {
    pub fn may_call(&self, kind: &str, certified: bool) -> bool {
        self.kinds.iter().any(|(named, must_be, _)| *named == kind && (certified || !must_be))
    }

    /// What this kind, of an owner like this, is answered whatever else is right, if anything.
    fn always(&self, kind: &str, principal: &str) -> Option<i64> {
        let owned = format!("{kind}/{principal}");
        let mut named = self.kinds.iter().filter(|(named, ..)| *named == kind || *named == owned);
        named.find(|(.., answer)| *answer != 0).map(|(.., answer)| *answer)
    }

    /// The answer to this credential; `None` where the call names nothing of the account's.
    fn expected(&self, kind: &str, owner: (&str, bool), credential: Credential) -> Option<i64> {
        let (principal, certified) = owner;
        let answer = match credential {
            Credential::None => return Some(41001),
            Credential::Expired => return Some(42001),
            Credential::Component => return Some(self.platform.unwrap_or(61015)),
            Credential::Revoked => return Some(61003),
            Credential::Own => 0,
            Credential::Set(_) | Credential::NoSet if self.platform.is_some() => 0,
            Credential::Set(set) if self.sets.contains(&set) => 0,
            Credential::Set(_) | Credential::NoSet => 61007,
            Credential::OthersAgent => self.others[0]?,
            Credential::OthersOpenid => self.others[1]?,
        };
        let is_let_in = answer != 61007;
        let answer = self.always(kind, principal).filter(|_| is_let_in).unwrap_or(answer);
        Some(if self.may_call(kind, certified) { answer } else { 48001 })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Credential {
    Own,
    None,
    Expired,
    /// A platform's token for the account, which has granted it this set alone.
    Set(u16),
    NoSet,
    Revoked,
    /// A platform's own token.
    Component,
    /// Another account's token, in a call that names this account's agent.
    OthersAgent,
    /// The same, in a call that names this account's customer.
    OthersOpenid,
}

/// One platform for every grant an account can give.
struct Platforms {
    sets: Vec<(u16, Platform)>,
    none: Platform,
    revoked: Platform,
}

impl Platforms {
    async fn new(app: &App) -> Platforms {
        let mut sets = Vec::new();
        for set in SETS {
            sets.push((set, Platform::new(app).await));
        }
        Platforms { sets, none: Platform::new(app).await, revoked: Platform::new(app).await }
    }

    /// Every credential that names `shop`, and `other`'s token, which does not.
    async fn credentials(&self, shop: &Shop, other: &Shop) -> Vec<(Credential, String)> {
        let mut all = vec![
            (Credential::Own, shop.token.clone()),
            (Credential::None, String::new()),
            (Credential::Component, self.none.own_token().await),
            (Credential::OthersAgent, other.token.clone()),
            (Credential::OthersOpenid, other.token.clone()),
        ];
        for (set, platform) in &self.sets {
            platform.is_granted(shop, &[*set]).await;
            all.push((Credential::Set(*set), platform.token_for(shop).await));
        }
        for (credential, platform) in [(Credential::NoSet, &self.none), (Credential::Revoked, &self.revoked)]
        {
            platform.is_granted(shop, &[]).await;
            all.push((credential, platform.token_for(shop).await));
        }
        self.revoked.is_revoked(shop).await;
        all
    }
}

/// An account of a kind, and what it has; a second of the same kind stands by.
pub struct Scene {
    pub shop: Shop,
    other: Shop,
    expired: String,
    /// The openid of the worker who is `fix` of `shop`, where there is one.
    kf_openid: String,
    /// The agents who are online, where they can be.
    _desks: Vec<Stream>,
}

impl Scene {
    pub async fn begins(app: &App, kind: &str, principal: &str, certified: bool) -> Scene {
        let account = || {
            app.account_with(|settings| {
                settings.kind = Some(kind.into());
                settings.principal = Some(principal.into());
                settings.certified = Some(certified);
            })
        };
        let (shop, other) = (account().await, account().await);
        let expired = shop.token.clone();
        app.order(Order::TokenExpire(shop.appid.clone())).await.unwrap();
        let shop = shop.with_token(&shop.fetch_token().await);
        let mut scene = Scene { shop, other, expired, kf_openid: String::new(), _desks: Vec::new() };
        if certified && ["subscription", "service"].contains(&kind) {
            for shop in [&scene.shop, &scene.other] {
                scene._desks.push(shop.agent("fix").await.comes_online().await);
            }
        } else if kind.starts_with("mini") {
            scene.shop.agent("fix").await;
            scene.other.adds("fix").await;
        } else {
            scene.shop.adds("fix").await;
            scene.other.adds("fix").await;
        }
        let agents = scene.shop.kf_list().await;
        scene.kf_openid = agents[0]["kf_openid"].as_str().unwrap_or("none").to_owned();
        scene
    }

    /// Makes what a call needs to be answered with 0.
    pub async fn prepares(&self, row: &Row, cell: usize) {
        if CUSTOMERS.contains(&row.name) {
            self.shop.hears(&openid(row, cell), "hello").await;
        }
        let answer = match row.name {
            "del" | "inviteworker" => self.shop.adds(&format!("{}{cell}", &row.name[..1])).await,
            "close" => self.shop.creates("fix", &openid(row, cell)).await,
            "business/update" | "business/get" => self.registers(&format!("prepared_{cell}")).await,
            // What is so already is as good.
            "work/bind" => return drop(self.shop.post("/customservice/work/unbind", corp()).await),
            "work/unbind" => return drop(self.shop.post("/customservice/work/bind", corp()).await),
            _ => return,
        };
        assert_eq!(code(&answer), 0, "{} {cell}: {answer}", row.name);
    }

    /// The media id of a picture of the shop's, if it may upload one.
    async fn icon(&self) -> String {
        self.shop.uploads("image", PNG).await["media_id"].as_str().unwrap_or_default().to_owned()
    }

    /// A sub-merchant of the shop's is there.
    async fn registers(&self, account_name: &str) -> Value {
        let body =
            json!({"account_name": account_name, "nickname": "name", "icon_media_id": self.icon().await});
        self.shop.post("/cgi-bin/business/register", body).await
    }

    /// The request id of a call of the shop's that was refused.
    async fn refusal(&self) -> String {
        let refusal = self.shop.post("/cgi-bin/openapi/quota/get", json!({"cgi_path": ""})).await;
        refusal["errmsg"].as_str().unwrap().split_once(" rid: ").unwrap().1.to_owned()
    }

    /// The call, with a token.
    pub async fn calls(&self, row: &Row, cell: usize, credential: Credential, token: &str) -> Value {
        let prefix = match (credential, row.name) {
            (Credential::OthersAgent, _) => "fix".to_owned(),
            (_, "add" | "del" | "inviteworker") => format!("{}{cell}", &row.name[..1]),
            _ => "fix".to_owned(),
        };
        let named = if credential == Credential::OthersOpenid { &self.other } else { &self.shop };
        let (kf_account, openid) = (named.kf(&prefix), openid(row, cell));
        let path = format!("{}?access_token={token}", row.path);
        let (query, body) = match row.name {
            "add" | "update" => ("", json!({"kf_account": kf_account, "nickname": "n"})),
            "del" => ("", json!({"kf_account": kf_account})),
            "inviteworker" => ("", json!({"kf_account": kf_account, "invite_wx": format!("w{cell}")})),
            "create" | "close" => ("", json!({"kf_account": kf_account, "openid": openid})),
            "send" => (
                "",
                json!({"touser": openid, "msgtype": "text", "text": {"content": "hello"},
                "customservice": {"kf_account": kf_account}}),
            ),
            "typing" | "business/typing" => ("", json!({"touser": openid, "command": "Typing"})),
            "getsession" => (&*format!("&openid={openid}"), Value::Null),
            "getsessionlist" => (&*format!("&kf_account={kf_account}"), Value::Null),
            "setadmin" | "canceladmin" => (&*format!("&kf_openid={}", self.kf_openid), Value::Null),
            "getmsglist" => ("", json!({"starttime": 1, "endtime": 2, "msgid": 1, "number": 1})),
            "getrecord" => {
                ("", json!({"starttime": 1, "endtime": 2, "pageindex": 1, "pagesize": 1, "openid": openid}))
            }
            "clearquota" => ("", json!({"appid": self.shop.appid})),
            "quotaget" | "quotaclear" => ("", json!({"cgi_path": "/cgi-bin/openapi/quota/get"})),
            "ridget" => ("", json!({"rid": self.refusal().await})),
            "getkflist" | "getonlinekflist" | "getwaitcase" => ("", Value::Null),
            "business/register" => {
                let name = format!("called_{cell}");
                ("", json!({"account_name": name, "nickname": "name", "icon_media_id": self.icon().await}))
            }
            "business/update" => ("", json!({"business_id": 1, "nickname": "other"})),
            "business/get" => ("", json!({"business_id": 1})),
            "business/list" => ("", json!({"offset": 0, "count": 1})),
            "work/get" => ("", Value::Null),
            "work/bind" | "work/unbind" => ("", corp()),
            "mediaget" => {
                let film = self.shop.uploads("video", MP4).await;
                (&*format!("&media_id={}", film["media_id"].as_str().unwrap_or_default()), Value::Null)
            }
            "uploadheadimg" | "upload" => {
                let path = format!("{path}&kf_account={kf_account}&type=image");
                return self.shop.posts(&path, FORM, form(&[], Some(("media", PNG)))).await;
            }
            other => panic!("nobody has tried {other}"),
        };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.shop.raw(row.method, &format!("{path}{query}"), body).await
    }
}

impl Scene {
    /// Method, token, permission set, body, feature: what is wrong first is answered. `unset` is the token of a platform
    /// that was granted nothing.
    async fn asks_with_ever_less_wrong(&self, row: &Row, cell: usize, kind: &str, unset: &str) {
        let own = self.calls(row, cell, Credential::Own, &self.shop.token).await;
        assert_eq!(code(&own), row.off, "{} with the feature off", row.name);
        let asks = |method: &'static str, token: &str| {
            let (shop, path) = (self.shop.clone(), format!("{}?access_token={token}", row.path));
            async move { code(&shop.raw(method, &path, b"{".to_vec()).await) }
        };
        assert_eq!(
            asks("PUT", "").await,
            if row.method == "GET" || row.name == "del" { 43001 } else { 43002 }
        );
        assert_eq!(asks(row.method, "").await, 41001);
        assert_eq!(asks(row.method, &self.expired).await, 42001);
        let last = match row.name {
            "uploadheadimg" => 41005,
            "upload" => 40004,
            "mediaget" => 41006,
            "setadmin" | "canceladmin" => 47001,
            _ if row.method == "POST" => 47001,
            _ => row.off,
        };
        let refused = |code| if row.platform.is_some() { last } else { code };
        assert_eq!(asks(row.method, unset).await, refused(61007));
        assert_eq!(asks(row.method, &self.shop.token).await, last, "{}", row.name);
        self.shop.set(|settings| settings.certified = Some(false)).await;
        let uncertified = if row.may_call(kind, false) { 61007 } else { 48001 };
        assert_eq!(asks(row.method, unset).await, refused(uncertified));
        self.shop.set(|settings| settings.certified = Some(true)).await;
    }
}

/// What names an enterprise of WeCom.
fn corp() -> Value {
    json!({"corpid": "wwee11111xxxxxxx"})
}

/// The endpoints that ask for a customer, each call for one of its own.
const CUSTOMERS: [&str; 3] = ["send", "typing", "business/typing"];

/// A customer for each endpoint, so that one call does not disturb the next.
fn openid(row: &Row, cell: usize) -> String {
    let of_cell = if CUSTOMERS.contains(&row.name) { cell } else { 0 };
    format!("o{:_>27}", format!("{}{of_cell}", row.name.replace('/', "-")))
}

/// Every cell of one account; answers how many there were, and those that are wrong.
async fn walk(app: &App, platforms: &Platforms, kind: &str, owner: (&str, bool)) -> (usize, Vec<String>) {
    let (principal, certified) = owner;
    let scene = Scene::begins(app, kind, principal, certified).await;
    let (mut cells, mut wrong) = (0, Vec::new());
    let mut credentials = platforms.credentials(&scene.shop, &scene.other).await;
    credentials.push((Credential::Expired, scene.expired.clone()));
    for (credential, token) in credentials {
        for row in table() {
            let Some(expected) = row.expected(kind, owner, credential) else { continue };
            cells += 1;
            if row.may_call(kind, certified) {
                scene.prepares(&row, cells).await;
            }
            let answer = scene.calls(&row, cells, credential, &token).await;
            let text = answer.to_string();
            let leaks = token == scene.other.token && text.contains(&format!("@{}\"", scene.shop.suffix));
            if code(&answer) != expected || leaks {
                let who = format!("{principal} {kind}, certified {certified}");
                wrong.push(format!("{} by {who}, {credential:?}: {text}, not {expected}", row.name));
            }
        }
    }
    (cells, wrong)
}

on_both_engines! {
    everybody_may_call_what_the_pages_say_and_nothing_else,
    of_several_reasons_the_earliest_check_speaks,
    another_accounts_token_changes_nothing_here,
}

async fn everybody_may_call_what_the_pages_say_and_nothing_else(app: App) {
    let platforms = Platforms::new(&app).await;
    let (mut cells, mut wrong) = (0, Vec::new());
    for kind in KINDS {
        for owner in OWNERS {
            let walked = walk(&app, &platforms, kind, owner).await;
            cells += walked.0;
            wrong.extend(walked.1);
        }
    }
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
    // Each endpoint with 12 credentials that name the account, with another's where the call names its agent, or
    // its customer; each by 5 kinds of 3 sorts of owner.
    let named = |which: usize| table().iter().filter(|row| row.others[which].is_some()).count();
    assert_eq!(cells, (table().len() * 12 + named(0) + named(1)) * 15);
}

async fn of_several_reasons_the_earliest_check_speaks(app: App) {
    let is_for = |row: &Row, kind| row.may_call(kind, true);
    for kind in ["service", "mini-program"] {
        let scene = Scene::begins(&app, kind, "enterprise", true).await;
        let platform = Platform::new(&app).await;
        platform.is_granted(&scene.shop, &[]).await;
        let unset = platform.token_for(&scene.shop).await;
        scene.shop.set(|settings| settings.feature = Some(false)).await;
        let rows = table().into_iter().enumerate();
        for (cell, row) in
            rows.filter(|(_, row)| is_for(row, kind) && (kind == "service" || !is_for(row, "service")))
        {
            scene.asks_with_ever_less_wrong(&row, cell, kind, &unset).await;
        }
    }
}

async fn another_accounts_token_changes_nothing_here(app: App) {
    let scene = Scene::begins(&app, "service", "enterprise", true).await;
    let own = |name: &'static str| table().into_iter().find(|row| row.name == name).unwrap();
    scene.prepares(&own("close"), 1).await;
    let before = (scene.shop.kf_list().await, scene.shop.sessions("fix").await, scene.shop.waiting().await);
    for (cell, row) in table().into_iter().enumerate() {
        for credential in [Credential::OthersAgent, Credential::OthersOpenid] {
            scene.calls(&row, cell, credential, &scene.other.token).await;
        }
    }
    let after = (scene.shop.kf_list().await, scene.shop.sessions("fix").await, scene.shop.waiting().await);
    assert_eq!(before, after);
}
