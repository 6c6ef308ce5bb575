//! Tokens on the wire: getAccessToken and getStableAccessToken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a caller presents: as the query of getAccessToken, as the body of getStableAccessToken.
/// Every member is checked by name, so each is optional here.
/// <https://developers.weixin.qq.com/doc/service/en/api/base/api_getstableaccesstoken>
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct AccountSecret {
    /// Must be `client_credential`.
    pub grant_type: Option<String>,
    /// The account.
    pub appid: Option<String>,
    /// Its secret.
    pub secret: Option<String>,
    /// Whether a stable token is to be replaced now.
    #[serde(default)]
    pub force_refresh: bool,
}

/// A token: what both answer.
/// <https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken>
#[derive(Debug, JsonSchema, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AccessToken {
    /// The token, at most 512 of `[A-Za-z0-9_-]`.
    pub access_token: String,
    /// Seconds it has left, at most 7200.
    pub expires_in: i64,
}
