//! Every endpoint, in one table: name, methods, path and aliases, who may call it, permission sets.

mod table;

use crate::errcode::Errcode;
use crate::parameter::ParameterPlace;
use crate::quota::Quota;
use crate::schema::{Answers, Takes};

pub use table::*;

/// The kinds of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename_all = "kebab-case"))]
pub enum AccountKind {
    /// An Official Account of the subscription kind.
    Subscription,
    /// An Official Account of the service kind.
    Service,
    /// A Mini Program.
    MiniProgram,
    /// A Mini Game.
    MiniGame,
    /// Any other kind (shop, channels), which may not call any endpoint here.
    Other,
}

impl AccountKind {
    /// Every kind with its word, in the store, on the command line and in `/openapi.json`.
    pub const WORDS: &'static [(&'static str, AccountKind)] = &[
        ("subscription", AccountKind::Subscription),
        ("service", AccountKind::Service),
        ("mini-program", AccountKind::MiniProgram),
        ("mini-game", AccountKind::MiniGame),
        ("other", AccountKind::Other),
    ];
}

/// Who may call an endpoint, and with which credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledBy {
    /// A caller with appid and secret, without an access token.
    Secret,
    /// Certified Official Accounts, Mini Programs and Mini Games.
    Everyone,
    /// Certified Official Accounts alone.
    Official,
    /// Mini Programs alone, certified or not.
    MiniProgram,
    /// Every account except kind `Other`, certified or not, and platforms: for an account that has granted them
    /// anything, or for themselves.
    Any,
}

/// The methods an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods {
    /// GET alone.
    Get,
    /// POST alone.
    Post,
    /// GET, as on the page, and POST, as some SDKs send.
    PostToo,
    /// POST, as on the page, and GET, as some SDKs send.
    GetToo,
}

/// One row of the table.
#[derive(Debug)]
pub struct Endpoint {
    /// The name Weixin's page gives it.
    pub name: &'static str,
    /// The group of endpoints it belongs to, after which the files of its wire types, handler and tests are named.
    pub group: &'static str,
    /// The purpose, in one sentence: the row's doc comment.
    pub meaning: &'static str,
    /// The same in Chinese.
    pub meaning_zh: &'static str,
    /// The methods it takes.
    pub methods: Methods,
    /// The documented path.
    pub path: &'static str,
    /// Other paths that SDKs use for it.
    pub aliases: &'static [&'static str],
    /// Who calls it.
    pub called_by: CalledBy,
    /// The permission sets of which a platform needs one to call it for an account.
    pub sets: &'static [u16],
    /// The code while the customer-service feature is off: 65400 if the page lists it; `None` if the endpoint does not
    /// need the feature.
    pub feature_off: Option<Errcode>,
    /// How often an account may call it, unless operators set another quota; `None` if calls are not counted.
    pub quota: Option<Quota>,
    /// The name, on its page, for calls from Weixin's cloud without a token. Kefu does not serve such calls.
    pub cloud: Option<&'static str>,
    /// The parameters, beside the token, and where they are read from.
    pub takes: Takes,
    /// The wire type of the answer.
    pub answers: Answers,
    /// The codes it answers beyond those that follow from the columns above; see [`Endpoint::codes`].
    pub own_codes: &'static [Errcode],
    /// Conditions beside the parameters, in English and Chinese.
    pub rules: &'static [(&'static str, &'static str)],
    /// How it differs from its page, or what it does beyond the page; empty if it is exact.
    pub differs: &'static str,
    /// Weixin's page.
    pub page: &'static str,
}

/// The codes of every endpoint that is called with a token.
const OF_A_TOKEN: [Errcode; 7] = [
    Errcode::AccessTokenMissing,
    Errcode::InvalidIp,
    Errcode::InvalidAccessToken,
    Errcode::InvalidCredential,
    Errcode::AccessTokenExpired,
    Errcode::ApiUnauthorized,
    Errcode::NotAuthorizedByAccount,
];

/// The endpoint at `path`, if there is one.
#[must_use]
pub fn at(path: &str) -> Option<&'static Endpoint> {
    ALL.iter().find(|row| row.paths().any(|known| known == path)).copied()
}

/// Whether `path` lies under one of Weixin's roots, where an unknown address answers 40066.
///
/// The roots are the first segments of the table's paths. A path counts in every way a proxy may read it: with more
/// slashes, `%2F`, dot segments, parameters after `;`.
#[must_use]
pub fn is_weixin(path: &str) -> bool {
    let mut depth = 0_usize;
    decoded(path).split(|byte| *byte == b'/').any(|segment| match segment {
        b"" | b"." => false,
        b".." => {
            depth = depth.saturating_sub(1);
            false
        }
        name => {
            depth += 1;
            let name = name.split(|byte| *byte == b';').next().unwrap_or(name);
            depth == 1 && ALL.iter().any(|row| row.root().as_bytes() == name)
        }
    })
}

/// The bytes of a path with `%2F` and the like decoded; an invalid percent-encoding stays.
fn decoded(path: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|it| u8::try_from(it).ok())
    };
    let (bytes, mut at) = (path.as_bytes(), 0);
    let mut decoded = Vec::with_capacity(bytes.len());
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

/// `path` with one slash for each run of slashes; `None` if `path` has no run. A page of Weixin's printed
/// `https://api.weixin.qq.com//cgi-bin/message/mass/delete`, and a base URL with a final slash makes such paths.
#[must_use]
pub fn without_more_slashes(path: &str) -> Option<String> {
    let mut last = ' ';
    let kept = |c: &char| !(std::mem::replace(&mut last, *c) == '/' && *c == '/');
    path.contains("//").then(|| path.chars().filter(kept).collect())
}

impl Endpoint {
    /// The documented path, then the aliases.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.aliases.iter().copied())
    }

    /// The first segment of its path.
    fn root(&self) -> &'static str {
        self.path.split('/').nth(1).unwrap_or("")
    }

    /// The method its page names.
    #[must_use]
    pub fn main_method(&self) -> &'static str {
        match self.methods {
            Methods::Get | Methods::PostToo => "get",
            Methods::Post | Methods::GetToo => "post",
        }
    }

    /// The methods it takes.
    #[must_use]
    pub fn all_methods(&self) -> &'static [&'static str] {
        match self.methods {
            Methods::Get => &["get"],
            Methods::Post => &["post"],
            Methods::PostToo | Methods::GetToo => &["get", "post"],
        }
    }

    /// `None` if accounts of this kind may not call it, else whether they must be certified.
    #[must_use]
    pub fn asks_of(&self, kind: AccountKind) -> Option<bool> {
        match (kind, self.called_by) {
            (AccountKind::Other, _) => None,
            (_, CalledBy::Any | CalledBy::Secret) => Some(false),
            (kind, CalledBy::MiniProgram) => (kind == AccountKind::MiniProgram).then_some(false),
            (AccountKind::Subscription | AccountKind::Service, _) => Some(true),
            (AccountKind::MiniProgram | AccountKind::MiniGame, caller) => {
                (caller != CalledBy::Official).then_some(false)
            }
        }
    }

    /// Every code it can answer, in the order of the table of codes.
    #[must_use]
    pub fn codes(&self) -> Vec<Errcode> {
        let method = if self.methods == Methods::Post { Errcode::RequirePost } else { Errcode::RequireGet };
        let mut codes = vec![Errcode::Ok, Errcode::SystemError, method];
        if self.called_by != CalledBy::Secret {
            codes.extend(OF_A_TOKEN);
            codes.extend(self.feature_off);
        }
        if matches!(self.called_by, CalledBy::Everyone | CalledBy::Official | CalledBy::MiniProgram) {
            codes.extend([Errcode::MustUseAccountToken, Errcode::UnauthorizedToComponent]);
        }
        if self.called_by == CalledBy::Any {
            codes.push(Errcode::UnregisteredIp);
        }
        if self.quota.is_some() {
            codes.extend([Errcode::DailyQuota, Errcode::MinuteQuota]);
        }
        let is_at = |places: &[ParameterPlace]| self.takes.parameters().any(|it| places.contains(&it.place));
        if is_at(&[ParameterPlace::Body, ParameterPlace::QueryOrBody]) {
            codes.extend([Errcode::ContentSize, Errcode::DataFormat]);
        }
        if is_at(&[ParameterPlace::Body]) {
            codes.push(Errcode::EmptyPostData);
        }
        codes.extend(self.own_codes);
        Errcode::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
    }

    /// Refuses a method that the row does not list: with 43001 if it lists GET, else with 43002.
    ///
    /// # Errors
    /// `RequireGet` or `RequirePost`.
    pub fn check_method(&self, method: &str) -> Result<(), Errcode> {
        match (self.methods, method) {
            (Methods::Get, "GET") | (Methods::Post, "POST") => Ok(()),
            (Methods::PostToo | Methods::GetToo, "GET" | "POST") => Ok(()),
            (Methods::Post, _) => Err(Errcode::RequirePost),
            _ => Err(Errcode::RequireGet),
        }
    }

    /// Refuses, with 48001, a kind of account that may not call it, and an account that must be certified and is not.
    ///
    /// # Errors
    /// `ApiUnauthorized`.
    pub fn check_account(&self, kind: AccountKind, certified: bool) -> Result<(), Errcode> {
        match self.asks_of(kind) {
            Some(must_be_certified) if certified || !must_be_certified => Ok(()),
            _ => Err(Errcode::ApiUnauthorized),
        }
    }

    /// Refuses, with 61007, a platform that needs one of the row's sets and was granted none.
    ///
    /// # Errors
    /// `UnauthorizedToComponent`.
    pub fn check_sets(&self, granted: &[u16]) -> Result<(), Errcode> {
        if self.called_by == CalledBy::Any || granted.iter().any(|set| self.sets.contains(set)) {
            Ok(())
        } else {
            Err(Errcode::UnauthorizedToComponent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, at, is_weixin, without_more_slashes};
    use std::collections::HashSet;

    #[test]
    fn no_two_endpoints_share_a_path() {
        let paths: Vec<&str> = ALL.iter().flat_map(|row| row.paths()).collect();
        assert_eq!(paths.iter().collect::<HashSet<_>>().len(), paths.len());
        assert!(paths.iter().all(|path| is_weixin(path) && at(path).is_some()));
    }

    #[test]
    fn only_whole_segments_are_weixins_roots() {
        assert!(is_weixin("/cgi-bin") && is_weixin("/customservice/x"));
        assert!(!is_weixin("/cgi-binary") && !is_weixin("/desk/cgi-bin"));
        assert!(!is_weixin("/sns/userinfo"), "the table has no path there");
    }

    #[test]
    fn a_root_is_known_however_it_is_written() {
        for path in [
            "//cgi-bin/token",
            "///cgi-bin",
            "/./cgi-bin/token",
            "/x/../cgi-bin/token",
            "/cgi-bin/../desk",
            "/cgi-bin%2Ftoken",
            "/cgi%2dbin/token",
            "/%63gi-bin/token",
            "/%2Fcgi-bin/token",
            "/%2e/cgi-bin",
            "/cgi-bin;x=1/token",
            "/cgi-bin/%FF",
        ] {
            assert!(is_weixin(path), "{path}");
        }
        for path in [
            "",
            "/",
            "*",
            "//",
            "/%",
            "/%2",
            "/cgi-bin%",
            "/%00/cgi-bin",
            "/CGI-BIN",
            "/desk//cgi-bin",
            "/cgi-bin%FF/token",
        ] {
            assert!(!is_weixin(path), "{path}");
        }
    }

    #[test]
    fn runs_of_slashes_are_one_and_nothing_else_changes() {
        assert_eq!(without_more_slashes("//cgi-bin///token//").as_deref(), Some("/cgi-bin/token/"));
        assert_eq!(without_more_slashes("/客//服").as_deref(), Some("/客/服"));
        assert_eq!(without_more_slashes("/cgi-bin/token/"), None);
    }
}
