//! Wire types of getmsglist and of getrecord, its withdrawn predecessor, which SDKs still call.

use crate::limits::{RECORD_PAGE_MAX, RECORD_WINDOW_H, RECORD_WINDOW_S, RECORDS_MAX};
use crate::parameter::{OPENID, ParameterDoc, parameters};
use crate::{Errcode, limits};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of event in a record. The page of getmsglist lists the last two; getrecord had all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opercode {
    /// A session waits for an agent.
    Waiting = 1000,
    /// An agent has taken a session.
    Taken = 1001,
    /// A session was opened without waiting.
    Started = 1002,
    /// A session went from one agent to another.
    Transferred = 1003,
    /// A session has ended.
    Closed = 1004,
    /// A supervisor has taken a session over from an agent.
    Grabbed = 1005,
    /// The account received a message of a waiting customer.
    WaitingMessage = 2001,
    /// An agent has sent a message.
    Sent = 2002,
    /// An agent has received a message.
    Received = 2003,
}

impl Opercode {
    /// The number in a record.
    #[must_use]
    pub fn number(self) -> i64 {
        self as i64
    }
}

/// The start of a query.
const STARTTIME: ParameterDoc =
    ParameterDoc::new("The first second, Unix time.", "起始时间，Unix 秒。").example("1464710400");
/// The end of a query.
const ENDTIME: ParameterDoc = ParameterDoc::new(
    formatcp!("The second after the last one, Unix time; at most {RECORD_WINDOW_H} hours later."),
    formatcp!("结束时间，Unix 秒，不含该秒；与起始时间相距不超过 {RECORD_WINDOW_H} 小时。"),
)
.example("1464796800");

parameters! {
    /// Body of getmsglist. Integers may come as texts: EasyWeChat sends what it is given.
    /// <https://developers.weixin.qq.com/doc/service/api/customer/message/api_getmsglist>
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default)]
    pub struct GetMsgList in Body {
        #[schemars(with = "i64")]
        starttime: Value, required, STARTTIME;
        #[schemars(with = "i64")]
        endtime: Value, required, ENDTIME;
        #[schemars(with = "i64")]
        msgid: Value, required, ParameterDoc::new(
            "The first number: 1, then the msgid of the answer before.",
            "起始消息 id：首次传 1，之后传上次返回的 msgid。",
        )
        .example("1");
        #[schemars(with = "i64")]
        number: Value, required, ParameterDoc::new(
            formatcp!("How many records at most, 1 to {RECORDS_MAX}."),
            formatcp!("每次最多返回的条数，1 到 {RECORDS_MAX}。"),
        )
        .example(formatcp!("{RECORDS_MAX}"));
    }
}

/// A time window, with its start and without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordWindow {
    /// The start, Unix seconds.
    pub from_s: i64,
    /// The end, Unix seconds; not in the window.
    pub until_s: i64,
}

/// A checked query of getmsglist.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordsByNumber {
    /// The time window.
    pub window: RecordWindow,
    /// The first number.
    pub msgid: i64,
    /// How many records at most.
    pub number: i64,
}

parameters! {
    /// Body of getrecord.
    /// <https://github.com/JeffreySu/WeiXinMPSDK>, `RecordJson.cs` and `CustomServiceApi.cs`
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default)]
    pub struct GetRecord in Body {
        #[schemars(with = "i64")]
        starttime: Value, required, STARTTIME;
        #[schemars(with = "i64")]
        endtime: Value, required, ENDTIME;
        #[schemars(with = "i64")]
        pageindex: Value, required, ParameterDoc::new("The page, from 1.", "页码，从 1 开始。").example("1");
        #[schemars(with = "i64")]
        pagesize: Value, required, ParameterDoc::new(
            formatcp!("Records of a page, 1 to {RECORD_PAGE_MAX}."),
            formatcp!("每页条数，1 到 {RECORD_PAGE_MAX}。"),
        )
        .example("50");
        #[schemars(with = "Option<String>")]
        openid: Value, optional, OPENID;
    }
}

/// A checked query of getrecord.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordsByPage {
    /// The time window, within one day.
    pub window: RecordWindow,
    /// The page, from 1.
    pub index: i64,
    /// Records of a page.
    pub size: i64,
    /// The only customer asked for, empty for all.
    pub openid: String,
}

impl GetMsgList {
    /// The checked query.
    ///
    /// # Errors
    /// 65416, then 65417 for more than 24 hours.
    pub fn ask(&self) -> Result<RecordsByNumber, Errcode> {
        let (msgid, number) = (whole(&self.msgid)?, whole(&self.number)?);
        let window = window(&self.starttime, &self.endtime)?;
        if msgid < 0 || !(1..=RECORDS_MAX).contains(&number) {
            return Err(Errcode::RecordParameter);
        }
        if window.until_s - window.from_s > RECORD_WINDOW_S {
            return Err(Errcode::RecordWindow);
        }
        Ok(RecordsByNumber { window, msgid, number })
    }
}

impl GetRecord {
    /// The checked query.
    ///
    /// # Errors
    /// 65416, then 65417 for more than one calendar day.
    pub fn ask(&self) -> Result<RecordsByPage, Errcode> {
        let (index, size) = (whole(&self.pageindex)?, whole(&self.pagesize)?);
        let window = window(&self.starttime, &self.endtime)?;
        let openid = match &self.openid {
            Value::Null => String::new(),
            Value::String(openid) => openid.clone(),
            _ => return Err(Errcode::RecordParameter),
        };
        if index < 1 || !(1..=RECORD_PAGE_MAX).contains(&size) {
            return Err(Errcode::RecordParameter);
        }
        if day(window.from_s) != day((window.until_s - 1).max(window.from_s)) {
            return Err(Errcode::RecordWindow);
        }
        Ok(RecordsByPage { window, index, size, openid })
    }
}

/// The calendar day, in Beijing, of a Unix second.
fn day(second: i64) -> i64 {
    (second + limits::PLATFORM_OFFSET_S).div_euclid(RECORD_WINDOW_S)
}

fn window(from: &Value, until: &Value) -> Result<RecordWindow, Errcode> {
    let (from_s, until_s) = (whole(from)?, whole(until)?);
    // Ten digits: milliseconds are refused, instead of answered with an empty list.
    let is_sound = 0 <= from_s && from_s <= until_s && until_s < 10_000_000_000;
    if is_sound { Ok(RecordWindow { from_s, until_s }) } else { Err(Errcode::RecordParameter) }
}

fn whole(value: &Value) -> Result<i64, Errcode> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .ok_or(Errcode::RecordParameter)
}

/// Answer of getmsglist.
#[derive(Debug, JsonSchema, Serialize)]
pub struct MsgList {
    /// In order of their numbers; never absent.
    pub recordlist: Vec<Record>,
    /// The number of records.
    pub number: i64,
    /// The `msgid` of the next request: one more than the last number; 0 without records.
    pub msgid: i64,
}

/// Answer of getrecord.
#[derive(Debug, JsonSchema, Serialize)]
pub struct RecordList {
    /// 0.
    pub errcode: i64,
    /// `ok`.
    pub errmsg: &'static str,
    /// 0: what the first answers of getrecord had instead of `errcode`, and Senparc's SDK still reads.
    pub retcode: i64,
    /// Oldest first; never absent.
    pub recordlist: Vec<Record>,
}

/// One event of an agent's work.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Record {
    /// The customer.
    pub openid: String,
    /// See [`Opercode`].
    pub opercode: i64,
    /// The text of a message; `[image]`, `[voice]` or `[video]` for other messages; empty for other events.
    pub text: String,
    /// The time, Unix seconds.
    pub time: i64,
    /// The agent; empty without one.
    pub worker: String,
}

/// The text of a record for a message of this kind. A short video is a video.
#[must_use]
pub fn text_of(kind: &str, text: String) -> String {
    match kind {
        "text" => text,
        "shortvideo" => "[video]".to_owned(),
        kind => format!("[{kind}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::{GetMsgList, GetRecord, RecordWindow, RecordsByNumber, RecordsByPage, text_of};
    use crate::Errcode;
    use serde_json::{Value, json};

    /// 2016-06-01 00:00:00 in Beijing.
    const DAY: i64 = 1_464_710_400;

    fn list(change: impl FnOnce(&mut Value)) -> Result<RecordsByNumber, Errcode> {
        let mut body = json!({"starttime": DAY, "endtime": DAY + 86_400, "msgid": 1, "number": 10_000});
        change(&mut body);
        serde_json::from_value::<GetMsgList>(body).expect("any object").ask()
    }

    fn record(change: impl FnOnce(&mut Value)) -> Result<RecordsByPage, Errcode> {
        let mut body = json!({"starttime": DAY, "endtime": DAY + 86_400, "pageindex": 1, "pagesize": 1000});
        change(&mut body);
        serde_json::from_value::<GetRecord>(body).expect("any object").ask()
    }

    #[test]
    fn a_day_is_asked_for_with_numbers_or_with_texts() {
        let window = RecordWindow { from_s: DAY, until_s: DAY + 86_400 };
        assert_eq!(list(|_| ()), Ok(RecordsByNumber { window, msgid: 1, number: 10_000 }));
        let texts = |body: &mut Value| {
            for name in ["starttime", "endtime", "msgid", "number"] {
                body[name] = body[name].to_string().into();
            }
        };
        assert_eq!(list(texts), Ok(RecordsByNumber { window, msgid: 1, number: 10_000 }));
        let openid = String::new();
        assert_eq!(record(|_| ()), Ok(RecordsByPage { window, index: 1, size: 1000, openid }));
    }

    #[test]
    fn what_is_no_sound_query_is_65416_and_one_that_is_too_long_65417() {
        for name in ["starttime", "endtime", "msgid", "number"] {
            for wrong in [Value::Null, json!("x"), json!(""), json!(1.5), json!([1]), json!(-1), json!(1e300)]
            {
                assert_eq!(
                    list(|body| body[name] = wrong.clone()),
                    Err(Errcode::RecordParameter),
                    "{name} {wrong}"
                );
            }
        }
        for (name, wrong) in [
            ("number", json!(0)),
            ("number", json!(10_001)),
            ("endtime", json!(DAY - 1)),
            ("endtime", json!(DAY * 1000)),
        ] {
            assert_eq!(
                list(|body| body[name] = wrong.clone()),
                Err(Errcode::RecordParameter),
                "{name} {wrong}"
            );
        }
        assert_eq!(list(|body| body["endtime"] = (DAY + 86_401).into()), Err(Errcode::RecordWindow));
        assert!(list(|body| body["endtime"] = DAY.into()).is_ok(), "nothing is in it");
    }

    #[test]
    fn the_old_query_stays_within_a_day_of_the_platforms() {
        let window = |from: i64, until: i64| {
            record(|body| {
                body["starttime"] = from.into();
                body["endtime"] = until.into();
            })
            .map(|_| ())
        };
        assert_eq!(window(DAY - 1, DAY), Ok(()));
        assert_eq!(window(DAY - 1, DAY + 1), Err(Errcode::RecordWindow));
        assert_eq!(window(DAY + 1, DAY + 86_401), Err(Errcode::RecordWindow));
        assert_eq!(window(DAY, DAY), Ok(()));
        for (name, wrong) in
            [("pageindex", json!(0)), ("pagesize", json!(0)), ("pagesize", json!(1001)), ("openid", json!(1))]
        {
            assert_eq!(
                record(|body| body[name] = wrong.clone()),
                Err(Errcode::RecordParameter),
                "{name} {wrong}"
            );
        }
        assert_eq!(record(|body| body["openid"] = "o1".into()).map(|ask| ask.openid), Ok("o1".to_owned()));
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(text_of("text", "[image]".into()), "[image]");
        assert_eq!(text_of("voice", String::new()), "[voice]");
        assert_eq!(text_of("shortvideo", String::new()), "[video]");
        assert_eq!(text_of("location", "[location] 桥".into()), "[location]");
    }
}
