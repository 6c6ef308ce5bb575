//! Wire types of getAccessToken and getStableAccessToken.

use crate::limits::{FORCE_REFRESH_GAP_S, FORCE_REFRESH_PER_DAY};
use crate::parameter::{APPID, GRANT_TYPE, ParameterDoc, SECRET, parameters};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

parameters! {
    /// Query of getAccessToken. Each missing parameter has a code of its own, so all are optional here.
    /// <https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken>
    #[derive(Debug, Default)]
    pub struct GetAccessToken in Query {
        pub grant_type: Option<String>, required, GRANT_TYPE;
        pub appid: Option<String>, required, APPID;
        pub secret: Option<String>, required, SECRET;
    }
}

parameters! {
    /// Body of getStableAccessToken. Each missing parameter has a code of its own, so all are optional here.
    /// <https://developers.weixin.qq.com/doc/service/en/api/base/api_getstableaccesstoken>
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    pub struct GetStableAccessToken in Body {
        pub grant_type: Option<String>, required, GRANT_TYPE;
        pub appid: Option<String>, required, APPID;
        pub secret: Option<String>, required, SECRET;
        #[serde(default)]
        pub force_refresh: bool, optional, ParameterDoc::new(
            formatcp!(
                "Replace the token now: {FORCE_REFRESH_PER_DAY} times a day, {FORCE_REFRESH_GAP_S} seconds apart."
            ),
            formatcp!("立即换新；每天最多 {FORCE_REFRESH_PER_DAY} 次，间隔至少 {FORCE_REFRESH_GAP_S} 秒。"),
        )
        .example("false");
    }
}

/// Answer of both: a token.
/// <https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken>
#[derive(Debug, JsonSchema, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AccessToken {
    /// The token: `[A-Za-z0-9_-]`, `TOKEN_MAX` characters at most.
    pub access_token: String,
    /// The seconds that the token has left, `TOKEN_LIFE_S` at most.
    pub expires_in: i64,
}
