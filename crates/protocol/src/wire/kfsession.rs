//! Wire types of the endpoints about sessions.

use crate::parameter::{KF_ACCOUNT, OPENID, parameters};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

parameters! {
    /// Body of createkfsession and closesession. The retired member `text` is ignored.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_createkfsession>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct AgentAndCustomer in Body {
        pub kf_account: String, required, KF_ACCOUNT;
        pub openid: String, required, OPENID;
    }
}

parameters! {
    /// Query of getkfsession.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_getkfsession>
    #[derive(Debug)]
    pub struct GetKfSession in Query {
        pub openid: Option<String>, required, OPENID;
    }
}

parameters! {
    /// Query of getkfsessionlist.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_getkfsessionlist>
    #[derive(Debug)]
    pub struct GetKfSessionList in Query {
        pub kf_account: Option<String>, required, KF_ACCOUNT;
    }
}

/// Answer of getkfsession: the agent who serves the customer.
/// <https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_getkfsession>
#[derive(Debug, Default, JsonSchema, Serialize)]
pub struct KfSession {
    /// When the agent took the session, Unix seconds; 0 without an agent.
    pub createtime: i64,
    /// The agent; empty if no agent serves the customer.
    pub kf_account: String,
}

/// Answer of getkfsessionlist.
/// <https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_getkfsessionlist>
#[derive(Debug, JsonSchema, Serialize)]
pub struct SessionList {
    /// The agent's open sessions, oldest first; never absent.
    pub sessionlist: Vec<OpenSession>,
}

/// One session in [`SessionList`].
#[derive(Debug, JsonSchema, Serialize)]
pub struct OpenSession {
    /// When the agent took the session, Unix seconds.
    pub createtime: i64,
    /// The customer.
    pub openid: String,
}

/// Answer of getwaitcase.
/// <https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_getwaitcase>
#[derive(Debug, JsonSchema, Serialize)]
pub struct WaitCase {
    /// The number of waiting customers, which may be more than are listed.
    pub count: i64,
    /// The first waiting customers, `WAITCASE_MAX` at most, in order of arrival; never absent.
    pub waitcaselist: Vec<Waiting>,
}

/// One customer in [`WaitCase`].
#[derive(Debug, JsonSchema, Serialize)]
pub struct Waiting {
    /// When the customer last wrote, Unix seconds.
    pub latest_time: i64,
    /// The customer.
    pub openid: String,
}
