//! The members of a push, in their order, written as XML or JSON.

use super::Format;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// The value of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A text: CDATA in XML.
    Text(Cow<'a, str>),
    /// A number.
    Number(i64),
    /// An angle in millionths of a degree: written in degrees, with six decimals in XML.
    Degrees(i32),
}

/// Decimals of an angle.
const DECIMALS: usize = 6;
/// Millionths of a degree in one degree.
const MILLION: u32 = 1_000_000;

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text.into())
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text.as_str().into())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

/// A name and a value.
pub(super) type Member<'a> = (&'static str, Value<'a>);

/// Writes the members in their order, in one line.
pub(super) fn write(format: Format, members: &[Member<'_>]) -> String {
    match format {
        Format::Xml => xml(members),
        // Texts, numbers and their names always serialize.
        Format::Json => serde_json::to_string(&Object(members)).unwrap_or_default(),
    }
}

fn xml(members: &[Member<'_>]) -> String {
    let mut body = "<xml>".to_owned();
    for (name, value) in members {
        body.extend(["<", name, ">"]);
        match value {
            Value::Text(text) => body.extend(["<![CDATA[", &cdata(text), "]]>"]),
            Value::Number(number) => body.push_str(&number.to_string()),
            Value::Degrees(angle) => body.push_str(&degrees(*angle)),
        }
        body.extend(["</", name, ">"]);
    }
    body + "</xml>"
}

/// The inside of a CDATA section: characters that XML cannot hold become U+FFFD, and the end mark is divided between
/// two sections.
fn cdata(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_legal) && !text.contains("]]>") {
        return text.into();
    }
    let legal = |c: char| if is_legal(c) { c } else { char::REPLACEMENT_CHARACTER };
    text.chars().map(legal).collect::<String>().replace("]]>", "]]]]><![CDATA[>").into()
}

/// Whether XML 1.0 can hold a character.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn degrees(angle: i32) -> String {
    let sign = if angle < 0 { "-" } else { "" };
    let angle = angle.unsigned_abs();
    format!("{sign}{}.{:0DECIMALS$}", angle / MILLION, angle % MILLION)
}

struct Object<'a>(&'a [Member<'a>]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            match value {
                Value::Text(text) => object.serialize_entry(name, text)?,
                Value::Number(number) => object.serialize_entry(name, number)?,
                Value::Degrees(angle) => {
                    object.serialize_entry(name, &(f64::from(*angle) / f64::from(MILLION)))?;
                }
            }
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Member, Value, degrees, write};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn members_are_written_in_their_order() {
        let members: [Member<'_>; 4] = [
            ("ToUserName", "gh_1".into()),
            ("CreateTime", 1_482_048_670_i64.into()),
            ("Location_X", Value::Degrees(23_134_521)),
            ("Content", "a \"b\" <c> & 客\n/".into()),
        ];
        assert_eq!(
            write(Format::Xml, &members),
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1482048670</CreateTime>\
             <Location_X>23.134521</Location_X><Content><![CDATA[a \"b\" <c> & 客\n/]]></Content></xml>"
        );
        assert_eq!(
            write(Format::Json, &members),
            r#"{"ToUserName":"gh_1","CreateTime":1482048670,"Location_X":23.134521,"Content":"a \"b\" <c> & 客\n/"}"#
        );
    }

    #[test]
    fn a_text_cannot_leave_its_cdata_section() {
        let of = |text: &str| write(Format::Xml, &[("Content", text.into())]);
        assert_eq!(of("]]>"), "<xml><Content><![CDATA[]]]]><![CDATA[>]]></Content></xml>");
        assert_eq!(
            of("a\u{0}\u{8}\u{ffff}b"),
            "<xml><Content><![CDATA[a\u{fffd}\u{fffd}\u{fffd}b]]></Content></xml>"
        );
    }

    #[test]
    fn angles_keep_their_sign_and_six_decimals() {
        assert_eq!(degrees(-500_000), "-0.500000");
        assert_eq!(degrees(113_358_803), "113.358803");
        assert_eq!(degrees(0), "0.000000");
    }

    proptest! {
        #[test]
        fn an_angle_is_the_same_number_in_both_formats(angle in any::<i32>()) {
            let json = write(Format::Json, &[("X", Value::Degrees(angle))]);
            let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
            prop_assert_eq!(json["X"].as_f64(), degrees(angle).parse().ok());
        }
    }
}
