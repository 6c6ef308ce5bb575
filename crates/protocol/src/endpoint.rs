//! Every endpoint, in one table: name, methods, path and aliases, who may call it, permission sets.

mod table;

use crate::errcode::Errcode;
use crate::quota::Quota;
use crate::shape::{Answers, Reads};

pub use table::*;

/// The kinds of account that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An Official Account of the subscription kind.
    Subscription,
    /// An Official Account of the service kind.
    Service,
    /// A Mini Program.
    MiniProgram,
    /// A Mini Game.
    MiniGame,
    /// Any other kind (shop, channels), which may call nothing here.
    Other,
}

/// Who calls an endpoint, and so which credential it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Whoever presents appid and secret; no access token.
    Secret,
    /// Certified Official Accounts, Mini Programs and Mini Games.
    Everyone,
    /// Certified Official Accounts alone.
    Official,
    /// Mini Programs alone, certified or not.
    MiniProgram,
    /// Every account of the five kinds but the last, certified or not, and platforms: for an account that has granted
    /// them anything, or for themselves.
    Any,
}

/// The methods an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods {
    /// GET alone.
    Get,
    /// POST alone.
    Post,
    /// Both: the page says GET, and SDKs post, or the other way round.
    Both,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the query.
    Query,
    /// In the JSON body.
    Body,
    /// In the query, else in the body.
    Either,
    /// A part of the multipart form.
    Form,
    /// In the query, else a field of the multipart form.
    QueryOrForm,
}

/// What an endpoint is told, beside its token.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Its JSON type.
    pub kind: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

/// One row of the table.
#[derive(Debug)]
pub struct Endpoint {
    /// Its place in the table.
    pub number: usize,
    /// The name Weixin's page gives it.
    pub name: &'static str,
    /// What it is for, in one sentence: the row's own comment.
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
    pub caller: Caller,
    /// The permission sets of which a platform needs one to call it for an account.
    pub sets: &'static [u16],
    /// What it answers while the customer-service feature is off: 65400 where the page lists it; `None` where it does
    /// not ask.
    pub feature_off: Option<Errcode>,
    /// How often an account may call it, unless operators say otherwise; `None` where it is not counted.
    pub quota: Option<Quota>,
    /// Whether it can be called from the cloud without a token. No page of this family says yes.
    pub cloud: bool,
    /// What it is told, beside its token.
    pub takes: &'static [Parameter],
    /// The shape of its body.
    pub reads: Reads,
    /// The shape of its answer.
    pub answers: Answers,
    /// What it answers beyond the codes that follow from the columns above; see [`Endpoint::codes`].
    pub own_codes: &'static [Errcode],
    /// Where it answers otherwise than its page, or more than that; empty where it is exact.
    pub differs: &'static str,
    /// Weixin's page.
    pub page: &'static str,
}

/// What every endpoint answers that is called with a token.
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
#[must_use]
pub fn is_weixin(path: &str) -> bool {
    ["/cgi-bin", "/customservice"]
        .iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

impl Endpoint {
    /// The documented path, then the aliases.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.aliases.iter().copied())
    }

    /// Every code it can answer, in the order of the table of codes.
    #[must_use]
    pub fn codes(&self) -> Vec<Errcode> {
        let method = if self.methods == Methods::Post { Errcode::RequirePost } else { Errcode::RequireGet };
        let mut codes = vec![Errcode::Ok, Errcode::SystemError, method];
        if self.caller != Caller::Secret {
            codes.extend(OF_A_TOKEN);
            codes.extend(self.feature_off);
        }
        if matches!(self.caller, Caller::Everyone | Caller::Official | Caller::MiniProgram) {
            codes.extend([Errcode::MustUseAccountToken, Errcode::UnauthorizedToComponent]);
        }
        if self.caller == Caller::Any {
            codes.push(Errcode::UnregisteredIp);
        }
        if self.quota.is_some() {
            codes.extend([Errcode::DailyQuota, Errcode::MinuteQuota]);
        }
        if self.takes.iter().any(|parameter| matches!(parameter.place, Place::Body | Place::Either)) {
            codes.extend([Errcode::ContentSize, Errcode::DataFormat]);
        }
        if self.takes.iter().any(|parameter| parameter.place == Place::Body) {
            codes.push(Errcode::EmptyPostData);
        }
        codes.extend(self.own_codes);
        Errcode::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
    }

    /// Refuses a method the row does not list: 43001 where GET is taken, else 43002.
    ///
    /// # Errors
    /// `RequireGet` or `RequirePost`.
    pub fn check_method(&self, method: &str) -> Result<(), Errcode> {
        match (self.methods, method) {
            (Methods::Get | Methods::Both, "GET") | (Methods::Post | Methods::Both, "POST") => Ok(()),
            (Methods::Post, _) => Err(Errcode::RequirePost),
            _ => Err(Errcode::RequireGet),
        }
    }

    /// Refuses a kind of account that may not call this, and one that is not certified where that
    /// is asked for: 48001.
    ///
    /// # Errors
    /// `ApiUnauthorized`.
    pub fn check_account(&self, kind: Kind, certified: bool) -> Result<(), Errcode> {
        let allowed = match (kind, self.caller) {
            (Kind::Other, _) => false,
            (_, Caller::Any) => true,
            (kind, Caller::MiniProgram) => kind == Kind::MiniProgram,
            (Kind::Subscription | Kind::Service, _) => certified,
            (Kind::MiniProgram | Kind::MiniGame, caller) => caller != Caller::Official,
        };
        if allowed { Ok(()) } else { Err(Errcode::ApiUnauthorized) }
    }

    /// Refuses a platform that was granted none of the row's sets, where it needs one: 61007.
    ///
    /// # Errors
    /// `UnauthorizedToComponent`.
    pub fn check_sets(&self, granted: &[u16]) -> Result<(), Errcode> {
        if self.caller == Caller::Any || granted.iter().any(|set| self.sets.contains(set)) {
            Ok(())
        } else {
            Err(Errcode::UnauthorizedToComponent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, at, is_weixin};
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
    }
}
