//! Wire types of the endpoints about agents.

use crate::business::BusinessId;
use crate::limits::WECHAT_ID_MAX;
use crate::parameter::{BUSINESS_ID, KF_ACCOUNT, NICKNAME, OPENID_PATTERN, ParameterDoc, parameters};
use crate::{AccountKind, Errcode};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

parameters! {
    /// Body of addkfaccount. `kf_account` and `nickname` are required, except for the retired form `{"kf_wx": …}` of
    /// Mini Programs; other retired members are ignored.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_addkfaccount>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct AddKfAccount in Body {
        pub kf_account: Option<String>, required, KF_ACCOUNT;
        pub nickname: Option<String>, required, NICKNAME;
        #[schemars(with = "Option<String>")]
        pub business_id: Option<BusinessId>, optional, BUSINESS_ID;
        pub kf_wx: Option<String>, optional, ParameterDoc::new(
            "Retired form of Mini Programs, without kf_account: the person to add.",
            "小程序旧格式，不带 kf_account：要添加的微信号。",
        )
        .example(r#""kf_demo""#);
    }
}

/// What a body of addkfaccount asks for.
#[derive(Debug)]
pub enum NewAgent {
    /// An agent.
    Agent {
        /// The agent's whole id.
        kf_account: String,
        /// The name customers see.
        nickname: String,
    },
    /// An agent for the person with this WeChat id, who is invited.
    Person(String),
}

impl AddKfAccount {
    /// The agent that the body asks for.
    ///
    /// # Errors
    /// `DataFormat` if a required member is missing.
    pub fn form(self, kind: AccountKind) -> Result<NewAgent, Errcode> {
        match (self.kf_account, self.nickname, self.kf_wx) {
            (Some(kf_account), Some(nickname), _) => Ok(NewAgent::Agent { kf_account, nickname }),
            (None, _, Some(kf_wx)) if kind == AccountKind::MiniProgram => Ok(NewAgent::Person(kf_wx)),
            _ => Err(Errcode::DataFormat),
        }
    }
}

parameters! {
    /// Body of updatekfaccount.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_updatekfaccount>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct UpdateKfAccount in Body {
        pub kf_account: String, required, KF_ACCOUNT;
        pub nickname: String, required, NICKNAME;
    }
}

parameters! {
    /// Parameters of delkfaccount. The page has them in the body, the page before it had the agent in the query.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_delkfaccount>
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    pub struct DelKfAccount in QueryOrBody {
        pub kf_account: Option<String>, required, KF_ACCOUNT;
        #[schemars(with = "Option<String>")]
        pub business_id: Option<BusinessId>, optional, BUSINESS_ID;
    }
}

parameters! {
    /// Body of invitekfworker.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_invitekfworker>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct InviteKfWorker in Body {
        pub kf_account: String, required, KF_ACCOUNT;
        pub invite_wx: String, required, ParameterDoc::new(
            formatcp!(
                "The WeChat id to invite, 1 to {WECHAT_ID_MAX} letters, digits, _ or -: a worker's name here."
            ),
            formatcp!("受邀的微信号，1 到 {WECHAT_ID_MAX} 个字母、数字、下划线或减号，即本系统中客服人员的登录名。"),
        )
        .example(r#""kf_demo""#)
        .matching(formatcp!("^[A-Za-z0-9_-]{{1,{WECHAT_ID_MAX}}}$"));
    }
}

parameters! {
    /// Parameters of uploadkfheadimg beside the picture.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_uploadkfheadimg>
    #[derive(Debug)]
    pub struct UploadKfHeadimg in QueryOrForm {
        pub kf_account: Option<String>, required, KF_ACCOUNT;
    }
}

parameters! {
    /// Query of getkflist and getonlinekflist.
    /// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_getkflist>
    #[derive(Debug)]
    pub struct GetKfList in Query {
        pub business_id: Option<BusinessId>, optional, BUSINESS_ID;
    }
}

parameters! {
    /// Parameters of setkfadmin and cancelkfadmin. Their pages have them in the query. Some SDKs send `kf_account`, or
    /// `kfaccount`, instead of `kf_openid`.
    /// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_setkfadmin>
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    pub struct SetKfAdmin in QueryOrBody {
        pub kf_openid: Option<String>, required, ParameterDoc::new(
            "The worker's openid, as the lists of agents show it.",
            "客服人员的 openid，见客服列表。",
        )
        .example(r#""o000000000000000000000000000""#)
        .matching(OPENID_PATTERN);
        #[serde(alias = "kfaccount")]
        pub kf_account: Option<String>, optional, KF_ACCOUNT;
        #[schemars(with = "Option<String>")]
        pub business_id: Option<BusinessId>, optional, BUSINESS_ID;
    }
}

/// The agent that a call names.
#[derive(Debug, PartialEq, Eq)]
pub enum NamedAgent {
    /// The agent with this openid.
    Openid(String),
    /// The agent with this id.
    KfAccount(String),
}

impl SetKfAdmin {
    /// Whether the call names no agent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kf_openid.is_none() && self.kf_account.is_none()
    }

    /// The agent that the call names: by openid, else by id.
    ///
    /// # Errors
    /// 40003 without either.
    pub fn named(self) -> Result<NamedAgent, Errcode> {
        match (self.kf_openid, self.kf_account) {
            (Some(openid), _) => Ok(NamedAgent::Openid(openid)),
            (None, Some(kf_account)) => Ok(NamedAgent::KfAccount(kf_account)),
            (None, None) => Err(Errcode::InvalidOpenid),
        }
    }
}

/// Answer of getkflist.
/// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_getkflist>
#[derive(Debug, JsonSchema, Serialize)]
pub struct KfList {
    /// All agents; an empty list without agents, never absent.
    pub kf_list: Vec<Kf>,
}

/// One agent in [`KfList`].
#[derive(Debug, JsonSchema, Serialize)]
pub struct Kf {
    /// The agent's whole id.
    pub kf_account: String,
    /// The avatar's address, empty without one.
    pub kf_headimgurl: String,
    /// The agent's number.
    pub kf_id: KfId,
    /// The name customers see.
    pub kf_nick: String,
    /// The worker, the invited person, or neither.
    #[serde(flatten)]
    pub person: Person,
}

/// An agent's number, from `KF_ID_FIRST`. Weixin's pages say number here and string there, real answers have numbers,
/// and some clients can read only one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum KfId {
    /// As in real answers.
    Number(i64),
    /// As on the page of getkflist.
    Text(String),
}

impl KfId {
    /// The number in one of its forms.
    #[must_use]
    pub fn new(kf_id: i64, as_string: bool) -> Self {
        if as_string { KfId::Text(kf_id.to_string()) } else { KfId::Number(kf_id) }
    }
}

/// The person behind an agent. An entry has exactly one of `kf_wx` and `invite_wx`: a client that reads both into one
/// required member (the crate wx-sdk) fails on two and on none.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Person {
    /// The worker who is the agent.
    Bound {
        /// The worker's WeChat id.
        kf_wx: String,
        /// The worker's openid in this account.
        kf_openid: String,
    },
    /// The last person invited, while the agent has no worker.
    Invited {
        /// The WeChat id that was invited.
        invite_wx: String,
        /// When the invitation ends, Unix seconds.
        invite_expire_time: i64,
        /// `waiting`, `rejected` or `expired`.
        invite_status: &'static str,
    },
    /// No person was invited yet.
    Nobody {
        /// Always empty.
        kf_wx: &'static str,
    },
}

/// Answer of getonlinekflist.
/// <https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_getonlinekflist>
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct KfOnlineList {
    /// The agents who are logged in; an empty list without such agents, never absent.
    pub kf_online_list: Vec<KfOnline>,
}

/// One agent in [`KfOnlineList`].
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct KfOnline {
    /// The agent's whole id.
    pub kf_account: String,
    /// 1 online, 0 logged in but away.
    pub status: i64,
    /// The agent's number.
    pub kf_id: KfId,
    /// How many sessions the agent gets automatically: a retired member, for accounts whose programs need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_accept: Option<i64>,
    /// The number of the agent's open sessions.
    pub accepted_case: i64,
    /// The worker's openid in this account.
    pub kf_openid: String,
}

#[cfg(test)]
mod tests {
    use super::{AddKfAccount, NewAgent};
    use crate::{AccountKind, Errcode};

    #[test]
    fn only_a_mini_program_may_name_a_person_instead_of_an_agent() {
        let body = |kf_account: Option<&str>, nickname: Option<&str>, kf_wx: Option<&str>| {
            let own = |text: &str| text.to_owned();
            AddKfAccount {
                kf_account: kf_account.map(own),
                nickname: nickname.map(own),
                business_id: None,
                kf_wx: kf_wx.map(own),
            }
        };
        let (agent, name, person) = (Some("a@shop"), Some("Ann"), Some("ann_wx"));
        assert!(matches!(
            body(agent, name, person).form(AccountKind::Service),
            Ok(NewAgent::Agent { kf_account, .. }) if kf_account == "a@shop"
        ));
        assert!(matches!(
            body(None, None, person).form(AccountKind::MiniProgram),
            Ok(NewAgent::Person(who)) if who == "ann_wx"
        ));
        for (form, kind) in [
            (body(None, None, person), AccountKind::Service),
            (body(None, None, person), AccountKind::MiniGame),
            (body(agent, None, person), AccountKind::MiniProgram),
            (body(None, name, None), AccountKind::MiniProgram),
        ] {
            assert!(matches!(form.form(kind), Err(Errcode::DataFormat)));
        }
    }
}
