//! Every endpoint, in one table: name, methods, path and aliases, who may call it, permission sets.

use crate::errcode::Errcode;

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
    /// The name Weixin's page gives it.
    pub name: &'static str,
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
    /// What it answers while the customer-service feature is off: 65400 where the page lists it.
    pub feature_off: Errcode,
    /// Whether it can be called from the cloud without a token. No page of this family says yes.
    pub cloud: bool,
    /// What it is told, beside its token.
    pub takes: &'static [Parameter],
    /// What it answers beyond the codes that follow from the columns above; see [`Endpoint::codes`].
    pub own_codes: &'static [Errcode],
    /// Where it answers otherwise than its page, or more than that; empty where it is exact.
    pub differs: &'static str,
    /// Weixin's page.
    pub page: &'static str,
}

/// What every endpoint answers that is called with a token.
const OF_A_TOKEN: [Errcode; 8] = [
    Errcode::AccessTokenMissing,
    Errcode::InvalidAccessToken,
    Errcode::InvalidCredential,
    Errcode::AccessTokenExpired,
    Errcode::MustUseAccountToken,
    Errcode::ApiUnauthorized,
    Errcode::NotAuthorizedByAccount,
    Errcode::UnauthorizedToComponent,
];

/// Sets that hold the whole family and the mini program's own set.
const WITH_19: &[u16] = &[1, 6, 19, 100, 101];
/// The same without the mini program's set.
const WITHOUT_19: &[u16] = &[1, 6, 100, 101];

const fn query(name: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, kind: "string", required: true }
}

const fn body(name: &'static str) -> Parameter {
    Parameter { place: Place::Body, ..query(name) }
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $id:ident = $name:literal $methods:ident $path:literal [$($alias:literal),*]
        $caller:ident $sets:expr, $off:ident, $page:literal, $takes:expr, [$($code:ident),*], $differs:literal;)*) => {
        $($(#[$doc])* pub static $id: Endpoint = Endpoint {
            name: $name, methods: Methods::$methods, path: $path, aliases: &[$($alias),*],
            caller: Caller::$caller, sets: $sets, feature_off: Errcode::$off, cloud: false,
            takes: $takes, own_codes: &[$(Errcode::$code),*], differs: $differs,
            page: concat!("https://developers.weixin.qq.com/doc/service/en/api/", $page),
        };)*
        /// The whole table.
        pub static ALL: &[&Endpoint] = &[$(&$id),*];
    };
}

endpoints! {
    /// Issues an account's token.
    GET_ACCESS_TOKEN = "getAccessToken" Both "/cgi-bin/token" []
        Secret &[], FeatureOff, "base/api_getaccesstoken",
        &[query("grant_type"), query("appid"), query("secret")],
        [InvalidGrantType, AppidMissing, AppsecretMissing, InvalidAppid, InvalidAppsecret],
        "a wrong secret is always 40125, never 40001; POST is taken too, with the parameters in the query";
    /// Issues or repeats an account's stable token.
    GET_STABLE_ACCESS_TOKEN = "getStableAccessToken" Post "/cgi-bin/stable_token" []
        Secret &[], FeatureOff, "base/api_getstableaccesstoken",
        &[body("grant_type"), body("appid"), body("secret"), Parameter { kind: "boolean", required: false, ..body("force_refresh") }],
        [InvalidGrantType, AppidMissing, AppsecretMissing, InvalidAppid, InvalidAppsecret],
        "";
    /// Creates an agent.
    ADD_KF_ACCOUNT = "addkfaccount" Post "/customservice/kfaccount/add" ["/cgi-bin/customservice/kfaccount/add"]
        Everyone WITH_19, FeatureOff, "customer/servicermanage/api_addkfaccount",
        &[body("kf_account"), body("nickname"), Parameter { required: false, ..body("kf_wx") }],
        [IllegalNickname, IllegalAgent, AgentLimit, AgentExists, AlreadyWorker, AlreadyInvited, WechatInvalid, WorkerLimit],
        "the retired body with kf_wx alone is taken from Mini Programs: it makes an agent and invites that person, refused with the codes of invitekfworker";
    /// Changes an agent's nickname.
    UPDATE_KF_ACCOUNT = "updatekfaccount" Post "/customservice/kfaccount/update" ["/cgi-bin/customservice/kfaccount/update"]
        Official WITHOUT_19, FeatureOff, "customer/servicermanage/api_updatekfaccount",
        &[body("kf_account"), body("nickname")],
        [InvalidAgent, IllegalNickname],
        "";
    /// Deletes an agent.
    DEL_KF_ACCOUNT = "delkfaccount" Both "/customservice/kfaccount/del" ["/cgi-bin/customservice/kfaccount/del"]
        Everyone WITH_19, FeatureOff, "customer/servicermanage/api_delkfaccount",
        &[Parameter { place: Place::Either, ..body("kf_account") }],
        [InvalidAgent],
        "GET with the agent in the query is taken too, as the page before this one had it; the agent's sessions are closed first";
    /// Invites a worker to be an agent.
    INVITE_KF_WORKER = "invitekfworker" Post "/customservice/kfaccount/inviteworker" ["/cgi-bin/customservice/kfaccount/inviteworker"]
        Everyone WITH_19, InvalidAgent, "customer/servicermanage/api_invitekfworker",
        &[body("kf_account"), body("invite_wx")],
        [InvalidAgent, AlreadyWorker, AlreadyInvited, WechatInvalid, WorkerLimit, InvitationExists, AgentBound],
        "65401 for an unknown agent, as real answers have it; somebody unknown here is invited all the same and finds it once she has signed up";
    /// Lists all agents.
    GET_KF_LIST = "getkflist" Both "/cgi-bin/customservice/getkflist" ["/customservice/getkflist"]
        Everyone WITH_19, FeatureOff, "customer/servicermanage/api_getkflist",
        &[],
        [],
        "kf_id and invite_expire_time are numbers, as in real answers, where the page says string; kf_wx is empty for an agent nobody was invited for";
    /// Lists the agents who are logged in.
    GET_ONLINE_KF_LIST = "getonlinekflist" Both "/cgi-bin/customservice/getonlinekflist" ["/customservice/getonlinekflist"]
        Everyone WITH_19, FeatureOff, "customer/servicermanage/api_getonlinekflist",
        &[],
        [],
        "lists who is logged in: status 0 is a worker who is away; kf_openid, which newer pages list, is there";
    /// Opens a session.
    CREATE_KF_SESSION = "createkfsession" Post "/customservice/kfsession/create" ["/cgi-bin/customservice/kfsession/create"]
        Official WITHOUT_19, FeatureOff, "customer/messctrl/api_createkfsession",
        &[body("kf_account"), body("openid")],
        [InvalidOpenid, InvalidAgent, AgentUnbound, OtherAgent, AgentOffline],
        "40003 and 65414 stand in the list of common codes, not on the page";
    /// Closes a session.
    CLOSE_KF_SESSION = "closesession" Post "/customservice/kfsession/close" ["/cgi-bin/customservice/kfsession/close"]
        Official WITHOUT_19, InvalidAgent, "customer/messctrl/api_closesession",
        &[body("kf_account"), body("openid")],
        [InvalidOpenid, InvalidAgent, AgentUnbound, NoSession, OtherAgent],
        "65401 and 65402 for an agent who is unknown or has no worker, as the sibling pages have them";
    /// Tells who serves a customer.
    GET_KF_SESSION = "getkfsession" Get "/customservice/kfsession/getsession" []
        Official WITHOUT_19, FeatureOff, "customer/messctrl/api_getkfsession",
        &[query("openid")],
        [InvalidOpenid],
        "";
    /// Lists the sessions of an agent.
    GET_KF_SESSION_LIST = "getkfsessionlist" Get "/customservice/kfsession/getsessionlist" []
        Official WITHOUT_19, InvalidAgent, "customer/messctrl/api_getkfsessionlist",
        &[query("kf_account")],
        [InvalidAgent, AgentUnbound],
        "";
    /// Lists the customers who wait.
    GET_WAIT_CASE = "getwaitcase" Get "/customservice/kfsession/getwaitcase" []
        Official WITHOUT_19, FeatureOff, "customer/messctrl/api_getwaitcase",
        &[],
        [],
        "";
}

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
            codes.push(self.feature_off);
        }
        if self.takes.iter().any(|parameter| parameter.place != Place::Query) {
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
            (Kind::Subscription | Kind::Service, _) => certified,
            (Kind::MiniProgram | Kind::MiniGame, caller) => caller != Caller::Official,
            (Kind::Other, _) => false,
        };
        if allowed { Ok(()) } else { Err(Errcode::ApiUnauthorized) }
    }

    /// Refuses a platform that was granted none of the row's sets: 61007.
    ///
    /// # Errors
    /// `UnauthorizedToComponent`.
    pub fn check_sets(&self, granted: &[u16]) -> Result<(), Errcode> {
        if granted.iter().any(|set| self.sets.contains(set)) {
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
