//! The table of endpoints.

use super::{CalledBy, Endpoint, Methods};
use crate::errcode::Errcode::*;
use crate::limits::*;
use crate::quota::Quota;
use crate::schema::{Answers, Takes, of};
use crate::{business, kfaccount, kfsession, media, message, msgrecord, network, quota, rid, token, wecom};
use const_format::formatcp;

/// Permission sets for customer service, with the set of mini programs (19).
const WITH_19: &[u16] = &[1, 6, 19, 100, 101];
/// Permission sets for files.
const OF_MEDIA: &[u16] = &[1, 3, 8, 9, 11, 19, 30, 31, 100];
/// Permission sets for customer service, without 19.
const WITHOUT_19: &[u16] = &[1, 6, 100, 101];

/// How setkfadmin and cancelkfadmin differ from their pages.
const DIFFERS_SUPERVISOR: &str = "POST is taken too, with the parameters in query or body; kf_account, or kfaccount, \
    is taken where kf_openid is missing; 40097 for an unknown business_id, and a known one changes nothing";

/// The path of sendCustomMessage at which `businessid` must be there.
pub const BUSINESS_SEND: &str = "/cgi-bin/message/custom/business/send";

/// What an account needs before it can have agents.
const RULES_AGENT: &[(&str, &str)] = &[
    (
        formatcp!("An account has at most {AGENTS_MAX} agents."),
        formatcp!("每个账号最多 {AGENTS_MAX} 名客服。"),
    ),
    (
        "A WeChat number must be set before an official account can have agents: an operator sets it with kefu account \
         set --alias. A mini program or mini game without one uses its original id (gh_…).",
        "公众号须先设置微信号才能添加客服：运维人员用 kefu account set --alias 设置。小程序、小游戏未设置时使用原始 ID（gh_…）。",
    ),
];

/// The usual value of each column. A row states the others.
const ROW: Endpoint = Endpoint {
    name: "",
    group: "",
    meaning: "",
    meaning_zh: "",
    methods: Methods::Post,
    path: "",
    aliases: &[],
    called_by: CalledBy::Everyone,
    sets: &[],
    feature_off: None,
    quota: Some(Quota::GENEROUS),
    cloud: None,
    rules: &[],
    takes: Takes::NOTHING,
    answers: Answers::Unstated,
    own_codes: &[],
    differs: "",
    page: "",
};

/// The permission set for the binding to WeCom.
const OF_WECOM: &[u16] = &[161];

/// A page of Weixin's about the API of Mini Programs.
macro_rules! mini_page {
    ($page:literal) => {
        concat!("https://developers.weixin.qq.com/miniprogram/dev/server/API/", $page)
    };
}

/// A page of Weixin's about the API of service accounts.
macro_rules! page {
    ($page:literal) => {
        concat!("https://developers.weixin.qq.com/doc/service/en/api/", $page)
    };
}

macro_rules! endpoints {
    ($($(#[doc = $doc:literal])+ $id:ident = { $($column:ident: $value:expr,)* })*) => {
        $($(#[doc = $doc])+ pub static $id: Endpoint = Endpoint {
            meaning: concat!($($doc),+),
            $($column: $value,)*
            ..ROW
        };)*
        /// The whole table.
        pub static ALL: &[&Endpoint] = &[$(&$id),*];
    };
}

endpoints! {
    /// Issues an account's token.
    GET_ACCESS_TOKEN = {
        name: "getAccessToken",
        group: "token",
        meaning_zh: "取得账号的 access_token。",
        methods: Methods::PostToo,
        path: "/cgi-bin/token",
        called_by: CalledBy::Secret,
        quota: Some(Quota { daily: TOKENS_PER_DAY, per_minute: TOKENS_PER_MINUTE }),
        takes: Takes::query::<token::GetAccessToken>(),
        answers: Answers::Json(of::<token::AccessToken>),
        own_codes: &[InvalidGrantType, AppidMissing, AppsecretMissing, InvalidAppid, InvalidAppsecret, InvalidIp],
        differs: "a wrong secret is always 40125, never 40001; POST is taken too, with the parameters in the query",
        page: page!("base/api_getaccesstoken"),
    }
    /// Issues or repeats an account's stable token.
    GET_STABLE_ACCESS_TOKEN = {
        name: "getStableAccessToken",
        group: "token",
        meaning_zh: formatcp!("取得账号的稳定版 access_token；未到最后 {TOKEN_OVERLAP_MIN} 分钟时重复返回同一个。"),
        path: "/cgi-bin/stable_token",
        called_by: CalledBy::Secret,
        quota: Some(Quota { daily: STABLE_TOKENS_PER_DAY, per_minute: STABLE_TOKENS_PER_MINUTE }),
        takes: Takes::json::<token::GetStableAccessToken>(),
        answers: Answers::Json(of::<token::AccessToken>),
        own_codes: &[InvalidGrantType, AppidMissing, AppsecretMissing, InvalidAppid, InvalidAppsecret, InvalidIp],
        page: page!("base/api_getstableaccesstoken"),
    }
    /// Creates an agent.
    ADD_KF_ACCOUNT = {
        name: "addkfaccount",
        group: "kfaccount",
        meaning_zh: "添加客服账号。",
        path: "/customservice/kfaccount/add",
        aliases: &["/cgi-bin/customservice/kfaccount/add"],
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<kfaccount::AddKfAccount>(),
        rules: RULES_AGENT,
        answers: Answers::Done,
        own_codes: &[
            InvalidArgs, IllegalNickname, IllegalAgent, AgentLimit, AgentExists, AlreadyWorker,
            AlreadyInvited, WechatInvalid, WorkerLimit,
        ],
        differs: "the retired body with kf_wx alone is taken from Mini Programs: it creates an agent and invites that \
            person, and is refused with the codes of invitekfworker; 40097 for an unknown business_id, and a known one \
            changes nothing",
        page: page!("customer/servicermanage/api_addkfaccount"),
    }
    /// Changes an agent's nickname.
    UPDATE_KF_ACCOUNT = {
        name: "updatekfaccount",
        group: "kfaccount",
        meaning_zh: "修改客服昵称。",
        path: "/customservice/kfaccount/update",
        aliases: &["/cgi-bin/customservice/kfaccount/update"],
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<kfaccount::UpdateKfAccount>(),
        answers: Answers::Done,
        own_codes: &[InvalidAgent, IllegalNickname],
        page: page!("customer/servicermanage/api_updatekfaccount"),
    }
    /// Deletes an agent.
    DEL_KF_ACCOUNT = {
        name: "delkfaccount",
        group: "kfaccount",
        meaning_zh: "删除客服账号。",
        methods: Methods::GetToo,
        path: "/customservice/kfaccount/del",
        aliases: &["/cgi-bin/customservice/kfaccount/del"],
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<kfaccount::DelKfAccount>(),
        answers: Answers::Done,
        own_codes: &[InvalidArgs, InvalidAgent],
        differs: "GET with the agent in the query is taken too, as the page before this one had it; the agent's \
            sessions are closed first; 40097 for an unknown business_id, and a known one changes nothing",
        page: page!("customer/servicermanage/api_delkfaccount"),
    }
    /// Invites a worker to be an agent.
    INVITE_KF_WORKER = {
        name: "invitekfworker",
        group: "kfaccount",
        meaning_zh: "邀请微信号绑定客服账号。",
        path: "/customservice/kfaccount/inviteworker",
        aliases: &["/cgi-bin/customservice/kfaccount/inviteworker"],
        sets: WITH_19,
        feature_off: Some(InvalidAgent),
        takes: Takes::json::<kfaccount::InviteKfWorker>(),
        answers: Answers::Done,
        own_codes: &[
            InvalidAgent, AlreadyWorker, AlreadyInvited, WechatInvalid, WorkerLimit, InvitationExists,
            AgentBound,
        ],
        differs: "65401 for an unknown agent, as in real answers; a person unknown here is invited too, and finds the \
            invitation after signing up",
        page: page!("customer/servicermanage/api_invitekfworker"),
    }
    /// Gives an agent a picture.
    UPLOAD_KF_HEADIMG = {
        name: "uploadkfheadimg",
        group: "kfaccount",
        meaning_zh: "设置客服头像。",
        path: "/customservice/kfaccount/uploadheadimg",
        aliases: &["/cgi-bin/customservice/kfaccount/uploadheadimg"],
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(InvalidAgent),
        takes: Takes::form::<kfaccount::UploadKfHeadimg>(),
        answers: Answers::Done,
        own_codes: &[InvalidFileType, InvalidMediaSize, MediaDataMissing, InvalidAgent],
        differs: "PNG is taken beside JPEG; 40006, 41005 and 65401 are in the list of common codes, not on the page; \
            the token may be a field of the form, and the file a field named file, as SDKs send them",
        page: page!("customer/servicermanage/api_uploadkfheadimg"),
    }
    /// Makes an agent a supervisor.
    SET_KF_ADMIN = {
        name: "setkfadmin",
        group: "kfaccount",
        meaning_zh: "将一名客服设为主管：可查看并转接全部会话。",
        methods: Methods::PostToo,
        path: "/customservice/kfaccount/setadmin",
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<kfaccount::SetKfAdmin>(),
        answers: Answers::Done,
        own_codes: &[InvalidOpenid, InvalidArgs, InvalidAgent, AgentUnbound],
        differs: DIFFERS_SUPERVISOR,
        page: "https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_setkfadmin",
    }
    /// Makes a supervisor an ordinary agent again.
    CANCEL_KF_ADMIN = {
        name: "cancelkfadmin",
        group: "kfaccount",
        meaning_zh: "取消一名客服的主管身份。",
        methods: Methods::PostToo,
        path: "/customservice/kfaccount/canceladmin",
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<kfaccount::SetKfAdmin>(),
        answers: Answers::Done,
        own_codes: &[InvalidOpenid, InvalidArgs, InvalidAgent, AgentUnbound],
        differs: DIFFERS_SUPERVISOR,
        page: "https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_cancelkfadmin",
    }
    /// Lists all agents.
    GET_KF_LIST = {
        name: "getkflist",
        group: "kfaccount",
        meaning_zh: "列出全部客服。",
        methods: Methods::PostToo,
        path: "/cgi-bin/customservice/getkflist",
        aliases: &["/customservice/getkflist"],
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::query::<kfaccount::GetKfList>(),
        answers: Answers::Json(of::<kfaccount::KfList>),
        own_codes: &[InvalidArgs],
        differs: "POST without a body is taken too, as itchatmp sends it; 40097 for an unknown business_id, and a \
            known one changes nothing; kf_id and invite_expire_time are numbers, as in real answers, where the page \
            says string, but kf_id is a string for accounts with --kf-id-as-string; kf_wx is empty for an agent \
            without an invitation",
        page: page!("customer/servicermanage/api_getkflist"),
    }
    /// Lists the agents who are logged in.
    GET_ONLINE_KF_LIST = {
        name: "getonlinekflist",
        group: "kfaccount",
        meaning_zh: "列出已登录的客服。",
        methods: Methods::PostToo,
        path: "/cgi-bin/customservice/getonlinekflist",
        aliases: &["/customservice/getonlinekflist"],
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::query::<kfaccount::GetKfList>(),
        answers: Answers::Json(of::<kfaccount::KfOnlineList>),
        own_codes: &[InvalidArgs],
        differs: "POST without a body is taken too, as itchatmp sends it; 40097 for an unknown business_id, and a \
            known one changes nothing; lists the agents who are logged in: status 0 is a worker who is away; \
            kf_openid, which newer pages list, is there; the retired auto_accept is for accounts with --auto-accept, \
            and kf_id is a string for those with --kf-id-as-string",
        page: page!("customer/servicermanage/api_getonlinekflist"),
    }
    /// Opens a session.
    CREATE_KF_SESSION = {
        name: "createkfsession",
        group: "kfsession",
        meaning_zh: "创建会话：把客户交给一名客服。",
        path: "/customservice/kfsession/create",
        aliases: &["/cgi-bin/customservice/kfsession/create"],
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<kfsession::AgentAndCustomer>(),
        answers: Answers::Done,
        own_codes: &[InvalidOpenid, InvalidAgent, AgentUnbound, OtherAgent, AgentOffline],
        differs: "40003 and 65414 are in the list of common codes, not on the page",
        page: page!("customer/messctrl/api_createkfsession"),
    }
    /// Closes a session.
    CLOSE_KF_SESSION = {
        name: "closesession",
        group: "kfsession",
        meaning_zh: "关闭会话。",
        path: "/customservice/kfsession/close",
        aliases: &["/cgi-bin/customservice/kfsession/close"],
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(InvalidAgent),
        takes: Takes::json::<kfsession::AgentAndCustomer>(),
        answers: Answers::Done,
        own_codes: &[InvalidOpenid, InvalidAgent, AgentUnbound, NoSession, OtherAgent],
        differs: "65401 and 65402 for an agent who is unknown or has no worker, as the sibling pages have them",
        page: page!("customer/messctrl/api_closesession"),
    }
    /// Returns the agent who serves a customer.
    GET_KF_SESSION = {
        name: "getkfsession",
        group: "kfsession",
        meaning_zh: "查询由哪名客服接待一位客户。",
        methods: Methods::Get,
        path: "/customservice/kfsession/getsession",
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(FeatureOff),
        takes: Takes::query::<kfsession::GetKfSession>(),
        answers: Answers::Json(of::<kfsession::KfSession>),
        own_codes: &[InvalidOpenid],
        page: page!("customer/messctrl/api_getkfsession"),
    }
    /// Lists the sessions of an agent.
    GET_KF_SESSION_LIST = {
        name: "getkfsessionlist",
        group: "kfsession",
        meaning_zh: "列出一名客服正在进行的会话。",
        methods: Methods::Get,
        path: "/customservice/kfsession/getsessionlist",
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(InvalidAgent),
        takes: Takes::query::<kfsession::GetKfSessionList>(),
        answers: Answers::Json(of::<kfsession::SessionList>),
        own_codes: &[InvalidAgent, AgentUnbound],
        page: page!("customer/messctrl/api_getkfsessionlist"),
    }
    /// Lists the waiting customers.
    GET_WAIT_CASE = {
        name: "getwaitcase",
        group: "kfsession",
        meaning_zh: "列出等待接入的客户。",
        methods: Methods::Get,
        path: "/customservice/kfsession/getwaitcase",
        called_by: CalledBy::Official,
        sets: WITHOUT_19,
        feature_off: Some(FeatureOff),
        answers: Answers::Json(of::<kfsession::WaitCase>),
        page: page!("customer/messctrl/api_getwaitcase"),
    }
    /// Stores a temporary file.
    UPLOAD_TEMP_MEDIA = {
        name: "uploadTempMedia",
        group: "media",
        meaning_zh: formatcp!("上传临时素材，有效期 {MEDIA_LIFE_D} 天。"),
        path: "/cgi-bin/media/upload",
        cloud: Some("officialAccount.media.upload"),
        sets: OF_MEDIA,
        takes: Takes::form::<media::UploadTempMedia>(),
        answers: Answers::Json(of::<media::UploadedMedia<'static>>),
        own_codes: &[InvalidMediaType, InvalidFileType, InvalidMediaSize, MediaDataMissing, EmptyMediaData, MediaSize],
        differs: formatcp!(
            "45001 for more than {FILE_MAX_MB} MB, 40006 for less than that and more than its type allows; how long a \
             recording plays is not checked; a thumb has its id as media_id and as thumb_media_id"
        ),
        page: page!("material/temporary/api_uploadtempmedia"),
    }
    /// Returns a temporary file.
    GET_MEDIA = {
        name: "getMedia",
        group: "media",
        meaning_zh: "获取临时素材。",
        methods: Methods::PostToo,
        path: "/cgi-bin/media/get",
        cloud: Some("officialAccount.media.get"),
        sets: OF_MEDIA,
        takes: Takes::query::<media::GetMedia>(),
        answers: Answers::File(of::<media::VideoAddress>),
        own_codes: &[InvalidMediaId, MediaIdMissing],
        differs: "POST without a body is taken too, as PowerWeChat sends it; older pages call it getTempMedia",
        page: page!("material/temporary/api_getmedia"),
    }
    /// Lists the messages that agents sent and received.
    GET_MSG_LIST = {
        name: "getmsglist",
        group: "msgrecord",
        meaning_zh: "查询客服收发的消息记录。",
        path: "/customservice/msgrecord/getmsglist",
        called_by: CalledBy::Official,
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<msgrecord::GetMsgList>(),
        answers: Answers::Json(of::<msgrecord::MsgList>),
        own_codes: &[RecordParameter, RecordWindow],
        differs: "the msgid of an answer is one more than its last record's, so that a client that asks until the \
            list is empty ends; integers may come as texts; endtime itself is not in the window; what a customer \
            wrote while waiting counts as received, by the agent who took the session, at that moment",
        page: "https://developers.weixin.qq.com/doc/service/api/customer/message/api_getmsglist",
    }
    /// Lists records, as before getmsglist: withdrawn, but co-wechat-api, Senparc and weixin-popular still call it.
    GET_RECORD = {
        name: "getrecord",
        group: "msgrecord",
        meaning_zh: "旧版聊天记录接口：已下线，仍有 SDK 调用。",
        path: "/customservice/msgrecord/getrecord",
        called_by: CalledBy::Official,
        sets: WITH_19,
        feature_off: Some(FeatureOff),
        takes: Takes::json::<msgrecord::GetRecord>(),
        answers: Answers::Json(of::<msgrecord::RecordList>),
        own_codes: &[RecordParameter, RecordWindow],
        differs: formatcp!(
            "withdrawn there; here as SDKs send and read it: operation codes 1000 to 1005 and 2001 to 2003, at most \
             {RECORD_PAGE_MAX} records a page, within one calendar day in Beijing"
        ),
        page: "https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Obtain_chat_transcript.html",
    }
    /// Sends a message to a customer.
    SEND_CUSTOM_MESSAGE = {
        name: "sendCustomMessage",
        group: "message",
        meaning_zh: "给客户发送客服消息。",
        path: "/cgi-bin/message/custom/send",
        aliases: &[BUSINESS_SEND],
        cloud: Some("customerServiceMessage.send"),
        sets: WITH_19,
        quota: Some(Quota { daily: MESSAGES_PER_DAY, ..Quota::GENEROUS }),
        takes: Takes::json_with::<message::SendCustomMessage, message::ContentMembers>(),
        answers: Answers::Done,
        own_codes: &[
            InvalidOpenid,
            InvalidMediaId,
            InvalidMessageType,
            ParameterMissing,
            EmptyNews,
            EmptyContent,
            ArticleSize,
            ResponseTime,
            ResponseCount,
            MenuSize,
            MenuItemSize,
            MsgtypeForbidden,
            InvalidAgent,
        ],
        differs: "of the errors of a message the page lists 45008 only; businessid is ignored, except at \
            /business/send, a path of older pages, 40101 without it; 70000 is never answered; 65401 for an unknown \
            agent in customservice; mpnews, mpnewsarticle and wxcard are shown by their ids, because the desk keeps no \
            material; video and music need no thumb_media_id",
        page: page!("customer/message/api_sendcustommessage"),
    }
    /// Shows the typing sign to a customer.
    SHOW_TYPING = {
        name: "typing",
        group: "message",
        meaning_zh: "让客户看到“正在输入”。",
        path: "/cgi-bin/message/custom/typing",
        cloud: Some("customerServiceMessage.setTyping"),
        sets: WITH_19,
        takes: Takes::json::<message::SetTyping>(),
        answers: Answers::Done,
        own_codes: &[InvalidOpenid, ResponseTime, InvalidCommand, TypingTooLate, AlreadyTyping],
        differs: "40003 and 45015, which the page does not list; Mini Programs and Mini Games may call it too, as \
            older pages have it",
        page: page!("customer/message/api_typing"),
    }
    /// Shows the typing sign to a customer of a Mini Program or Mini Game.
    SHOW_BUSINESS_TYPING = {
        name: "businessTyping",
        group: "message",
        meaning_zh: "让客户看到“正在输入”，供小程序和小游戏使用。",
        path: "/cgi-bin/message/custom/business/typing",
        cloud: Some("customerServiceMessage.setTyping"),
        sets: WITH_19,
        takes: Takes::json::<message::SetTyping>(),
        answers: Answers::Done,
        own_codes: &[InvalidOpenid, InvalidAccountType, ResponseTime, InvalidCommand, TypingTooLate, AlreadyTyping],
        differs: "40003 and 45015, which the page does not list",
        page: page!("customer/message/api_typing"),
    }
    /// Creates a sub-merchant.
    REGISTER_BUSINESS = {
        name: "registerbusiness",
        group: "business",
        meaning_zh: "创建客服子商户。",
        path: "/cgi-bin/business/register",
        called_by: CalledBy::MiniProgram,
        takes: Takes::json::<business::RegisterBusiness>(),
        answers: Answers::Json(of::<business::BusinessRegistered>),
        own_codes: &[
            InvalidMediaType, InvalidMediaId, BusinessExists, BusinessLimit, IllegalBusinessNickname,
            IllegalAccountName,
        ],
        differs: formatcp!(
            "business_id is a number, as in the page's sample, where its table says string; {ACCOUNT_NAME_MIN} to \
             {ACCOUNT_NAME_MAX} characters of account_name hold for its sample too, which has 5; every Mini Program \
             may call it, whatever its category; 45079 for forbidden words is not answered; transfer_to_commkf is kept \
             and changes nothing here"
        ),
        page: mini_page!("kf-mgnt/kf-management/api_registerbusiness"),
    }
    /// Changes a sub-merchant's nickname and picture.
    UPDATE_BUSINESS = {
        name: "updatebusiness",
        group: "business",
        meaning_zh: "更新客服子商户的昵称和头像。",
        path: "/cgi-bin/business/update",
        called_by: CalledBy::MiniProgram,
        takes: Takes::json::<business::UpdateBusiness>(),
        answers: Answers::Done,
        own_codes: &[InvalidMediaType, InvalidMediaId, NoBusiness, IllegalBusinessNickname],
        differs: "business_id may be a number or a text; 45077 and 45079 are never \
            answered",
        page: mini_page!("kf-mgnt/kf-management/api_updatebusiness"),
    }
    /// Returns one sub-merchant.
    GET_BUSINESS = {
        name: "getbusiness",
        group: "business",
        meaning_zh: "查询一个客服子商户。",
        path: "/cgi-bin/business/get",
        called_by: CalledBy::MiniProgram,
        takes: Takes::json::<business::GetBusiness>(),
        answers: Answers::Json(of::<business::BusinessAnswer>),
        own_codes: &[NoBusiness],
        differs: "where both are sent business_id counts, and 47001 without either; the picture is icon_url, as in the \
            page's sample, where its table says icon_media_id; business_id may be a number or a text, and is a number \
            in the answer",
        page: mini_page!("kf-mgnt/kf-management/api_getbusiness"),
    }
    /// Lists the sub-merchants.
    LIST_BUSINESS = {
        name: "listbusiness",
        group: "business",
        meaning_zh: "分页列出客服子商户。",
        path: "/cgi-bin/business/list",
        called_by: CalledBy::MiniProgram,
        takes: Takes::json::<business::ListBusiness>(),
        answers: Answers::Json(of::<business::BusinessList>),
        differs: formatcp!(
            "in the order in which they were created; 47001 for a count that is not 1 to {BUSINESSES_PER_PAGE}, rather \
             than fewer, which would mean the end; the picture is icon_url, and business_id a number, as in the page's \
             sample"
        ),
        page: mini_page!("kf-mgnt/kf-management/api_listbusiness"),
    }
    /// Returns the WeCom enterprise that the Mini Program is bound to.
    GET_KF_WORK_BOUND = {
        name: "getKfWorkBound",
        group: "work",
        meaning_zh: "查询小程序绑定的微信客服（企业微信）。",
        methods: Methods::PostToo,
        path: "/customservice/work/get",
        called_by: CalledBy::MiniProgram,
        sets: OF_WECOM,
        answers: Answers::Json(of::<wecom::KfWorkBound>),
        own_codes: &[WecomForbidden],
        differs: "POST is taken too, as some SDKs send it; entityName is the account's name, because the desk \
            knows no other name of its owner",
        page: mini_page!("kf-work/api_getkfworkbound"),
    }
    /// Binds the Mini Program to a WeCom enterprise.
    BIND_KF_WORK = {
        name: "bindKfWork",
        group: "work",
        meaning_zh: "为小程序绑定微信客服（企业微信）。",
        path: "/customservice/work/bind",
        called_by: CalledBy::MiniProgram,
        sets: OF_WECOM,
        takes: Takes::json::<wecom::BindKfWork>(),
        answers: Answers::Done,
        own_codes: &[WecomParameter, WecomForbidden, InvalidCorpid, WecomBound],
        differs: "any corpid of the right shape is taken, so 10130602 is not answered, nor 10130601, which means the \
            same as 10130600; it is kept, and customers stay with this desk; the page has its texts in Chinese",
        page: mini_page!("kf-work/api_bindkfwork"),
    }
    /// Unbinds the Mini Program from its WeCom enterprise.
    UNBIND_KF_WORK = {
        name: "unbindKfWork",
        group: "work",
        meaning_zh: "为小程序解除绑定微信客服（企业微信）。",
        path: "/customservice/work/unbind",
        called_by: CalledBy::MiniProgram,
        sets: OF_WECOM,
        takes: Takes::json::<wecom::BindKfWork>(),
        answers: Answers::Done,
        own_codes: &[WecomParameter, InvalidCorpid, OtherCorpid, WecomUnbound],
        differs: "10130602 for another corpid than the one that is bound; 10130601 is not answered; the page has its \
            texts in Chinese",
        page: mini_page!("kf-work/api_unbindkfwork"),
    }
    /// Clears the day's calls of an account.
    CLEAR_QUOTA = {
        name: "clearQuota",
        group: "quota",
        meaning_zh: formatcp!("清零账号当日的接口调用次数；每月 {CLEARS_PER_MONTH} 次。"),
        path: "/cgi-bin/clear_quota",
        called_by: CalledBy::Any,
        takes: Takes::json::<quota::ClearQuota>(),
        answers: Answers::Done,
        own_codes: &[InvalidAppid, ClearLimit],
        differs: "minute limits end by themselves and are not cleared",
        page: page!("apimanage/api_clearquota"),
    }
    /// Clears the day's calls of an account, with the account's secret.
    CLEAR_QUOTA_BY_SECRET = {
        name: "clearQuotaByAppSecret",
        group: "quota",
        meaning_zh: formatcp!("凭账号密钥清零当日的接口调用次数；与 clearQuota 共用每月 {CLEARS_PER_MONTH} 次。"),
        path: "/cgi-bin/clear_quota/v2",
        called_by: CalledBy::Secret,
        quota: None,
        takes: Takes::json::<quota::ClearQuotaByAppSecret>(),
        answers: Answers::Done,
        own_codes: &[InvalidAppid, InvalidAppsecret, InvalidIp, AppidMissing, AppsecretMissing, ClearLimit],
        differs: "40125 for a wrong secret and 40164, which the page does not list; the parameters in the query, as \
            its sample has them, or in the body, as its table has them",
        page: page!("apimanage/api_clearquotabyappsecret"),
    }
    /// Clears the day's calls of an account, with a platform's secret.
    CLEAR_COMPONENT_QUOTA = {
        name: "clearComponentQuotaByAppSecret",
        group: "quota",
        meaning_zh: "第三方平台凭自己的密钥清零自身或已授权账号当日的接口调用次数。",
        path: "/cgi-bin/component/clear_quota/v2",
        called_by: CalledBy::Secret,
        quota: None,
        takes: Takes::json::<quota::ClearComponentQuotaByAppSecret>(),
        answers: Answers::Done,
        own_codes: &[
            InvalidAppid, InvalidAppsecret, AppidMissing, AppsecretMissing, ComponentAppidMissing,
            NotAuthorizedByAccount, UnregisteredIp, ClearLimit,
        ],
        differs: "41018, 40125, 61003 and 61004, which the page does not list; appid may name the platform itself",
        page: "https://developers.weixin.qq.com/doc/oplatform/en/openApi/OpenApiDoc/openapi/clearComponentQuotaByAppSecret.html",
    }
    /// Returns an endpoint's quota and its calls of the day.
    GET_API_QUOTA = {
        name: "getApiQuota",
        group: "quota",
        meaning_zh: "查询某接口的每日额度、当日已用次数和每分钟上限。",
        path: "/cgi-bin/openapi/quota/get",
        called_by: CalledBy::Any,
        takes: Takes::json::<quota::CgiPath>(),
        answers: Answers::Json(of::<quota::ApiQuota>),
        own_codes: &[CgiPathNotFound, CgiPathForbidden],
        differs: "component_rate_limit is what platforms together may call for the account in a minute; where several \
            nodes serve, used may lack what others counted in the last second",
        page: page!("apimanage/api_getapiquota"),
    }
    /// Clears the day's calls of one endpoint.
    CLEAR_API_QUOTA = {
        name: "clearApiQuota",
        group: "quota",
        meaning_zh: formatcp!("清零某一接口当日的调用次数；每月 {API_CLEARS_PER_MONTH} 次。"),
        path: "/cgi-bin/openapi/quota/clear",
        called_by: CalledBy::Any,
        takes: Takes::json::<quota::CgiPath>(),
        answers: Answers::Done,
        own_codes: &[CgiPathNotFound, CgiPathForbidden, ClearLimit],
        differs: formatcp!(
            "48006 when the month's {API_CLEARS_PER_MONTH} are used up; the page names no code for that"
        ),
        page: page!("apimanage/api_clearapiquota"),
    }
    /// Returns a refused call by its request id.
    GET_RID_INFO = {
        name: "getRidInfo",
        group: "quota",
        meaning_zh: formatcp!("按 rid 查询一次被拒绝的调用；保留 {RID_LIFE_D} 天。"),
        path: "/cgi-bin/openapi/rid/get",
        called_by: CalledBy::Any,
        takes: Takes::json::<rid::GetRidInfo>(),
        answers: Answers::Json(of::<rid::RidInfo>),
        own_codes: &[RidNotFound, RidMalformed, RidForbidden],
        differs: formatcp!(
            "calls without a valid token are not kept, and of each account the last {RIDS_MAX} refusals only"
        ),
        page: page!("apimanage/api_getridinfo"),
    }
    /// Checks how the account's developer's server is reached.
    CALLBACK_CHECK = {
        name: "callbackCheck",
        group: "network",
        meaning_zh: "检测本系统到账号消息推送 URL 的网络：解析域名，并连接各地址。",
        path: "/cgi-bin/callback/check",
        called_by: CalledBy::Any,
        quota: Some(Quota { daily: CALLBACK_CHECKS_PER_DAY, per_minute: CALLBACK_CHECKS_PER_MINUTE }),
        takes: Takes::json::<network::CallbackCheck>(),
        answers: Answers::Json(of::<network::CallbackChecked>),
        own_codes: &[InvalidCallbackUrl, InvalidCheckAction, InvalidCheckOperator],
        differs: formatcp!(
            "ping is a TCP connection to the port of the URL; addresses that this desk may not call are left out, and \
             so are those after the first {CALLBACK_CHECK_ADDRESSES}; all operators are DEFAULT; -1 while another \
             check of the account runs; the page has its texts in Chinese"
        ),
        page: page!("base/api_callbackcheck"),
    }
    /// Returns the addresses that pushes come from.
    GET_CALLBACK_IP = {
        name: "getCallbackIp",
        group: "network",
        meaning_zh: "查询消息推送的来源 IP：运维人员用 callback-ip 设置，默认为监听地址。",
        methods: Methods::Get,
        path: "/cgi-bin/getcallbackip",
        called_by: CalledBy::Any,
        takes: Takes::NOTHING,
        answers: Answers::Json(of::<network::CallbackIp>),
        differs: "the addresses are what the operator has set, else the one that the desk listens on",
        page: page!("base/api_getcallbackip"),
    }
}
