//! The binding of a Mini Program to WeCom on the wire: getKfWorkBound, bindKfWork and unbindKfWork.

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
    /// The enterprise that is named, whatever its shape.
    ///
    /// # Errors
    /// 10130002 when none is.
    pub fn corpid(self) -> Result<String, Errcode> {
        self.corpid.filter(|corpid| !corpid.is_empty()).ok_or(Errcode::WorkParameter)
    }
}

/// Answer of getKfWorkBound. What tells of the binding is there while there is one.
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
    /// The answer while nothing is bound.
    #[must_use]
    pub fn nothing() -> Self {
        KfWorkBound { errcode: 0, errmsg: "ok", entity_name: None, corpid: None, bind_time: None }
    }

    /// The answer about an enterprise that is bound since a Unix time in seconds.
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
            (Err(Errcode::WorkParameter), Err(Errcode::WorkParameter))
        );
    }

    #[test]
    fn the_answer_is_as_the_page_shows_it() {
        let text = |bound: KfWorkBound| serde_json::to_string(&bound).expect("plain data");
        assert_eq!(text(KfWorkBound::nothing()), r#"{"errcode":0,"errmsg":"ok"}"#);
        let bound = KfWorkBound::to("wwee11111xxxxxxx".into(), 1_694_611_289, "name".into());
        let expected = r#"{"errcode":0,"errmsg":"ok","entityName":"name","corpid":"wwee11111xxxxxxx","bindTime":1694611289}"#;
        assert_eq!(text(bound), expected);
    }
}
