//! Wire types of the endpoints about sub-merchants.

use crate::Errcode;
use crate::limits::{
    ACCOUNT_NAME_MAX, ACCOUNT_NAME_MIN, BUSINESS_NICKNAME_MAX, BUSINESS_NICKNAME_MIN, BUSINESSES_PER_PAGE,
    CHINESE_MIN,
};
use crate::parameter::{ParameterDoc, parameters};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sub-merchant's number as programs send it: a number in the pages' samples, a text in their tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum BusinessId {
    /// As in the samples.
    Number(i64),
    /// As in the tables, and in a query.
    Text(String),
}

/// The number of the sub-merchant that a call about agents names; `None` for an empty text.
#[must_use]
pub fn business_number(id: Option<BusinessId>) -> Option<i64> {
    id.filter(|id| !id.is_empty()).map(|id| id.number())
}

impl BusinessId {
    /// The number; 0, which no sub-merchant has, for a text that is no number.
    fn number(&self) -> i64 {
        match self {
            BusinessId::Number(number) => *number,
            BusinessId::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().unwrap_or(0)
            }
            BusinessId::Text(_) => 0,
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, BusinessId::Text(text) if text.is_empty())
    }
}

impl From<String> for BusinessId {
    fn from(text: String) -> Self {
        BusinessId::Text(text)
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A sub-merchant's number.
const NUMBER: ParameterDoc = ParameterDoc::new(
    "The sub-merchant's number, as registerbusiness answered it.",
    "创建商户时得到的商户 ID。",
)
.example("1");

/// A sub-merchant's name for programs.
const ACCOUNT_NAME: ParameterDoc = ParameterDoc::new(
    formatcp!(
        "The sub-merchant's name for programs: {ACCOUNT_NAME_MIN} to {ACCOUNT_NAME_MAX} letters, digits and \
         underscores."
    ),
    formatcp!("商户账号名，{ACCOUNT_NAME_MIN} 到 {ACCOUNT_NAME_MAX} 个英文、数字或下划线，区分大小写。"),
)
.example(r#""apple_store""#)
.matching(formatcp!("^[A-Za-z0-9_]{{{ACCOUNT_NAME_MIN},{ACCOUNT_NAME_MAX}}}$"));

/// A sub-merchant's nickname. A Chinese character counts twice, which a regular expression cannot say.
const NICKNAME: ParameterDoc = ParameterDoc::new(
    formatcp!(
        "The name customers see: {BUSINESS_NICKNAME_MIN} to {BUSINESS_NICKNAME_MAX} letters, digits and Chinese \
         characters, which count twice."
    ),
    formatcp!(
        "商户昵称，由中文、英文、数字组成，{BUSINESS_NICKNAME_MIN} 到 {BUSINESS_NICKNAME_MAX} 字符，中文计 2 字符。"
    ),
)
.example(r#""苹果商店""#)
.matching(formatcp!(
    r"^[A-Za-z0-9\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{{{CHINESE_MIN},{BUSINESS_NICKNAME_MAX}}}$"
));

/// A sub-merchant's picture.
const ICON: ParameterDoc = ParameterDoc::new(
    "The picture: the media_id of an uploaded image.",
    "头像：图片类型临时素材的 media_id。",
)
.example(r#""MEDIA_ID""#)
.matching("^[A-Za-z0-9_-]*$");

parameters! {
    /// Body of registerbusiness.
    /// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-management/api_registerbusiness>
    #[derive(Clone, Debug, Deserialize, JsonSchema)]
    pub struct RegisterBusiness in Body {
        pub account_name: String, required, ACCOUNT_NAME;
        pub nickname: String, required, NICKNAME;
        pub icon_media_id: String, required, ICON;
        pub transfer_to_commkf: Option<bool>, optional, ParameterDoc::new(
            "Whether messages go to the agents of all; kept, and changes nothing here.",
            "是否将消息转发到通用客服；仅保存，不影响本系统。",
        )
        .example("true");
    }
}

/// Answer of registerbusiness.
#[derive(Debug, JsonSchema, Serialize)]
pub struct BusinessRegistered {
    errcode: i64,
    errmsg: &'static str,
    business_id: i64,
}

impl BusinessRegistered {
    /// The answer about a new sub-merchant.
    #[must_use]
    pub fn of(business_id: i64) -> Self {
        BusinessRegistered { errcode: 0, errmsg: "ok", business_id }
    }
}

parameters! {
    /// Body of updatebusiness.
    /// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-management/api_updatebusiness>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct UpdateBusiness in Body {
        #[schemars(with = "i64")]
        business_id: BusinessId, required, NUMBER;
        nickname: Option<String>, optional, NICKNAME;
        icon_media_id: Option<String>, optional, ICON;
    }
}

/// The changes to a sub-merchant; `None` leaves a value unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessChanges {
    /// The sub-merchant.
    pub business_id: i64,
    /// The name customers see.
    pub nickname: Option<String>,
    /// The picture, a temporary file.
    pub icon_media_id: Option<String>,
}

impl UpdateBusiness {
    /// The changes; an empty text changes nothing.
    #[must_use]
    pub fn changes(self) -> BusinessChanges {
        BusinessChanges {
            business_id: self.business_id.number(),
            nickname: filled(self.nickname),
            icon_media_id: filled(self.icon_media_id),
        }
    }
}

parameters! {
    /// Body of getbusiness: one of the two.
    /// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-management/api_getbusiness>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct GetBusiness in Body {
        #[schemars(with = "Option<i64>")]
        business_id: Option<BusinessId>, optional, NUMBER;
        account_name: Option<String>, optional, ACCOUNT_NAME;
    }
}

/// The sub-merchant that a call names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedBusiness {
    /// The one with this number.
    Id(i64),
    /// The one with this `account_name`.
    AccountName(String),
}

impl GetBusiness {
    /// The sub-merchant that the call names: by number, else by name.
    ///
    /// # Errors
    /// `DataFormat` without either.
    pub fn named(self) -> Result<NamedBusiness, Errcode> {
        match (self.business_id.filter(|id| !id.is_empty()), filled(self.account_name)) {
            (Some(id), _) => Ok(NamedBusiness::Id(id.number())),
            (None, Some(account_name)) => Ok(NamedBusiness::AccountName(account_name)),
            (None, None) => Err(Errcode::DataFormat),
        }
    }
}

/// One sub-merchant.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Business")]
pub struct BusinessInfo {
    /// Its number.
    pub business_id: i64,
    /// Its name for programs.
    pub account_name: String,
    /// The name customers see.
    pub nickname: String,
    /// The address of its picture.
    pub icon_url: String,
}

/// Answer of getbusiness.
#[derive(Debug, JsonSchema, Serialize)]
pub struct BusinessAnswer {
    errcode: i64,
    errmsg: &'static str,
    business_info: BusinessInfo,
}

impl BusinessAnswer {
    /// The answer about a sub-merchant.
    #[must_use]
    pub fn of(business_info: BusinessInfo) -> Self {
        BusinessAnswer { errcode: 0, errmsg: "ok", business_info }
    }
}

parameters! {
    /// Body of listbusiness.
    /// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-management/api_listbusiness>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct ListBusiness in Body {
        #[schemars(range(min = 0))]
        offset: i64, required, ParameterDoc::new("How many to skip, from 0.", "跳过的条数，从 0 开始。").example("0");
        #[schemars(range(min = 1, max = BUSINESSES_PER_PAGE))]
        count: i64, required, ParameterDoc::new(
            formatcp!("How many at most, 1 to {BUSINESSES_PER_PAGE}."),
            formatcp!("一次拉取的商户个数，1 到 {BUSINESSES_PER_PAGE}。"),
        )
        .example("100");
    }
}

/// A page of sub-merchants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusinessPage {
    /// How many to skip.
    pub offset: i64,
    /// How many at most.
    pub count: i64,
}

impl ListBusiness {
    /// The page that the call asks for. A count above `BUSINESSES_PER_PAGE` is refused: a client takes a shorter answer
    /// for the end of the list.
    ///
    /// # Errors
    /// `DataFormat`.
    pub fn page(&self) -> Result<BusinessPage, Errcode> {
        let ListBusiness { offset, count } = *self;
        let is_page = offset >= 0 && (1..=BUSINESSES_PER_PAGE).contains(&count);
        if is_page { Ok(BusinessPage { offset, count }) } else { Err(Errcode::DataFormat) }
    }
}

/// Answer of listbusiness.
#[derive(Debug, JsonSchema, Serialize)]
pub struct BusinessList {
    errcode: i64,
    errmsg: &'static str,
    list: Vec<BusinessInfo>,
}

impl BusinessList {
    /// The answer with these.
    #[must_use]
    pub fn of(list: Vec<BusinessInfo>) -> Self {
        BusinessList { errcode: 0, errmsg: "ok", list }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        BusinessId, BusinessPage, GetBusiness, ListBusiness, NamedBusiness, UpdateBusiness, business_number,
    };
    use crate::{Errcode, strict};
    use serde_json::{Value, json};

    #[test]
    fn a_number_may_come_as_a_text() {
        let id = |value: Value| {
            let body = json!({"business_id": value, "nickname": "", "icon_media_id": "m"});
            strict::object::<UpdateBusiness>(body.to_string().as_bytes())
                .map(|update| update.changes().business_id)
        };
        assert_eq!((id(json!(7)), id(json!("7")), id(json!(-7))), (Ok(7), Ok(7), Ok(-7)));
        for nobody in ["", "+7", "7 ", "x", "99999999999999999999"] {
            assert_eq!(id(json!(nobody)), Ok(0), "{nobody}");
        }
        for odd in [json!(7.5), json!(true), json!([7]), Value::Null, json!(9_223_372_036_854_775_808_u64)] {
            assert_eq!(id(odd.clone()), Err(Errcode::DataFormat), "{odd}");
        }
    }

    #[test]
    fn an_empty_text_names_no_sub_merchant() {
        let text = |text: &str| business_number(Some(BusinessId::from(text.to_owned())));
        assert_eq!((business_number(None), text(""), text("7"), text("x")), (None, None, Some(7), Some(0)));
        assert_eq!(business_number(Some(BusinessId::Number(8))), Some(8));
    }

    #[test]
    fn what_is_empty_is_not_changed() {
        let body = br#"{"business_id": 1, "nickname": "", "icon_media_id": "m"}"#;
        let changes =
            strict::object::<UpdateBusiness>(body).map(UpdateBusiness::changes).expect("a sound body");
        assert_eq!((changes.nickname, changes.icon_media_id.as_deref()), (None, Some("m")));
    }

    #[test]
    fn the_number_counts_before_the_name() {
        let named = |body: Value| strict::object::<GetBusiness>(body.to_string().as_bytes())?.named();
        assert_eq!(named(json!({"business_id": 1, "account_name": "apple_store"})), Ok(NamedBusiness::Id(1)));
        let by_name = Ok(NamedBusiness::AccountName("apple_store".into()));
        assert_eq!(named(json!({"account_name": "apple_store"})), by_name);
        assert_eq!(named(json!({"business_id": "", "account_name": "apple_store"})), by_name);
        for neither in
            [json!({}), json!({"business_id": "", "account_name": ""}), json!({"account_name": null})]
        {
            assert_eq!(named(neither.clone()), Err(Errcode::DataFormat), "{neither}");
        }
    }

    #[test]
    fn a_page_begins_at_0_and_has_1_to_200() {
        let page = |offset, count| ListBusiness { offset, count }.page();
        assert_eq!(page(0, 1), Ok(BusinessPage { offset: 0, count: 1 }));
        assert_eq!(page(i64::MAX, 200), Ok(BusinessPage { offset: i64::MAX, count: 200 }));
        for (offset, count) in [(-1, 1), (0, 0), (0, -1), (0, 201)] {
            assert_eq!(page(offset, count), Err(Errcode::DataFormat), "{offset} {count}");
        }
    }
}
