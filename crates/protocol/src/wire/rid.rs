//! Request ids, and the wire types of getRidInfo.

use crate::parameter::{ParameterDoc, parameters};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

parameters! {
    /// Body of getRidInfo.
    /// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getridinfo>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct GetRidInfo in Body {
        pub rid: String, required, ParameterDoc::new(
            "The request id at the end of a refusal's errmsg.",
            "接口报错 errmsg 末尾的 rid。",
        )
        .example(r#""61725984-6126f6f9-040f19c4""#)
        .matching("^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$");
    }
}

/// Answer of getRidInfo.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RidInfo {
    errcode: i64,
    errmsg: &'static str,
    request: RefusedCall,
}

/// A call that was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedCall {
    /// When the call arrived, Unix seconds.
    pub invoke_time: i64,
    /// How long it took, in milliseconds.
    pub cost_in_ms: i64,
    /// Its query, without secrets.
    pub request_url: String,
    /// Its body, without secrets.
    pub request_body: String,
    /// The answer.
    pub response_body: String,
    /// The caller's address.
    pub client_ip: String,
}

impl RidInfo {
    /// The answer about a call.
    #[must_use]
    pub fn of(request: RefusedCall) -> Self {
        RidInfo { errcode: 0, errmsg: "ok", request }
    }
}

/// Whether a text has the form of a request id: three groups of eight hexadecimal digits.
#[must_use]
pub fn is_rid(text: &str) -> bool {
    let is_group = |group: &str| {
        group.len() == 8 && group.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    text.split('-').count() == 3 && text.split('-').all(is_group)
}

/// When the call with this request id arrived, Unix seconds: the first group of the id.
#[must_use]
pub fn second_of(rid: &str) -> Option<i64> {
    i64::from_str_radix(rid.split('-').next()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{is_rid, second_of};

    #[test]
    fn a_request_id_has_three_groups_of_eight_hexadecimal_digits() {
        assert!(is_rid("61725984-6126f6f9-040f19c4"));
        assert_eq!(second_of("61725984-6126f6f9-040f19c4"), Some(1_634_883_972));
        for odd in [
            "",
            "61725984-6126f6f9",
            "61725984-6126f6f9-040f19c4-",
            "6172598-46126f6f9-040f19c4",
            "61725984-6126F6F9-040f19c4",
        ] {
            assert!(!is_rid(odd), "{odd}");
        }
    }
}
