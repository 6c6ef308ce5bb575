//! Names and ids. A value of one of these types has the form that the platform prescribes.

use protocol::text::is_blank;
use protocol::{Errcode, limits};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_url_safe(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as sent on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A name from the store, which was checked before it was stored.
            #[must_use]
            pub fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// An account's or component's id: `wx` and 16 lower-case hexadecimal digits.
    Appid
}
name! {
    /// A customer's id in one account: `o` and 27 of `[A-Za-z0-9_-]`.
    Openid
}
name! {
    /// An agent's id: a prefix of `[A-Za-z0-9_]`, `@`, and a suffix, both of limited length.
    KfAccount
}
name! {
    /// An agent's name for customers, of limited length: no control characters, and at least one visible character.
    Nickname
}
name! {
    /// A person's WeChat id, which is also a worker's name: `[A-Za-z0-9_-]`, of limited length.
    WechatId
}

name! {
    /// The name of a group of agents, of limited length: no `@`, which agents' ids have, and no control character.
    GroupName
}
name! {
    /// A sub-merchant's name for programs: `[A-Za-z0-9_]`, of limited length.
    AccountName
}
name! {
    /// A sub-merchant's name for customers: letters, digits, and Chinese characters, which count twice.
    BusinessNickname
}
name! {
    /// A WeCom enterprise's id: `ww` (old ones `wx`, those made for service providers `wp`) and `[A-Za-z0-9_-]`.
    Corpid
}

impl Appid {
    /// # Errors
    /// `InvalidAppid`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let digits = text.strip_prefix("wx").ok_or(Errcode::InvalidAppid)?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digits.len() == limits::APPID_DIGITS && digits.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::InvalidAppid)
        }
    }
}

impl Openid {
    /// # Errors
    /// `InvalidOpenid`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        if text.len() == limits::OPENID_LENGTH && text.starts_with('o') && text.bytes().all(is_url_safe) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::InvalidOpenid)
        }
    }
}

impl KfAccount {
    /// # Errors
    /// `IllegalAgent`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let (prefix, suffix) = text.split_once('@').ok_or(Errcode::IllegalAgent)?;
        let prefix_fits =
            (1..=limits::KF_ACCOUNT_PREFIX_MAX).contains(&prefix.len()) && prefix.bytes().all(is_word);
        let suffix_fits = (1..=limits::KF_ACCOUNT_SUFFIX_MAX).contains(&suffix.chars().count())
            && suffix.bytes().all(is_url_safe);
        if prefix_fits && suffix_fits { Ok(Self(text.to_owned())) } else { Err(Errcode::IllegalAgent) }
    }

    /// The part after the `@`.
    #[must_use]
    pub fn suffix(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, suffix)| suffix)
    }
}

impl Nickname {
    /// Removes white space at both ends, then checks.
    ///
    /// # Errors
    /// `IllegalNickname`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let text = text.trim();
        let fits = (1..=limits::NICKNAME_MAX).contains(&text.chars().count());
        if fits && !is_blank(text) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::IllegalNickname)
        }
    }
}

impl GroupName {
    /// Removes white space at both ends, then checks.
    ///
    /// # Errors
    /// `GroupName`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let text = text.trim();
        let fits = (1..=limits::GROUP_NAME_MAX).contains(&text.chars().count());
        if fits && !is_blank(text) && !text.chars().any(|c| c == '@' || c.is_control()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::GroupName)
        }
    }
}

impl WechatId {
    /// # Errors
    /// `WechatInvalid`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        if (1..=limits::WECHAT_ID_MAX).contains(&text.len()) && text.bytes().all(is_url_safe) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::WechatInvalid)
        }
    }
}

impl AccountName {
    /// # Errors
    /// `IllegalAccountName`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        if (limits::ACCOUNT_NAME_MIN..=limits::ACCOUNT_NAME_MAX).contains(&text.len())
            && text.bytes().all(is_word)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::IllegalAccountName)
        }
    }
}

/// Whether this is a Chinese character: one of Unicode's blocks of them, or one of the two in the block of punctuation.
fn is_chinese(c: char) -> bool {
    const BLOCKS: [RangeInclusive<char>; 4] = [
        '\u{3400}'..='\u{4dbf}',
        '\u{4e00}'..='\u{9fff}',
        '\u{f900}'..='\u{faff}',
        '\u{20000}'..='\u{3ffff}',
    ];
    matches!(c, '々' | '〇') || BLOCKS.iter().any(|block| block.contains(&c))
}

impl BusinessNickname {
    /// # Errors
    /// `IllegalBusinessNickname`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let fits = |c: char| c.is_ascii_alphanumeric() || is_chinese(c);
        let length: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        if (limits::BUSINESS_NICKNAME_MIN..=limits::BUSINESS_NICKNAME_MAX).contains(&length)
            && text.chars().all(fits)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::IllegalBusinessNickname)
        }
    }
}

impl Corpid {
    /// # Errors
    /// `InvalidCorpid`.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        let begins = ["ww", "wx", "wp"].iter().any(|begin| text.starts_with(begin));
        if begins
            && (limits::CORPID_MIN..=limits::CORPID_MAX).contains(&text.len())
            && text.bytes().all(is_url_safe)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Errcode::InvalidCorpid)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        AccountName, Appid, BusinessNickname, Corpid, GroupName, KfAccount, Nickname, Openid, WechatId,
    };

    #[test]
    fn lengths_are_counted_in_characters_and_end_where_the_page_says() {
        assert!(Nickname::parse(&"客".repeat(16)).is_ok());
        assert!(Nickname::parse(&"客".repeat(17)).is_err());
        assert!(Nickname::parse(" \u{3000}").is_err());
        assert!(Nickname::parse("\u{200b}\u{3164}").is_err() && Nickname::parse("👩\u{200d}👧").is_ok());
        assert!(Nickname::parse("a\tb").is_err());
        assert_eq!(Nickname::parse(" a ").map(|n| n.to_string()), Ok("a".into()));
        assert!(KfAccount::parse(&format!("{}@{}", "a".repeat(10), "b".repeat(30))).is_ok());
        assert!(KfAccount::parse(&format!("{}@b", "a".repeat(11))).is_err());
        assert!(KfAccount::parse(&format!("a@{}", "b".repeat(31))).is_err());
        assert!(WechatId::parse(&"w".repeat(20)).is_ok());
        assert!(WechatId::parse(&"w".repeat(21)).is_err());
    }

    #[test]
    fn a_sub_merchants_names_are_as_long_as_the_page_says() {
        let name = |text: &str| AccountName::parse(text).is_ok();
        assert!(name("apple_") && name("Apple1") && name(&"a".repeat(30)));
        assert!(!name("apple") && !name(&"a".repeat(31)) && !name("apple-store") && !name("苹果商店"));
        let nickname = |text: &str| BusinessNickname::parse(text).is_ok();
        assert!(nickname("苹果") && nickname("abcd") && nickname("苹ab") && nickname("〇𠀀"));
        assert!(nickname(&"苹".repeat(15)) && nickname(&"a".repeat(30)));
        assert!(!nickname("苹") && !nickname("abc") && !nickname("苹a") && !nickname(""));
        assert!(!nickname(&"苹".repeat(16)) && !nickname(&"a".repeat(31)));
        for bad in ["苹果 店", "apple_", "苹果！", "りんご", "苹果🦊", "abc\0"] {
            assert!(!nickname(bad), "{bad}");
        }
    }

    #[test]
    fn a_groups_name_is_never_an_agents_id() {
        assert_eq!(GroupName::parse(" 售前 ").map(|name| name.to_string()), Ok("售前".into()));
        assert!(GroupName::parse(&"组".repeat(32)).is_ok() && GroupName::parse("pre-sale 1").is_ok());
        for bad in ["", " ", "\u{200b}", "a@b", "a\tb", &"组".repeat(33)] {
            assert_eq!(GroupName::parse(bad), Err(protocol::Errcode::GroupName), "{bad}");
        }
    }

    #[test]
    fn a_corpid_begins_with_what_wecom_gives_out() {
        let is = |text: &str| Corpid::parse(text).is_ok();
        assert!(is("wwee11111xxxxxxx") && is("wwd08c8e7c775ab44d") && is("wx0123456789abcdef"));
        assert!(is(&format!("wp{}", "a_-".repeat(10))) && !is(&format!("wp{}", "a".repeat(31))));
        for bad in
            ["", "ww", "wwee11111xxxxxx", "wa0123456789abcdef", "ww0123456789 bcdef", "ww0123456789企业"]
        {
            assert!(!is(bad), "{bad}");
        }
    }

    #[test]
    fn shapes_are_exact() {
        for bad in ["", "@", "a", "a@", "@b", "a@b@c", "a-b@c", "客@c", "a@ c", "a.b@c"] {
            assert!(KfAccount::parse(bad).is_err(), "{bad}");
        }
        assert!(Appid::parse("wx0123456789abcdef").is_ok());
        for bad in ["", "wx0123456789abcdeF", "wx0123456789abcde", "xw0123456789abcdef"] {
            assert!(Appid::parse(bad).is_err(), "{bad}");
        }
        assert!(Openid::parse(&format!("o{}", "a_-".repeat(9))).is_ok());
        assert!(Openid::parse(&format!("p{}", "a_-".repeat(9))).is_err());
        assert!(Openid::parse("oShort").is_err());
        assert!(WechatId::parse("").is_err() && WechatId::parse("a b").is_err());
    }
}
