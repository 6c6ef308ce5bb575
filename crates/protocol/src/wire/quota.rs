//! Quotas on the wire: how often an endpoint may be called, and the endpoints that tell and clear that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits;

/// How often an account may call an endpoint; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Calls in a day, which begins at midnight in Beijing; one more is refused with 45009.
    pub daily: u32,
    /// Calls in a full minute; one more is refused with 45011.
    pub per_minute: u32,
}

impl Quota {
    /// Where no page names a number.
    pub const GENEROUS: Quota = Quota { daily: limits::CALLS_PER_DAY, per_minute: limits::CALLS_PER_MINUTE };
}

/// Body of clearQuota.
/// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_clearquota>
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ClearQuota {
    /// The account whose calls are forgotten: the token's own.
    pub appid: String,
}

/// Body of clearQuotaByAppSecret, and of the platform's form of it; the same names may stand in the query.
/// Every member is checked by name, so each is optional here.
/// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_clearquotabyappsecret>
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct ClearQuotaBySecret {
    /// The account.
    pub appid: Option<String>,
    /// The platform, where one asks.
    pub component_appid: Option<String>,
    /// The secret of whoever asks.
    pub appsecret: Option<String>,
}

/// Body of getApiQuota and clearApiQuota.
/// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getapiquota>
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CgiPath {
    /// The endpoint's path, with its first slash and without the host.
    pub cgi_path: String,
}

/// Answer of getApiQuota.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApiQuota {
    errcode: i64,
    errmsg: &'static str,
    quota: DailyQuota,
    rate_limit: RateLimit,
    component_rate_limit: RateLimit,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DailyQuota {
    daily_limit: u32,
    used: u32,
    remain: u32,
}

/// Calls in a stretch of time.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct RateLimit {
    call_count: u32,
    refresh_second: u32,
}

impl ApiQuota {
    /// What is left of `quota` when so many calls were counted today. The account's own calls and a
    /// platform's for it have a minute limit each, of the same size.
    #[must_use]
    pub fn of(quota: Quota, used: u32) -> Self {
        let rate = RateLimit { call_count: quota.per_minute, refresh_second: 60 };
        let remain = quota.daily.saturating_sub(used);
        ApiQuota {
            errcode: 0,
            errmsg: "ok",
            quota: DailyQuota { daily_limit: quota.daily, used, remain },
            rate_limit: rate,
            component_rate_limit: rate,
        }
    }
}
