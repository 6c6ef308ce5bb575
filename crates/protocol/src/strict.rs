//! Reads a JSON body as strictly as the platform does, with any Content-Type.

use crate::errcode::Errcode;
use crate::limits::NESTING_MAX;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// Reads `bytes` as one JSON object of type `T`.
///
/// # Errors
/// `EmptyPostData` for an empty body. `DataFormat` if the body is not UTF-8, is not one JSON object, is nested too
/// deeply, has a member twice or a NUL, or if a member of `T` is missing or has another type.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Errcode> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Errcode::EmptyPostData);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Errcode::DataFormat)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('{') {
        return Err(Errcode::DataFormat);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    json.disable_recursion_limit();
    Sound { depth: 0 }.deserialize(&mut json).and_then(|()| json.end()).map_err(|_| Errcode::DataFormat)?;
    serde_json::from_str(text).map_err(|_| Errcode::DataFormat)
}

/// Walks a value and refuses deep nesting, a member twice, and a NUL.
#[derive(Clone, Copy)]
struct Sound {
    depth: usize,
}

impl Sound {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == NESTING_MAX {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Sound { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Sound {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

fn no_nul<E: serde::de::Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') { Err(E::custom("NUL in text")) } else { Ok(()) }
}

impl<'de> Visitor<'de> for Sound {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        no_nul(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            no_nul(&name)?;
            if !seen.insert(name) {
                return Err(serde::de::Error::custom("a member stands twice"));
            }
            members.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::object;
    use crate::errcode::Errcode;
    use crate::kfaccount::AddKfAccount;

    fn refusal(body: &[u8]) -> Errcode {
        object::<AddKfAccount>(body).expect_err("must be refused")
    }

    #[test]
    fn an_empty_body_is_not_a_malformed_one() {
        assert_eq!(refusal(b""), Errcode::EmptyPostData);
        assert_eq!(refusal(b" \r\n"), Errcode::EmptyPostData);
    }

    #[test]
    fn anything_but_one_sound_object_is_malformed() {
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let bodies: [&[u8]; 10] = [
            b"[]",
            b"\"x\"",
            b"{",
            b"{} {}",
            b"\xff{}",
            b"kf_account=a",
            br#"{"kf_account":"a","kf_account":"b","nickname":"n"}"#,
            br#"{"kf_account":"a","nickname":"n","x":{"y":1,"y":2}}"#,
            br#"{"kf_account":"a","nickname":"n\u0000"}"#,
            br#"{"kf_account":1,"nickname":"n"}"#,
        ];
        for body in bodies.into_iter().chain([deep.as_bytes()]) {
            assert_eq!(refusal(body), Errcode::DataFormat, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn nesting_ends_at_128_levels() {
        let body = |levels: usize| {
            let inner = levels - 1;
            format!("{{\"nickname\":\"n\",\"x\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
        };
        assert!(object::<AddKfAccount>(body(128).as_bytes()).is_ok());
        assert_eq!(refusal(body(129).as_bytes()), Errcode::DataFormat);
    }

    #[test]
    fn unknown_members_escapes_and_white_space_are_taken() {
        let add: AddKfAccount =
            object(" {\"kf_account\":\"a@b\",\n\"nickname\":\"\\u5ba2服\",\"password\":null}\n".as_bytes())
                .expect("a sound body");
        assert_eq!(add.nickname.as_deref(), Some("客服"));
    }
}
