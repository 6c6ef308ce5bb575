//! Drives one of the Rust SDKs, as a client or as a developer's server: calls come in as lines of JSON, and what its
//! user would get goes out so.

mod developer;
mod wechat_oa_sdk;
mod wx_sdk;

use developer::Developer;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::{env, fs, io};

/// What an SDK's call came to.
type Outcome = Result<Value, Failure>;

/// What the SDK tells its user: Weixin's code where it has one.
struct Failure {
    code: Option<i64>,
    text: String,
    kind: &'static str,
}

/// An argument that the scenario gives as text.
fn text(given: &Value, name: &str) -> String {
    given[name].as_str().unwrap_or_default().to_owned()
}

fn hash(bytes: &[u8]) -> Value {
    use sha2::{Digest, Sha256};
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "sha256": hex })
}

enum Sdk {
    Wx(Option<wx_sdk::Client>),
    Oa(Option<wechat_oa_sdk::Client>),
}

impl Sdk {
    fn begin(&mut self, appid: &str, secret: &str) {
        match self {
            Sdk::Wx(client) => *client = Some(wx_sdk::Client::new(appid, secret)),
            Sdk::Oa(client) => *client = Some(wechat_oa_sdk::Client::new(appid, secret)),
        }
    }

    fn names(&self) -> &'static [&'static str] {
        match self {
            Sdk::Wx(_) => wx_sdk::NAMES,
            Sdk::Oa(_) => wechat_oa_sdk::NAMES,
        }
    }

    async fn call(&self, name: &str, given: &Value) -> Outcome {
        match self {
            Sdk::Wx(Some(client)) => client.call(name, given).await,
            Sdk::Oa(Some(client)) => client.call(name, given).await,
            _ => Err(Failure { code: None, text: "the first call is begin".into(), kind: "Driver" }),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut sdk = match env::args().nth(1).as_deref() {
        Some("wx-sdk") => Sdk::Wx(None),
        Some("wechat-oa-sdk") => Sdk::Oa(None),
        other => return Err(io::Error::other(format!("{other:?} is no SDK"))),
    };
    let is_developer = env::args().nth(2).is_some_and(|word| word == "developer");
    let mut developer = is_developer.then(|| Developer::new(matches!(sdk, Sdk::Wx(_))));
    let fd = env::var("KEFU_ANSWERS").map_err(io::Error::other)?;
    let mut answers = fs::OpenOptions::new().write(true).open(format!("/dev/fd/{fd}"))?;
    for line in io::stdin().lock().lines() {
        let ask: Value = serde_json::from_str(&line?)?;
        let (name, given) = (text(&ask, "call"), &ask["with"]);
        let outcome = match (&mut developer, name.as_str()) {
            (Some(developer), _) => developer.call(&name, given),
            (None, "names") => Ok(json!(sdk.names())),
            (None, "begin") => {
                sdk.begin(&text(given, "appid"), &text(given, "secret"));
                Ok(Value::Null)
            }
            (None, _) => sdk.call(&name, given).await,
        };
        let answer = match outcome {
            Ok(value) => json!({ "value": value }),
            Err(Failure { code, text, kind }) => {
                json!({ "error": { "code": code, "text": text, "kind": kind } })
            }
        };
        writeln!(answers, "{answer}")?;
    }
    Ok(())
}
