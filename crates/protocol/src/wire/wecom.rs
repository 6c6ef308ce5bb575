//! Wire types of the endpoints about the binding of a Mini Program to WeCom.

use crate::Errcode;
use crate::limits::{CORPID_REST_MAX, CORPID_REST_MIN};
use crate::parameter::{ParameterDoc, parameters};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

parameters! {
    /// Body of bindKfWork and unbindKfWork.
    /// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-work/api_bindkfwork>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct BindKfWork in Body {
        corpid: Option<String>, required, ParameterDoc::new("The WeCom enterprise: its id.", "企业微信的企业 ID。")
            .example(r#""wwd08c8e7c775ab44d""#)
            .matching(formatcp!("^w[wxp][A-Za-z0-9_-]{{{CORPID_REST_MIN},{CORPID_REST_MAX}}}$"));
    }
}

impl BindKfWork {
    /// The corpid, in any form.
    ///
    /// # Errors
    /// 10130002 without one.
    pub fn corpid(self) -> Result<String, Errcode> {
        self.corpid.filter(|corpid| !corpid.is_empty()).ok_or(Errcode::WecomParameter)
    }
}

/// Answer of getKfWorkBound. The optional members are there while a binding exists.
/// <https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-work/api_getkfworkbound>
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KfWorkBound {
    errcode: i64,
    errmsg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corpid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bind_time: Option<i64>,
}

impl KfWorkBound {
    /// The answer without a binding.
    #[must_use]
    pub fn nothing() -> Self {
        KfWorkBound { errcode: 0, errmsg: "ok", entity_name: None, corpid: None, bind_time: None }
    }

    /// The answer with the enterprise, and with the time of the binding in Unix seconds.
    #[must_use]
    pub fn to(corpid: String, bind_time: i64, entity_name: String) -> Self {
        KfWorkBound {
            entity_name: Some(entity_name),
            corpid: Some(corpid),
            bind_time: Some(bind_time),
            ..KfWorkBound::nothing()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BindKfWork, KfWorkBound};
    use crate::Errcode;

    #[test]
    fn a_corpid_that_is_empty_is_missing() {
        let named = |corpid: Option<&str>| BindKfWork { corpid: corpid.map(str::to_owned) }.corpid();
        assert_eq!(named(Some("x")), Ok("x".into()));
        assert_eq!(
            (named(Some("")), named(None)),
            (Err(Errcode::WecomParameter), Err(Errcode::WecomParameter))
        );
    }

    #[test]
    fn the_answer_is_as_the_page_shows_it() {
        let text = |bound: KfWorkBound| serde_json::to_string(&bound).expect("plain data");
        assert_eq!(text(KfWorkBound::nothing()), r#"{"errcode":0,"errmsg":"ok"}"#);
        let bound = KfWorkBound::to("wwee11111xxxxxxx".into(), 1_694_611_289, "name".into());
        let expected = concat!(
            r#"{"errcode":0,"errmsg":"ok","entityName":"name","#,
            r#""corpid":"wwee11111xxxxxxx","bindTime":1694611289}"#
        );
        assert_eq!(text(bound), expected);
    }
}
