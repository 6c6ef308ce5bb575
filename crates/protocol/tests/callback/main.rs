//! Message push: vectors of Weixin's pages, every body, every shape of answer that SDKs send, and round trips.

mod answer;
mod bodies;
mod cipher;
mod faults;
mod replies;
mod round_trip;
mod vectors;

use protocol::callback::{
    AesKeys, Body, BodyContent, EncodingAesKey, Event, Format, Mode, UserContent, UserMessage, reply,
};
use protocol::message::Text;
use reply::{AnsweredPush, Secrets};

const TOKEN: &str = "pamtest";
const APPID: &str = "wxb11529c136998cb6";
const OPENID: &str = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY";
const ORIGINAL_ID: &str = "gh_97417a04a28d";

fn sample_key() -> EncodingAesKey {
    EncodingAesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").expect("a key")
}

fn zero_key() -> EncodingAesKey {
    EncodingAesKey::parse(&"A".repeat(43)).expect("a key")
}

fn body(content: BodyContent) -> Body {
    Body {
        to_user_name: ORIGINAL_ID.into(),
        from_user_name: OPENID.into(),
        create_time: 1_482_048_670,
        content,
    }
}

fn message(content: UserContent) -> Body {
    let message = UserMessage { msg_id: 1_234_567_890_123_456, content, article: None, business_id: None };
    body(BodyContent::Message(message))
}

fn words(text: &str) -> Body {
    message(UserContent::Text { text: Text { content: text.into() }, menu_id: None })
}

fn event(event: Event) -> Body {
    body(BodyContent::Event(event))
}

/// A push that was sent with the sample key.
fn answered<'a>(format: Format, mode: Mode, key: &'a EncodingAesKey) -> AnsweredPush<'a> {
    let keys = AesKeys { current: key, previous: None };
    let secrets = Some(Secrets { token: TOKEN, appid: APPID, keys });
    AnsweredPush { openid: OPENID, original_id: ORIGINAL_ID, is_event: false, format, mode, secrets }
}
