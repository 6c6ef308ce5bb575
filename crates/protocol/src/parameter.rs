//! What the parameters of endpoints mean and which values they take.
//!
//! The macro `parameters!` states a parameter once, at its wire type. The OpenAPI document, the page `/debug` and
//! `docs/protocol.md` are made from these statements. Parameters with the same meaning at several
//! endpoints, such as `openid`, are the constants of this file. Numbers in texts and patterns come from
//! [`limits`](crate::limits).

use crate::limits::*;
use crate::text::invisible_class;
use const_format::formatcp;

/// Where the server looks for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterPlace {
    /// In the query.
    Query,
    /// In the JSON body.
    Body,
    /// In the query, else in the JSON body.
    QueryOrBody,
    /// A part of the multipart form.
    Form,
    /// In the query, else a field of the multipart form.
    QueryOrForm,
}

/// One parameter of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name on the wire.
    pub name: &'static str,
    /// Where the server looks for the parameter.
    pub place: ParameterPlace,
    /// Whether a call without the parameter is refused.
    pub required: bool,
    /// What the parameter means.
    pub doc: ParameterDoc,
}

/// What a parameter means, in two languages, and which values it takes.
#[derive(Clone, Copy, Debug)]
pub struct ParameterDoc {
    /// The meaning, in English.
    pub en: &'static str,
    /// The meaning, in Chinese.
    pub zh: &'static str,
    /// A value that can be sent, as JSON.
    pub example: &'static str,
    /// A regular expression; see [`ParameterDoc::pattern`].
    pattern: &'static str,
}

impl ParameterDoc {
    /// A parameter with this meaning, in English and Chinese, that takes any value of its type.
    #[must_use]
    pub const fn new(en: &'static str, zh: &'static str) -> Self {
        ParameterDoc { en, zh, example: "", pattern: "" }
    }

    /// The same parameter, with a value that can be sent, as JSON.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        ParameterDoc { example, ..self }
    }

    /// The same parameter, which takes values that match a regular expression. In it `{INVISIBLE}` stands for the
    /// characters that show nothing, as the inside of a class.
    #[must_use]
    pub const fn matching(self, pattern: &'static str) -> Self {
        ParameterDoc { pattern, ..self }
    }

    /// The regular expression that values match; empty if the parameter takes any value of its type.
    #[must_use]
    pub fn pattern(&self) -> String {
        self.pattern.replace("{INVISIBLE}", &invisible_class())
    }
}

/// A wire type whose members are parameters of an endpoint.
pub trait Parameters {
    /// The parameters, in the order of Weixin's page.
    const PARAMETERS: &'static [Parameter];
}

/// Parameters that can be read from a query or from the text fields of a form.
pub trait FromTexts: Parameters {
    /// Reads the parameters; `text` gives the value of a name, `None` for one that is missing or empty.
    fn from_texts(text: impl Fn(&str) -> Option<String>) -> Self;

    /// These parameters, each that is missing taken from `other`.
    #[must_use]
    fn or(self, other: Self) -> Self;
}

/// Declares a wire type and states its parameters:
///
/// ```text
/// parameters! {
///     /// Body of …
///     #[derive(…)]
///     pub struct Name in Place {
///         pub member: Type, required, DOC;
///         pub r#type as "type": Type, optional, ParameterDoc::new("English", "中文");
///     }
/// }
/// ```
///
/// A last member that is no parameter follows after `..`. `Place` is a [`ParameterPlace`]. A type that can be in a
/// query has optional members only, which [`FromTexts`] fills.
macro_rules! parameters {
    (
        $(#[$attribute:meta])*
        $public:vis struct $name:ident in $place:ident {
            $(
                $(#[$member_attribute:meta])*
                $member_public:vis $member:ident $(as $wire:literal)?: $type:ty, $need:ident, $doc:expr;
            )*
            $(.. $(#[$rest_attribute:meta])* $rest:ident: $rest_type:ty;)?
        }
    ) => {
        $(#[$attribute])*
        $public struct $name {
            $(
                #[doc = concat!("The parameter `", stringify!($member), "`.")]
                $(#[$member_attribute])*
                $member_public $member: $type,
            )*
            $($(#[$rest_attribute])* $rest: $rest_type,)?
        }

        impl $crate::parameter::Parameters for $name {
            const PARAMETERS: &'static [$crate::parameter::Parameter] = &[$($crate::parameter::Parameter {
                name: parameters!(@name $member $($wire)?),
                place: $crate::parameter::ParameterPlace::$place,
                required: parameters!(@$need),
                doc: $doc,
            }),*];
        }

        parameters!(@texts $place $name $($member [$($wire)?])*);
    };
    (@required) => { true };
    (@optional) => { false };
    (@name $member:ident) => { stringify!($member) };
    (@name $member:ident $wire:literal) => { $wire };
    (@texts Body $($ignored:tt)*) => {};
    (@texts $place:ident $name:ident $($member:ident [$($wire:literal)?])*) => {
        impl $crate::parameter::FromTexts for $name {
            fn from_texts(text: impl Fn(&str) -> Option<String>) -> Self {
                $name { $($member: text(parameters!(@name $member $($wire)?)).map(Into::into)),* }
            }

            fn or(self, other: Self) -> Self {
                $name { $($member: self.$member.or(other.$member)),* }
            }
        }
    };
}
pub(crate) use parameters;

/// What every endpoint with a token takes in the query.
pub const ACCESS_TOKEN: ParameterDoc = ParameterDoc::new(
    "A token of the account: what getAccessToken or getStableAccessToken answers, or a platform's \
     authorizer_access_token. Endpoints about quotas and request ids take a component_access_token too.",
    "账号的 access_token：getAccessToken 或 getStableAccessToken 的返回值，或第三方平台的 authorizer_access_token；\
     额度与 rid 相关接口也可用 component_access_token。",
)
.example(r#""ACCESS_TOKEN""#)
.matching(formatcp!("^[A-Za-z0-9_-]{{1,{TOKEN_MAX}}}$"));

/// The kind of grant, where a caller presents appid and secret.
pub const GRANT_TYPE: ParameterDoc =
    ParameterDoc::new("Always client_credential.", "固定为 client_credential。")
        .example(r#""client_credential""#)
        .matching("^client_credential$");

/// An account.
pub const APPID: ParameterDoc = ParameterDoc::new("The account's id.", "账号的 appid。")
    .example(r#""wx0123456789abcdef""#)
    .matching(APPID_PATTERN);

/// What an appid, also a platform's, looks like.
pub const APPID_PATTERN: &str = formatcp!("^wx[0-9a-f]{{{APPID_DIGITS}}}$");

/// An account's secret.
pub const SECRET: ParameterDoc = ParameterDoc::new("The account's secret.", "账号的密钥。")
    .example(r#""0123456789abcdef0123456789abcdef""#)
    .matching(r"^[\x21-\x7e]+$");

/// The secret of an account or a platform.
pub const APPSECRET: ParameterDoc = ParameterDoc::new(
    "The caller's secret: the account's or the platform's.",
    "调用方（账号或第三方平台）的密钥。",
)
.example(r#""0123456789abcdef0123456789abcdef""#);

/// An agent.
pub const KF_ACCOUNT: ParameterDoc = ParameterDoc::new(
    formatcp!(
        "The agent's whole id, prefix@suffix: 1 to {KF_ACCOUNT_PREFIX_MAX} letters, digits or underscores before the \
         @; after it the account's own WeChat number, up to {KF_ACCOUNT_SUFFIX_MAX} letters, digits, _ or -."
    ),
    formatcp!(
        "完整客服账号，格式为“前缀@账号微信号”：前缀为 1 到 {KF_ACCOUNT_PREFIX_MAX} 个字母、数字或下划线；\
         @ 之后是账号自己的微信号，最多 {KF_ACCOUNT_SUFFIX_MAX} 个字母、数字、下划线或减号。"
    ),
)
.example(r#""kf1@demo""#)
.matching(formatcp!(
    "^[A-Za-z0-9_]{{1,{KF_ACCOUNT_PREFIX_MAX}}}@[A-Za-z0-9_-]{{1,{KF_ACCOUNT_SUFFIX_MAX}}}$"
));

/// An agent's nickname. White space at both ends does not count and is not kept. The expression refuses a nickname that
/// begins with an invisible character, which the server takes if another character can be seen.
pub const NICKNAME: ParameterDoc = ParameterDoc::new(
    formatcp!("The name customers see, 1 to {NICKNAME_MAX} characters, of which one at least can be seen."),
    formatcp!("客服昵称，1 到 {NICKNAME_MAX} 个字，不能只有空白或不可见字符。"),
)
.example(r#""客服1""#)
.matching(formatcp!(
    r"^[^\s\x00-\x1f\x7f-\x9f{{INVISIBLE}}]([^\x00-\x1f\x7f-\x9f]{{0,{NICKNAME_INNER}}}[^\s\x00-\x1f\x7f-\x9f])?$"
));

/// What an openid looks like.
pub const OPENID_PATTERN: &str = formatcp!("^o[A-Za-z0-9_-]{{{OPENID_REST}}}$");

/// A customer.
pub const OPENID: ParameterDoc = ParameterDoc::new("The customer.", "客户的 openid。")
    .example(r#""o000000000000000000000000000""#)
    .matching(OPENID_PATTERN);

/// A sub-merchant, where agents are meant.
pub const BUSINESS_ID: ParameterDoc = ParameterDoc::new(
    "A sub-merchant of the account, a number or a text of digits. An unknown one is refused with 40097; a known one \
     changes nothing, because sub-merchants have no agents of their own yet.",
    "子商户 ID，数字或数字字符串。不存在的返回 40097；存在的不作处理：本系统尚无子商户自己的客服。",
)
.example(r#""1""#);

/// The file of an upload.
pub const MEDIA: Parameter = Parameter {
    name: "media",
    place: ParameterPlace::Form,
    required: true,
    doc: ParameterDoc::new(
        "The file. Its format is what its content says; the server takes a field called file too.",
        "文件；格式以内容为准，字段名也可用 file。",
    )
    .example(r#""""#),
};

#[cfg(test)]
mod tests {
    use super::{FromTexts, KF_ACCOUNT, NICKNAME, Parameter};
    use crate::kfaccount::{DelKfAccount, InviteKfWorker};
    use crate::parameter::Parameters;
    use crate::{endpoint, limits};
    use regex::Regex;

    fn all() -> impl Iterator<Item = &'static Parameter> {
        endpoint::ALL.iter().flat_map(|row| row.takes.parameters())
    }

    #[test]
    fn every_parameter_is_explained_in_both_languages() {
        for Parameter { name, doc, .. } in all() {
            assert!(doc.en.ends_with('.') && doc.zh.ends_with('。'), "{name}");
        }
    }

    #[test]
    fn every_example_is_json_and_matches_the_pattern() {
        for Parameter { name, doc, .. } in all() {
            let example: serde_json::Value =
                serde_json::from_str(doc.example).unwrap_or_else(|_| panic!("{name}"));
            if let Some(text) = example.as_str().filter(|_| !doc.pattern().is_empty()) {
                let pattern = Regex::new(&doc.pattern()).expect("an expression");
                assert!(pattern.is_match(text), "{name}: {text}");
            }
        }
    }

    #[test]
    fn a_parameter_of_the_query_counts_before_that_of_the_body() {
        let texts = |names: &'static [&'static str]| {
            DelKfAccount::from_texts(|name| names.contains(&name).then(|| names.concat()))
        };
        let both = texts(&["kf_account"]).or(texts(&["kf_account", "business_id"]));
        assert_eq!(both.kf_account.as_deref(), Some("kf_account"));
        assert!(both.business_id.is_some());
    }

    #[test]
    fn a_pattern_ends_where_its_limit_does() {
        let fits = |pattern: String, text: &str| Regex::new(&pattern).expect("an expression").is_match(text);
        let agent = |prefix, suffix| {
            fits(KF_ACCOUNT.pattern(), &format!("{}@{}", "a".repeat(prefix), "b".repeat(suffix)))
        };
        let (prefix, suffix) = (limits::KF_ACCOUNT_PREFIX_MAX, limits::KF_ACCOUNT_SUFFIX_MAX);
        assert!(agent(prefix, suffix) && agent(1, 1));
        assert!(!agent(prefix + 1, suffix) && !agent(prefix, suffix + 1));
        let nickname = |text: &str| fits(NICKNAME.pattern(), text);
        for length in [1, 2, limits::NICKNAME_MAX] {
            assert!(nickname(&"客".repeat(length)), "{length}");
        }
        assert!(!nickname(&"客".repeat(limits::NICKNAME_MAX + 1)));
        assert!(!nickname("\u{200b}\u{ad}") && !nickname(" "));
        let invite_wx =
            InviteKfWorker::PARAMETERS.iter().find(|it| it.name == "invite_wx").expect("a parameter");
        let invite_wx = |length| fits(invite_wx.doc.pattern(), &"w".repeat(length));
        assert!(invite_wx(limits::WECHAT_ID_MAX) && !invite_wx(limits::WECHAT_ID_MAX + 1));
    }
}
