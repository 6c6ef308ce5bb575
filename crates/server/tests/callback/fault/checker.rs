//! A checker over what a developer's server received: nothing is lost, the order of each customer is kept, and a push
//! is repeated only as it was.

use crate::callback::receiver::Received;
use serde_json::Value;
use std::collections::HashMap;

/// What customers said: for each openid the numbers of the messages, in order.
#[derive(Clone, Default)]
pub struct Said(HashMap<String, Vec<String>>);

impl Said {
    /// Notes a message that the desk has accepted.
    pub fn note(&mut self, message: &Value) {
        let openid = message["openid"].as_str().unwrap().to_owned();
        self.0.entry(openid).or_default().push(message["id"].to_string());
    }

    /// Compares what was said with the messages that were received.
    pub fn check(&self, received: &[Received]) -> Result<(), String> {
        let mut bodies = HashMap::<String, &str>::new();
        let mut reached = HashMap::<&str, usize>::new();
        for push in received.iter().filter(|push| push.element("MsgType") != "event") {
            let (openid, id) = (push.element("FromUserName"), push.element("MsgId"));
            let (openid, said) = self.0.get_key_value(&openid).ok_or(format!("{openid} said nothing"))?;
            let at = said.iter().position(|known| *known == id).ok_or(format!("{id} was not said"))?;
            let next = reached.entry(openid).or_default();
            match at {
                at if at == *next => *next += 1,
                at if at + 1 == *next => {}
                at if at < *next => return Err(format!("{id} was repeated after the next one")),
                _ => return Err(format!("{} of {openid} was passed over", said[*next])),
            }
            if *bodies.entry(id.clone()).or_insert(&push.body) != push.body {
                return Err(format!("{id} was repeated with another body"));
            }
        }
        for (openid, said) in &self.0 {
            let number = reached.get(openid.as_str()).copied().unwrap_or(0);
            if let Some(lost) = said.get(number) {
                return Err(format!("{lost} of {openid} was lost"));
            }
        }
        Ok(())
    }
}

fn push(openid: &str, id: i64, text: &str) -> Received {
    let body = format!(
        "<xml><FromUserName><![CDATA[{openid}]]></FromUserName><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[{text}]]></Content><MsgId>{id}</MsgId></xml>"
    );
    Received { query: HashMap::new(), body }
}

/// Two customers, one message repeated, and an event.
fn record() -> (Said, Vec<Received>) {
    let mut said = Said::default();
    for (openid, id) in [("o1", 1), ("o2", 2), ("o1", 3), ("o1", 4), ("o2", 5)] {
        said.note(&serde_json::json!({"openid": openid, "id": id}));
    }
    let mut event = push("o1", 9, "");
    event.body = event.body.replace("[text]", "[event]");
    let received = vec![
        push("o1", 1, "a"),
        push("o2", 2, "b"),
        push("o1", 3, "c"),
        push("o1", 3, "c"),
        event,
        push("o2", 5, "e"),
        push("o1", 4, "d"),
    ];
    (said, received)
}

#[test]
fn a_record_without_fault_is_accepted() {
    let (said, received) = record();
    assert_eq!(said.check(&received), Ok(()));
    assert_eq!(Said::default().check(&[]), Ok(()));
}

#[test]
fn doctored_records_are_rejected() {
    type Doctor = fn(&mut Vec<Received>);
    let doctors: [(&str, Doctor); 9] = [
        ("lost", |record| drop(record.pop())),
        ("lost", Vec::clear),
        ("passed over", |record| drop(record.remove(0))),
        ("passed over", |record| record.swap(0, 2)),
        ("repeated after", |record| record.push(push("o1", 1, "a"))),
        ("another body", |record| record[3] = push("o1", 3, "C")),
        ("was not said", |record| record[3] = push("o1", 33, "c")),
        ("was not said", |record| record.push(push("o2", 1, "a"))),
        ("said nothing", |record| record.push(push("o3", 1, "a"))),
    ];
    for (expected, doctor) in doctors {
        let (said, mut received) = record();
        doctor(&mut received);
        let found = said.check(&received).expect_err(expected);
        assert!(found.contains(expected), "{found}, expected {expected}");
    }
}
