//! Every error code, in one table: name, number, text exactly as Weixin sends it, and where that stands.
//!
//! Numbers from 990000 to 999999 are Kefu's own: refusals of the workbench and the customer page, which no
//! endpoint of Weixin's ever answers.

use std::fmt;

/// The page that lists the codes common to all endpoints.
const COMMON: &str =
    "https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html";
/// The page of `addkfaccount`, whose siblings share its codes.
const KFACCOUNT: &str =
    "https://developers.weixin.qq.com/doc/service/en/api/customer/servicermanage/api_addkfaccount";
/// The pages that control sessions.
const KFSESSION: &str =
    "https://developers.weixin.qq.com/doc/service/en/api/customer/messctrl/api_getkfsessionlist";
/// The page of the records.
const MSGRECORD: &str = "https://developers.weixin.qq.com/doc/service/api/customer/message/api_getmsglist";
/// The page of sendCustomMessage.
const SENDING: &str =
    "https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage";
/// The page of typing.
const TYPING: &str = "https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing";
/// The pages of sub-merchants, which share their codes.
const BUSINESS: &str =
    "https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-management/api_registerbusiness";
/// The pages of the binding to WeCom, which share their codes. They have the texts in Chinese only: these are
/// translations.
const WORK: &str = "https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-work/api_bindkfwork";
/// The page of `getApiQuota`, whose siblings share its codes.
const APIMANAGE: &str = "https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getapiquota";
/// The page of `getRidInfo`.
const RID: &str = "https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getridinfo";
/// The refusals of Kefu's own pages.
const OWN: &str = "Kefu";

macro_rules! errcodes {
    ($($name:ident $number:literal $text:literal $source:ident;)*) => {
        /// One error code of the table above.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Errcode {
            $(#[doc = concat!("`", stringify!($number), "`: ", $text)] $name,)*
        }

        impl Errcode {
            /// The whole table, in its order.
            pub const ALL: &[Errcode] = &[$(Errcode::$name),*];

            /// The number in `errcode`.
            #[must_use]
            pub const fn number(self) -> i64 {
                match self { $(Errcode::$name => $number,)* }
            }

            /// The text in `errmsg`, before ` rid: …`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Errcode::$name => $text,)* }
            }

            /// The page that states number and text.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Errcode::$name => $source,)* }
            }
        }
    };
}

errcodes! {
    SystemError -1 "system error" COMMON;
    Ok 0 "ok" COMMON;
    InvalidCredential 40001 "invalid credential, access_token is invalid or not latest" COMMON;
    InvalidGrantType 40002 "invalid grant_type" COMMON;
    InvalidOpenid 40003 "invalid openid" COMMON;
    InvalidMediaType 40004 "invalid media type" COMMON;
    InvalidFileType 40005 "invalid file type" COMMON;
    InvalidMediaSize 40006 "invalid meida size" COMMON;
    InvalidMediaId 40007 "invalid media_id" COMMON;
    InvalidMessageType 40008 "invalid message type" COMMON;
    InvalidAppid 40013 "invalid appid" COMMON;
    InvalidAccessToken 40014 "invalid access_token" COMMON;
    InvalidUrl 40066 "invalid url" COMMON;
    InvalidArgs 40097 "invalid args" COMMON;
    ParameterMissing 40101 "missing parameter" COMMON;
    InvalidAppsecret 40125 "invalid appsecret" COMMON;
    InvalidIp 40164 "invalid ip, not in whitelist" COMMON;
    InvalidAccountType 40200 "invalid account type" COMMON;
    AccessTokenMissing 41001 "access_token missing" COMMON;
    AppidMissing 41002 "appid missing" COMMON;
    AppsecretMissing 41004 "appsecret missing" COMMON;
    MediaDataMissing 41005 "media data missing" COMMON;
    MediaIdMissing 41006 "media_id missing" COMMON;
    ComponentAppidMissing 41018 "missing component_appid" COMMON;
    AccessTokenExpired 42001 "access_token expired" COMMON;
    RequireGet 43001 "require GET method" COMMON;
    RequirePost 43002 "require POST method" COMMON;
    EmptyMediaData 44001 "empty media data" COMMON;
    EmptyPostData 44002 "empty post data" COMMON;
    EmptyNews 44003 "empty news data" COMMON;
    EmptyContent 44004 "empty content" COMMON;
    MediaSize 45001 "media size out of limit" COMMON;
    ContentSize 45002 "content size out of limit" COMMON;
    ArticleSize 45008 "article size out of limit" COMMON;
    DailyQuota 45009 "reach max api daily quota limit" COMMON;
    MinuteQuota 45011 "api minute-quota reach limit, must slower, retry next minute" COMMON;
    ResponseTime 45015 "response out of time limit or subscription is canceled" COMMON;
    ResponseCount 45047 "out of response count limit" COMMON;
    BusinessExists 45070 "the business account have been created" COMMON;
    NoBusiness 45071 "business account not found" COMMON;
    InvalidCommand 45072 "invalid command" TYPING;
    BusinessLimit 45077 "number of business account reach limit" COMMON;
    IllegalBusinessNickname 45078 "nickname is illegal!" BUSINESS;
    TypingTooLate 45080 "need sending message to user, or recving message from user in the last 30 seconds before \
        typing" TYPING;
    AlreadyTyping 45081 "you are already typing" TYPING;
    IllegalAccountName 45091 "account_name is illegal!" BUSINESS;
    MenuSize 45098 "msgmenu list size is out of limit" COMMON;
    MenuItemSize 45099 "msgmenu item content size is out of limit" COMMON;
    DataFormat 47001 "data format error" COMMON;
    ApiUnauthorized 48001 "api unauthorized" COMMON;
    ClearLimit 48006 "forbid to clear quota because of reaching the limit" COMMON;
    MsgtypeForbidden 48008 "no permission for this msgtype" COMMON;
    NotAuthorizedByAccount 61003 "component is not authorized by this account" COMMON;
    UnregisteredIp 61004 "access clientip is not registered" COMMON;
    UnauthorizedToComponent 61007 "api is unauthorized to component" COMMON;
    MustUseAccountToken 61015 "must use biz account token for not component api" COMMON;
    FeatureOff 65400 "please enable new custom service or wait for a while if you have enabled" KFACCOUNT;
    InvalidAgent 65401 "invalid custom service account" KFSESSION;
    AgentUnbound 65402 "the custom service account need to bind a wechat user" KFSESSION;
    IllegalNickname 65403 "illegal nickname" KFACCOUNT;
    IllegalAgent 65404 "illegal custom service account" KFACCOUNT;
    AgentLimit 65405 "custom service account number reach limit" KFACCOUNT;
    AgentExists 65406 "custom service account exists" KFACCOUNT;
    AlreadyWorker 65407 "the wechat user have been one of your workers" COMMON;
    AlreadyInvited 65408 "you have already invited the wechat user" COMMON;
    WechatInvalid 65409 "wechat account invalid" COMMON;
    WorkerLimit 65410 "too many custom service accounts bound by the worker" COMMON;
    InvitationExists 65411 "a effective invitation to bind the custom service account exists" COMMON;
    AgentBound 65412 "the custom service account have been bound by a wechat user" COMMON;
    NoSession 65413 "no effective session for the customer" COMMON;
    OtherAgent 65414 "another worker is serving the customer" COMMON;
    AgentOffline 65415 "the worker is not online" COMMON;
    RecordParameter 65416 "param invalid, please check" MSGRECORD;
    RecordWindow 65417 "it is too long from the starttime to endtime" MSGRECORD;
    MinorProtected 70000 "为保护未成年人权益，该条消息发送失败" SENDING;
    RidNotFound 76001 "rid not found" RID;
    RidMalformed 76002 "rid is error" RID;
    RidForbidden 76003 "could not query this rid,no permission" RID;
    CgiPathNotFound 76021 "cgi_path not found" APIMANAGE;
    CgiPathForbidden 76022 "could not use this cgi_path, no permission" APIMANAGE;

    BadRequest 990001 "the request cannot be read; send one JSON object with the members the page sends" OWN;
    LoginNeeded 990002 "log in first" OWN;
    Forbidden 990003 "not allowed for this login or from this origin" OWN;
    NotFound 990004 "there is nothing at this address" OWN;
    Conflict 990005 "that has changed meanwhile; load it again" OWN;
    TooMany 990006 "too many requests; wait a little and try again" OWN;
    TooLarge 990007 "the request is too large" OWN;
    Busy 990008 "the desk is busy; try again" OWN;
    Internal 990009 "something failed here; try again, and give the rid to the operator" OWN;
    WrongPassword 990010 "wrong name or password" OWN;
    NameTaken 990011 "somebody has this name already; choose another" OWN;
    LinkInvalid 990012 "this sign-up link is used, expired or wrong; ask the operator for a new one" OWN;
    PasswordShort 990013 "the password needs at least 8 characters and at most 256" OWN;
    CustomerTaken 990014 "another agent has taken this customer" OWN;
    SessionClosed 990015 "this session is closed" OWN;
    ReplyWindow 990016 "the customer last wrote more than 48 hours ago; a reply is no longer possible" OWN;
    InvitationGone 990017 "this invitation is no longer valid" OWN;
    BoundTooOften 990018 "this worker is bound to as many accounts as one worker may be" OWN;
    MessageSize 990019 "a message has 1 to 2048 bytes of text" OWN;
    NameMalformed 990020 "a name has 1 to 20 of A-Z, a-z, 0-9, _ and -" OWN;
    UnknownHost 990021 "this desk does not know itself by this name; its operator can give it with --public-url" OWN;
    ColleagueGone 990022 "this colleague is not online; choose another" OWN;
    NoPicture 990023 "this is no picture; send a PNG, JPEG, GIF or WebP file" OWN;
    FilesFull 990024 "the desk has no room for files; ask its operator" OWN;
    FilesOfDay 990025 "too many bytes of files from this customer today; go on tomorrow" OWN;
    FilesOfAccount 990026 "the account has as many bytes of files as it may; ask the desk's operator" OWN;
    FilesOfAddress 990027 "too many bytes of files from this address; wait and try again" OWN;
    UploadSlow 990028 "the upload stood still or was too slow; try again where the network is better" OWN;
    CookieNeeded 990029 "this browser showed no cookie, and without one no answer can reach it; load the page again \
        and allow cookies" OWN;
    CookieReplaced 990034 "another page has just got a new cookie for this browser; send it again with that one" OWN;
    DemoHost 990038 "a demo answers under addresses, localhost and the host of --as only; use kefu serve for other \
        names" OWN;

    WorkParameter 10130002 "invalid parameter" WORK;
    WorkForbidden 10130030 "no permission for this mini program" WORK;
    InvalidCorpid 10130600 "invalid corpid" WORK;
    OtherCorpid 10130602 "corpid does not match the mini program" WORK;
    WorkBound 10130603 "already bound" WORK;
    WorkUnbound 10130604 "not bound yet" WORK;
}

impl Errcode {
    /// Whether this is a refusal of Kefu's own pages, which no endpoint of Weixin's answers.
    #[must_use]
    pub const fn is_own(self) -> bool {
        self.number() >= 990_000 && self.number() < 1_000_000
    }

    /// The HTTP status that fits, for everything that is not one of Weixin's endpoints (those
    /// answer 200 whatever happens).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Errcode::Ok => 200,
            Errcode::LoginNeeded | Errcode::WrongPassword => 401,
            Errcode::Forbidden => 403,
            Errcode::NotFound | Errcode::LinkInvalid => 404,
            Errcode::Conflict
            | Errcode::NameTaken
            | Errcode::CustomerTaken
            | Errcode::SessionClosed
            | Errcode::ReplyWindow
            | Errcode::InvitationGone
            | Errcode::BoundTooOften
            | Errcode::ColleagueGone
            | Errcode::CookieReplaced => 409,
            Errcode::UploadSlow => 408,
            Errcode::TooLarge => 413,
            Errcode::UnknownHost | Errcode::DemoHost => 421,
            Errcode::TooMany | Errcode::FilesOfDay | Errcode::FilesOfAddress => 429,
            Errcode::Internal => 500,
            Errcode::Busy | Errcode::SystemError => 503,
            Errcode::FilesFull | Errcode::FilesOfAccount => 507,
            _ => 400,
        }
    }
}

impl fmt::Display for Errcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.text())
    }
}

impl std::error::Error for Errcode {}

#[cfg(test)]
mod tests {
    use super::Errcode;
    use std::collections::HashSet;

    #[test]
    fn every_number_stands_once_and_in_order() {
        let numbers: Vec<i64> = Errcode::ALL.iter().map(|code| code.number()).collect();
        let distinct: HashSet<_> = numbers.iter().collect();
        assert_eq!(distinct.len(), numbers.len());
        assert!(numbers.is_sorted());
    }

    #[test]
    fn refusals_of_our_own_pages_have_the_status_that_fits() {
        let of = |status: u16| {
            Errcode::ALL
                .iter()
                .filter(move |code| code.status() == status && code.is_own())
                .map(|code| code.number() - 990_000)
        };
        assert!(
            of(401).eq([2, 10])
                && of(403).eq([3])
                && of(404).eq([4, 12])
                && of(413).eq([7])
                && of(421).eq([21, 38])
        );
        assert!(
            of(409).eq([5, 11, 14, 15, 16, 17, 18, 22, 34])
                && of(429).eq([6, 25, 27])
                && of(500).eq([9])
                && of(503).eq([8])
        );
        assert!(of(400).eq([1, 13, 19, 20, 23, 29]));
        assert!(of(408).eq([28]) && of(507).eq([24, 26]));
        assert_eq!(
            (Errcode::Ok.status(), Errcode::SystemError.status(), Errcode::InvalidAgent.status()),
            (200, 503, 400)
        );
        assert!(!Errcode::InvalidAgent.is_own());
    }

    #[test]
    fn a_code_is_shown_with_its_number_and_its_text() {
        assert_eq!(Errcode::AgentOffline.to_string(), "65415 the worker is not online");
    }

    #[test]
    fn every_text_stands_in_json_as_it_is() {
        for code in Errcode::ALL {
            assert!(!code.text().is_empty(), "{code:?}");
            assert!(!code.text().contains(|c: char| c.is_control() || c == '"' || c == '\\'), "{code:?}");
            assert!(
                code.text().is_ascii() || *code == Errcode::MinorProtected,
                "{code:?}: Weixin's texts are English"
            );
            assert!(code.is_own() || code.source().starts_with("https://"), "{code:?}");
        }
    }
}
