//! Quotas, and the wire types of the endpoints that read and clear them.

use crate::limits;
use crate::parameter::{APPID, APPID_PATTERN, APPSECRET, ParameterDoc, parameters};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often an account may call an endpoint; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Calls in a day, which begins at midnight in Beijing; one more is refused with 45009.
    pub daily: u32,
    /// Calls in a full minute; one more is refused with 45011.
    pub per_minute: u32,
}

impl Quota {
    /// The quota of an endpoint whose page has no number.
    pub const GENEROUS: Quota = Quota { daily: limits::CALLS_PER_DAY, per_minute: limits::CALLS_PER_MINUTE };
}

parameters! {
    /// Body of clearQuota.
    /// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_clearquota>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct ClearQuota in Body {
        pub appid: String, required, APPID;
    }
}

parameters! {
    /// Parameters of clearQuotaByAppSecret. Each missing parameter has a code of its own, so all are optional here.
    /// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_clearquotabyappsecret>
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    pub struct ClearQuotaByAppSecret in QueryOrBody {
        pub appid: Option<String>, required, APPID;
        pub appsecret: Option<String>, required, APPSECRET;
    }
}

parameters! {
    /// Parameters of clearComponentQuotaByAppSecret. Each missing parameter has a code of its own, so all are optional
    /// here.
    /// <https://developers.weixin.qq.com/doc/oplatform/en/openApi/OpenApiDoc/openapi/clearComponentQuotaByAppSecret.html>
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    pub struct ClearComponentQuotaByAppSecret in QueryOrBody {
        pub appid: Option<String>, required, APPID;
        pub component_appid: Option<String>, required, ParameterDoc::new("The platform's id.", "第三方平台的 appid。")
            .example(r#""wx00123456789abcde""#)
            .matching(APPID_PATTERN);
        pub appsecret: Option<String>, required, APPSECRET;
    }
}

parameters! {
    /// Body of getApiQuota and clearApiQuota.
    /// <https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getapiquota>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct CgiPath in Body {
        pub cgi_path: String, required, ParameterDoc::new(
            "An endpoint's path, with its first slash and without the host.",
            "接口路径，以斜杠开头，不含域名。",
        )
        .example(r#""/cgi-bin/message/custom/send""#)
        .matching("^/");
    }
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

/// A limit of calls in a time.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct RateLimit {
    call_count: u32,
    refresh_second: u32,
}

impl ApiQuota {
    /// What is left of `quota` after `used` calls today. The account's own calls and a platform's calls for the account
    /// have a minute limit each, of the same size.
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
