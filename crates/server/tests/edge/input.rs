//! Bad input: for any input, Weixin's paths answer HTTP 200 with an errcode, the pages' calls answer a fitting
//! status, and no internal error is logged.

mod address;
mod any;
mod body;
mod page;
mod query;
mod slash;
mod slow;
mod wire;

use crate::actors::{TestAccount, TestApp};
use serde_json::{Value, json};

/// One of Weixin's endpoints, with a valid request.
struct EndpointSample {
    methods: &'static [&'static str],
    paths: &'static [&'static str],
    /// The query without the token.
    query: String,
    /// The body; `Null` if the endpoint takes none.
    body: Value,
    /// Whether the endpoint takes an access token.
    has_token: bool,
}

impl EndpointSample {
    /// Path and query, with the account's token if the endpoint takes one.
    fn address(&self, account: &TestAccount) -> String {
        let token = if self.has_token { format!("access_token={}&", account.token) } else { String::new() };
        format!("{}?{token}{}", self.paths[0], self.query)
    }

    /// Whether the endpoint requires a body.
    fn needs_body(&self) -> bool {
        !self.body.is_null() && self.methods == ["POST"]
    }

    /// The answer to a posted body.
    async fn takes(&self, account: &TestAccount, body: impl Into<Vec<u8>>) -> Value {
        account.raw("POST", &self.address(account), body.into()).await
    }
}

/// An openid that no customer has.
fn openid() -> String {
    format!("o{}", "x".repeat(27))
}

/// The endpoints that read JSON or a query, typed by hand.
fn samples(account: &TestAccount) -> Vec<EndpointSample> {
    let (kf, openid) = (account.kf("a1"), openid());
    let secret = account.stable_token_body(false);
    let token = format!("grant_type=client_credential&appid={}&secret={}", account.appid, account.secret);
    let pair = json!({"kf_account": kf, "openid": openid});
    let typing = json!({"touser": openid, "command": "Typing"});
    let sample = |methods, paths, query: &str, body| EndpointSample {
        methods,
        paths,
        query: query.into(),
        body,
        has_token: true,
    };
    let (get, post, both): (&[&str], &[&str], &[&str]) = (&["GET"], &["POST"], &["GET", "POST"]);
    vec![
        EndpointSample { has_token: false, ..sample(both, &["/cgi-bin/token"], &token, Value::Null) },
        EndpointSample { has_token: false, ..sample(post, &["/cgi-bin/stable_token"], "", secret) },
        sample(
            post,
            &["/customservice/kfaccount/add", "/cgi-bin/customservice/kfaccount/add"],
            "",
            json!({"kf_account": kf, "nickname": "n"}),
        ),
        sample(
            post,
            &["/customservice/kfaccount/update", "/cgi-bin/customservice/kfaccount/update"],
            "",
            json!({"kf_account": kf, "nickname": "n"}),
        ),
        sample(
            both,
            &["/customservice/kfaccount/del", "/cgi-bin/customservice/kfaccount/del"],
            "",
            json!({"kf_account": kf}),
        ),
        sample(
            post,
            &["/customservice/kfaccount/inviteworker", "/cgi-bin/customservice/kfaccount/inviteworker"],
            "",
            json!({"kf_account": kf, "invite_wx": "ann"}),
        ),
        sample(both, &["/cgi-bin/customservice/getkflist", "/customservice/getkflist"], "", Value::Null),
        sample(
            both,
            &["/cgi-bin/customservice/getonlinekflist", "/customservice/getonlinekflist"],
            "",
            Value::Null,
        ),
        sample(
            post,
            &["/customservice/kfsession/create", "/cgi-bin/customservice/kfsession/create"],
            "",
            pair.clone(),
        ),
        sample(post, &["/customservice/kfsession/close", "/cgi-bin/customservice/kfsession/close"], "", pair),
        sample(get, &["/customservice/kfsession/getsession"], &format!("openid={openid}"), Value::Null),
        sample(get, &["/customservice/kfsession/getsessionlist"], &format!("kf_account={kf}"), Value::Null),
        sample(get, &["/customservice/kfsession/getwaitcase"], "", Value::Null),
        sample(
            post,
            &["/cgi-bin/message/custom/send", "/cgi-bin/message/custom/business/send"],
            "",
            json!({"touser": openid, "msgtype": "text", "text": {"content": "hello"}}),
        ),
        sample(post, &["/cgi-bin/message/custom/typing"], "", typing.clone()),
        sample(post, &["/cgi-bin/message/custom/business/typing"], "", typing),
        sample(get, &["/cgi-bin/getcallbackip"], "", Value::Null),
    ]
}

on_both_engines! {
    the_table_names_what_a_request_carries,
}

async fn the_table_names_what_a_request_carries(app: TestApp) {
    let account = app.account().await;
    for sample in samples(&account) {
        let row = protocol::endpoint::at(sample.paths[0]).expect("a row of the table");
        let query =
            sample.query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned());
        let body = sample.body.as_object().into_iter().flat_map(|body| body.keys().cloned());
        let carried: Vec<String> = query.chain(body).collect();
        for name in &carried {
            assert!(
                row.takes.parameters().any(|parameter| parameter.name == name),
                "{} takes no {name}",
                row.name
            );
        }
        for parameter in row.takes.parameters().filter(|parameter| parameter.required) {
            assert!(carried.iter().any(|name| name == parameter.name), "{}: no {}", row.name, parameter.name);
        }
    }
}
