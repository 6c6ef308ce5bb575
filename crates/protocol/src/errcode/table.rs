//! The table of error codes.

use super::ErrcodeHelp;
use crate::limits::*;
use const_format::formatcp;

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
const WECOM: &str = "https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-work/api_bindkfwork";
/// The page of `getApiQuota`, whose siblings share its codes.
const APIMANAGE: &str = "https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getapiquota";
/// The page of `callbackCheck`. It has its texts in Chinese only: these are translations.
const CALLBACK_CHECK: &str = "https://developers.weixin.qq.com/doc/service/en/api/base/api_callbackcheck";
/// The page of `getRidInfo`.
const RID: &str = "https://developers.weixin.qq.com/doc/service/en/api/apimanage/api_getridinfo";
/// The refusals of Kefu's own pages.
const OWN: &str = "Kefu";

macro_rules! errcodes {
    ($($name:ident $number:literal $text:expr, $source:ident
        $({ $means:expr, $mend:expr; $means_zh:expr, $mend_zh:expr })?;)*) => {
        /// One error code of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Errcode {
            $(#[doc = concat!("`", stringify!($number), "`")] $name,)*
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

            /// Help for a caller; `None` for refusals of Kefu's own pages, whose texts are their help.
            #[must_use]
            pub const fn help(self) -> Option<ErrcodeHelp> {
                match self {
                    $($(Errcode::$name => Some(ErrcodeHelp {
                        means: $means, mend: $mend, means_zh: $means_zh, mend_zh: $mend_zh,
                    }),)?)*
                    _ => None,
                }
            }
        }
    };
}

errcodes! {
    // Name, number, text and source; then what the code means and what to do, in English and in Chinese.
    SystemError -1 "system error", COMMON {
        "The desk could not answer; nothing is known of the outcome.",
        "Wait a little and repeat: every call is safe to repeat.";
        "系统繁忙，结果未知。",
        "稍候重试；每个接口都可以安全重复调用。"
    };
    Ok 0 "ok", COMMON {
        "It is done.",
        "Nothing to mend.";
        "成功。",
        "无需处理。"
    };
    InvalidCredential 40001 "invalid credential, access_token is invalid or not latest", COMMON {
        "The token is unknown, revoked, or replaced by newer ones.",
        "Fetch a new token and repeat the call.";
        "access_token 无效、已作废或已被更新的取代。",
        "重新获取 access_token 后再调用。"
    };
    InvalidGrantType 40002 "invalid grant_type", COMMON {
        "grant_type is not client_credential.",
        "Send grant_type=client_credential.";
        "grant_type 不是 client_credential。",
        "传 grant_type=client_credential。"
    };
    InvalidOpenid 40003 "invalid openid", COMMON {
        "The openid has the wrong shape, or no customer or worker here has it.",
        formatcp!("Send the openid exactly as you received it: o and {OPENID_REST} more characters.");
        "openid 格式不对，或在此处不指向任何人。",
        formatcp!("原样传入收到的 openid：以 o 开头，共 {OPENID_LENGTH} 个字符。")
    };
    InvalidMediaType 40004 "invalid media type", COMMON {
        "type is not a kind of file that the endpoint knows.",
        "Send type=image, voice, video or thumb.";
        "媒体类型不支持。",
        "type 传 image、voice、video 或 thumb。"
    };
    InvalidFileType 40005 "invalid file type", COMMON {
        "The file is not a picture, recording or film in a format that is accepted here.",
        "Send a file of the formats the endpoint lists; its content counts, not its name.";
        "文件格式不支持。",
        "改用接口列出的格式；以文件内容为准，与文件名无关。"
    };
    InvalidMediaSize 40006 "invalid meida size", COMMON {
        "The file is larger than its kind may be.",
        "Make the file smaller; the endpoint's description has the limits.";
        "文件超过该类型的大小上限。",
        "压缩后再上传，上限见接口说明。"
    };
    InvalidMediaId 40007 "invalid media_id", COMMON {
        formatcp!("The media_id is unknown, or its {MEDIA_LIFE_D} days are over."),
        "Upload the file again and use the new media_id.";
        formatcp!("media_id 不存在或已过 {MEDIA_LIFE_D} 天有效期。"),
        "重新上传文件，使用新的 media_id。"
    };
    InvalidMessageType 40008 "invalid message type", COMMON {
        "msgtype is not a type that this account may send.",
        "Send one of the types the endpoint lists.";
        "消息类型不支持。",
        "msgtype 改为接口列出的类型之一。"
    };
    InvalidAppid 40013 "invalid appid", COMMON {
        "There is no account with this appid, or it has the wrong shape.",
        formatcp!("Check the appid: wx and {APPID_DIGITS} lower-case hexadecimal digits.");
        "appid 不存在或格式不对。",
        formatcp!("检查 appid：wx 加 {APPID_DIGITS} 位小写十六进制数字。")
    };
    InvalidAccessToken 40014 "invalid access_token", COMMON {
        "This cannot be a token: it is cut off, too long, or has other characters than tokens have.",
        "Send the token whole and unchanged.";
        "这不可能是 access_token：被截断、过长或含有其他字符。",
        "完整且原样地传入 access_token。"
    };
    InvalidUrl 40066 "invalid url", COMMON {
        "There is no such address.",
        "Check /cgi-bin/ at the beginning, and remove a slash at the end.";
        "地址不存在。",
        "检查开头是否应有 /cgi-bin/，结尾不要多斜杠。"
    };
    InvalidArgs 40097 "invalid args", COMMON {
        "business_id names no sub-merchant of the account.",
        "Leave business_id out, or send one that business/list answers.";
        "参数错误：business_id 不是本账号的子商户。",
        "不传 business_id，或传 business/list 列出的商户 ID。"
    };
    ParameterMissing 40101 "missing parameter", COMMON {
        "The address with /business/ asks for businessid, which is missing.",
        "Send businessid, or call /cgi-bin/message/custom/send.";
        "缺少参数：带 /business/ 的地址必须传 businessid。",
        "传入 businessid，或改用 /cgi-bin/message/custom/send。"
    };
    InvalidAppsecret 40125 "invalid appsecret", COMMON {
        "The secret is wrong.",
        "Check the secret; an operator makes a new one with kefu account set --new-secret.";
        "密钥不正确。",
        "检查 secret；运维人员可用 kefu account set --new-secret 重置。"
    };
    InvalidIp 40164 "invalid ip, not in whitelist", COMMON {
        "The caller's address is not on the account's list.",
        "Add the address to the list, or call from one that is on it.";
        "调用方 IP 不在白名单中。",
        "把该 IP 加入白名单，或从名单内的地址调用。"
    };
    InvalidAccountType 40200 "invalid account type", COMMON {
        "This path is for Mini Programs and Mini Games.",
        "Call /cgi-bin/message/custom/typing instead.";
        "该路径仅供小程序和小游戏使用。",
        "改用 /cgi-bin/message/custom/typing。"
    };
    InvalidCallbackUrl 40201 "invalid url, the callback url may be unset", CALLBACK_CHECK {
        "The account has no developer's server.",
        "Set its URL: an operator does that with kefu account callback.";
        "账号没有设置消息推送 URL。",
        "设置 URL：运维人员用 kefu account callback。"
    };
    InvalidCheckAction 40202 "invalid action", CALLBACK_CHECK {
        "action is none of the three.",
        "Send dns, ping or all.";
        "action 不正确。",
        "传入 dns、ping 或 all。"
    };
    InvalidCheckOperator 40203 "invalid check_operator", CALLBACK_CHECK {
        "check_operator is none of the four.",
        "Send CHINANET, UNICOM, CAP or DEFAULT.";
        "check_operator 不正确。",
        "传入 CHINANET、UNICOM、CAP 或 DEFAULT。"
    };
    AccessTokenMissing 41001 "access_token missing", COMMON {
        "The query has no access_token.",
        "Append ?access_token=… to the address; a header or the body does not count.";
        "缺少 access_token。",
        "在地址后加 ?access_token=…，放在请求头或正文中无效。"
    };
    AppidMissing 41002 "appid missing", COMMON {
        "The appid is missing.",
        "Send appid.";
        "缺少 appid。",
        "传入 appid。"
    };
    AppsecretMissing 41004 "appsecret missing", COMMON {
        "The secret is missing.",
        "Send secret.";
        "缺少 secret。",
        "传入 secret。"
    };
    MediaDataMissing 41005 "media data missing", COMMON {
        "The upload has no file.",
        "Send multipart/form-data with the file in the part named media.";
        "缺少多媒体文件数据。",
        "以 multipart/form-data 上传，文件字段名为 media。"
    };
    MediaIdMissing 41006 "media_id missing", COMMON {
        "The media_id is missing.",
        "Send media_id.";
        "缺少 media_id。",
        "传入 media_id。"
    };
    ComponentAppidMissing 41018 "missing component_appid", COMMON {
        "The component_appid is missing.",
        "Send component_appid.";
        "缺少 component_appid。",
        "传入 component_appid。"
    };
    AccessTokenExpired 42001 "access_token expired", COMMON {
        formatcp!("The token's {TOKEN_LIFE_H} hours are over."),
        "Fetch a new token and repeat the call.";
        formatcp!("access_token 已过期（有效期 {TOKEN_LIFE_H} 小时）。"),
        "重新获取 access_token 后再调用。"
    };
    RequireGet 43001 "require GET method", COMMON {
        "The endpoint takes GET.",
        "Use GET.";
        "该接口需用 GET 调用。",
        "改用 GET。"
    };
    RequirePost 43002 "require POST method", COMMON {
        "The endpoint takes POST.",
        "Use POST.";
        "该接口需用 POST 调用。",
        "改用 POST。"
    };
    EmptyMediaData 44001 "empty media data", COMMON {
        "The uploaded file is empty.",
        "Send a file that is not empty.";
        "上传的文件为空。",
        "上传非空文件。"
    };
    EmptyPostData 44002 "empty post data", COMMON {
        "The body is empty.",
        "Send a JSON object as body.";
        "请求正文为空。",
        "正文传入一个 JSON 对象。"
    };
    EmptyNews 44003 "empty news data", COMMON {
        "The message has no article.",
        "Send one article in news.articles.";
        "图文消息没有文章。",
        "在 news.articles 中传一篇文章。"
    };
    EmptyContent 44004 "empty content", COMMON {
        "The text message has no visible text.",
        "Send text with visible content.";
        "文本消息内容为空，或只有空白与不可见字符。",
        "填写消息内容。"
    };
    MediaSize 45001 "media size out of limit", COMMON {
        "The file is larger than any file may be.",
        "Make the file smaller; the endpoint's description has the limits.";
        "多媒体文件过大。",
        "压缩后再上传，上限见接口说明。"
    };
    ContentSize 45002 "content size out of limit", COMMON {
        "The body or its text is too long.",
        formatcp!("Send less: a body has at most {BODY_MAX_KIB} KiB, a text {TEXT_MAX} bytes.");
        "正文或文本过长。",
        formatcp!("缩短内容：正文最多 {BODY_MAX_KIB} KiB，文本最多 {TEXT_MAX} 字节。")
    };
    ArticleSize 45008 "article size out of limit", COMMON {
        "The message has too many articles.",
        "Send fewer articles.";
        "图文消息条数超过上限。",
        "减少图文条数。"
    };
    DailyQuota 45009 "reach max api daily quota limit", COMMON {
        "The endpoint's calls of the day are used up.",
        "Wait for tomorrow, or clear the quota with clear_quota.";
        "接口调用次数已达当日上限。",
        "等到次日，或调用 clear_quota 清零。"
    };
    MinuteQuota 45011 "api minute-quota reach limit, must slower, retry next minute", COMMON {
        "The endpoint's calls of the minute are used up.",
        "Slow down, and repeat in the next minute.";
        "接口调用过于频繁，已达每分钟上限。",
        "放慢速度，下一分钟再试。"
    };
    ResponseTime 45015 "response out of time limit or subscription is canceled", COMMON {
        "The customer was silent for too long to be answered.",
        "Wait until the customer writes again.";
        "超过可回复的时限。",
        "等客户再次发来消息。"
    };
    ResponseCount 45047 "out of response count limit", COMMON {
        "The number of messages that one message of the customer allows is used up.",
        "Wait until the customer writes again.";
        "客服消息下发条数超过上限。",
        "等客户再次发来消息。"
    };
    BusinessExists 45070 "the business account have been created", COMMON {
        "A sub-merchant with this account_name exists already.",
        "Choose another account_name, or read the existing sub-merchant with business/get.";
        "该 account_name 的商户已创建过。",
        "换用其他 account_name，或用 business/get 查询已有商户。"
    };
    NoBusiness 45071 "business account not found", COMMON {
        "The account has no such sub-merchant.",
        "List the account's sub-merchants with business/list.";
        "商户不存在。",
        "用 business/list 查看已有商户。"
    };
    InvalidCommand 45072 "invalid command", TYPING {
        "The command is neither Typing nor CancelTyping.",
        "Send one of the two.";
        "command 字段取值不对。",
        "传 Typing 或 CancelTyping。"
    };
    BusinessLimit 45077 "number of business account reach limit", COMMON {
        "The account has the most sub-merchants it may have.",
        "Use the existing ones; the operator can allow more with --businesses-max.";
        "子商户数量已达上限。",
        "使用已有商户；运维人员可用 --businesses-max 调高上限。"
    };
    IllegalBusinessNickname 45078 "nickname is illegal!", BUSINESS {
        "The sub-merchant's nickname is too short, too long, or has other characters than Chinese ones, letters \
         and digits.",
        formatcp!(
            "Send {BUSINESS_NICKNAME_MIN} to {BUSINESS_NICKNAME_MAX} of these; a Chinese character counts twice."
        );
        "商户昵称不合法。",
        formatcp!(
            "昵称由中文、英文、数字组成，{BUSINESS_NICKNAME_MIN} 到 {BUSINESS_NICKNAME_MAX} 字符，中文计 2 字符。"
        )
    };
    TypingTooLate 45080
        "need sending message to user, or recving message from user in the last 30 seconds before typing", TYPING {
        formatcp!("The typing sign needs a message from or to the customer within the last {TYPING_AFTER_S} seconds."),
        "Wait until the customer writes.";
        "下发输入状态需要近期与客户有消息往来。",
        "等客户发来消息后再下发。"
    };
    AlreadyTyping 45081 "you are already typing", TYPING {
        "The customer sees the typing sign already.",
        formatcp!("Nothing to mend: the sign lasts {TYPING_S} seconds.");
        "已在输入状态，不可重复下发。",
        formatcp!("无需处理，输入状态持续 {TYPING_S} 秒。")
    };
    IllegalAccountName 45091 "account_name is illegal!", BUSINESS {
        "The account_name is too short, too long, or has other characters than letters, digits and underscores.",
        formatcp!("Send {ACCOUNT_NAME_MIN} to {ACCOUNT_NAME_MAX} of these.");
        "account_name 不合法。",
        formatcp!("account_name 为 {ACCOUNT_NAME_MIN} 到 {ACCOUNT_NAME_MAX} 个英文、数字或下划线。")
    };
    MenuSize 45098 "msgmenu list size is out of limit", COMMON {
        "The menu has no item, or too many.",
        formatcp!("Send 1 to {MENU_MAX} items.");
        "菜单没有选项，或选项数超过上限。",
        formatcp!("菜单项为 1 到 {MENU_MAX} 个。")
    };
    MenuItemSize 45099 "msgmenu item content size is out of limit", COMMON {
        "An item of the menu is empty or too long.",
        formatcp!("Send items of 1 to {MENU_ITEM_MAX} characters.");
        "菜单项文字为空或过长。",
        formatcp!("菜单项文字为 1 到 {MENU_ITEM_MAX} 个字。")
    };
    DataFormat 47001 "data format error", COMMON {
        "The body is not one JSON object, lacks a member, has one of the wrong type, or names one twice.",
        "Compare the body with the endpoint's parameters.";
        "正文不是一个 JSON 对象，或缺少字段、类型不对、字段重复。",
        "对照接口的参数检查正文。"
    };
    ApiUnauthorized 48001 "api unauthorized", COMMON {
        "This kind of account may not call the endpoint, or must be certified first.",
        "Call with another account; an operator certifies with kefu account set --certified true.";
        "该类账号无权调用此接口，或尚未认证。",
        "换用有权限的账号；运维人员可用 kefu account set --certified true 设为已认证。"
    };
    ClearLimit 48006 "forbid to clear quota because of reaching the limit", COMMON {
        "The month's clearings of the quota are used up.",
        "Wait for the next month.";
        "清零次数已达每月上限。",
        "等到下个月。"
    };
    MsgtypeForbidden 48008 "no permission for this msgtype", COMMON {
        "Accounts of this kind do not send this type of message.",
        "Send one of the types that the endpoint lists for this kind of account.";
        "该类账号不能发送这种消息。",
        "改用接口为该类账号列出的消息类型。"
    };
    NotAuthorizedByAccount 61003 "component is not authorized by this account", COMMON {
        "The account has taken its authorization back from the platform.",
        "Ask the account to authorize the platform again: kefu component grant.";
        "账号已取消对第三方平台的授权。",
        "请账号重新授权：kefu component grant。"
    };
    UnregisteredIp 61004 "access clientip is not registered", COMMON {
        "The platform's address is not on its list.",
        "Add the address to the list.";
        "第三方平台的 IP 不在白名单中。",
        "把该 IP 加入白名单。"
    };
    UnauthorizedToComponent 61007 "api is unauthorized to component", COMMON {
        "The account grants the platform none of the permission sets that the endpoint needs.",
        "Ask the account for one of the sets the endpoint lists.";
        "账号未把所需权限集授予第三方平台。",
        "请账号授予接口列出的权限集之一。"
    };
    MustUseAccountToken 61015 "must use biz account token for not component api", COMMON {
        "A platform's own token opens no account.",
        "Use the authorizer_access_token of the account.";
        "第三方平台自身的 token 不能调用账号接口。",
        "改用该账号的 authorizer_access_token。"
    };
    FeatureOff 65400 "please enable new custom service or wait for a while if you have enabled", KFACCOUNT {
        "The account's customer service is off.",
        "An operator turns it on with kefu account set --feature true.";
        "账号未开通客服功能。",
        "运维人员可用 kefu account set --feature true 开通。"
    };
    InvalidAgent 65401 "invalid custom service account", KFSESSION {
        "There is no such agent.",
        "List the agents with getkflist; check the part after the @.";
        "客服账号不存在。",
        "用 getkflist 查看客服账号，注意 @ 之后的部分。"
    };
    AgentUnbound 65402 "the custom service account need to bind a wechat user", KFSESSION {
        "The agent has no worker yet.",
        "Invite a worker with inviteworker, and have the worker accept.";
        "客服账号尚未绑定微信号。",
        "用 inviteworker 邀请客服人员，并由其接受。"
    };
    IllegalNickname 65403 "illegal nickname", KFACCOUNT {
        formatcp!(
            "The nickname is empty, longer than {NICKNAME_MAX} characters, or has control characters; white space \
             and invisible characters alone count as empty."
        ),
        "Choose another nickname.";
        formatcp!("昵称为空（只有空白或不可见字符也算空）、超过 {NICKNAME_MAX} 个字或含控制字符。"),
        "换一个昵称。"
    };
    IllegalAgent 65404 "illegal custom service account", KFACCOUNT {
        "The agent's id has the wrong shape, or its suffix is not the account's own.",
        formatcp!(
            "Write prefix@suffix: up to {KF_ACCOUNT_PREFIX_MAX} letters, digits or _ before the @, the account's \
             WeChat number after it; an operator sets that with kefu account set --alias."
        );
        "客服账号格式不对，或 @ 之后不是本账号的微信号。",
        formatcp!(
            "写成“前缀@微信号”：前缀最多 {KF_ACCOUNT_PREFIX_MAX} 个字母、数字或下划线；账号的微信号由运维人员用 \
             kefu account set --alias 设置。"
        )
    };
    AgentLimit 65405 "custom service account number reach limit", KFACCOUNT {
        formatcp!("The account has {AGENTS_MAX} agents already."),
        "Delete one first.";
        formatcp!("客服数量已达上限 {AGENTS_MAX}。"),
        "先删除一个客服账号。"
    };
    AgentExists 65406 "custom service account exists", KFACCOUNT {
        "There is an agent with this id already.",
        "Choose another prefix, or update this one.";
        "客服账号已存在。",
        "换一个前缀，或修改已有的客服。"
    };
    AlreadyWorker 65407 "the wechat user have been one of your workers", COMMON {
        "The person is an agent of this account already.",
        "Invite somebody else, or use the agent that this person is.";
        "该微信号已是本账号的客服。",
        "邀请其他人，或使用已绑定的客服账号。"
    };
    AlreadyInvited 65408 "you have already invited the wechat user", COMMON {
        "The person has an open invitation of this account already.",
        "Wait for the answer, or until the invitation has expired.";
        "已邀请过该微信号。",
        "等待对方答复，或等邀请过期。"
    };
    WechatInvalid 65409 "wechat account invalid", COMMON {
        "The WeChat id has the wrong shape.",
        formatcp!("Send 1 to {WECHAT_ID_MAX} letters, digits, _ or -.");
        "微信号无效。",
        formatcp!("微信号为 1 到 {WECHAT_ID_MAX} 个字母、数字、下划线或减号。")
    };
    WorkerLimit 65410 "too many custom service accounts bound by the worker", COMMON {
        "The person is bound to as many agents as one worker may be.",
        "Have this person leave another account first, or invite somebody else.";
        "该微信号绑定的客服账号已达上限。",
        "先在其他账号解绑，或邀请其他人。"
    };
    InvitationExists 65411 "a effective invitation to bind the custom service account exists", COMMON {
        "The agent has an open invitation already.",
        "Wait for its answer, or until it has expired.";
        "该客服账号已有未过期的邀请。",
        "等待对方答复，或等邀请过期。"
    };
    AgentBound 65412 "the custom service account have been bound by a wechat user", COMMON {
        "A person is bound to the agent already.",
        "Invite this person as another agent, or another person.";
        "该客服账号已绑定微信号。",
        "为对方另建一个客服账号。"
    };
    NoSession 65413 "no effective session for the customer", COMMON {
        "The customer has no open session with the agent.",
        "Find the customer's session with getsession.";
        "该客户没有有效会话。",
        "用 getsession 查询客户的会话。"
    };
    OtherAgent 65414 "another worker is serving the customer", COMMON {
        "Another agent is serving the customer.",
        "Close the session first, or leave the customer to the other agent.";
        "该客户正由其他客服接待。",
        "先关闭其会话，或由对方继续接待。"
    };
    AgentOffline 65415 "the worker is not online", COMMON {
        "The agent's worker is not online, or is away.",
        "Choose an agent of getonlinekflist with status 1.";
        "该客服不在线或已离开。",
        "从 getonlinekflist 中选择 status 为 1 的客服。"
    };
    RecordParameter 65416 "param invalid, please check", MSGRECORD {
        "A parameter of the query for records is not valid.",
        formatcp!(
            "Send numbers: starttime before endtime, both Unix seconds, msgid from 1, number up to {RECORDS_MAX}."
        );
        "查询聊天记录的参数不对。",
        formatcp!("传数字：starttime 早于 endtime（Unix 秒），msgid 从 1 起，number 不超过 {RECORDS_MAX}。")
    };
    RecordWindow 65417 "it is too long from the starttime to endtime", MSGRECORD {
        formatcp!("There are more than {RECORD_WINDOW_H} hours between starttime and endtime."),
        "Ask day by day.";
        formatcp!("查询的时间段超过 {RECORD_WINDOW_H} 小时。"),
        "按天分段查询。"
    };
    MinorProtected 70000 "为保护未成年人权益，该条消息发送失败", SENDING {
        "Weixin did not deliver the message, to protect a minor. This desk does not know ages and never answers \
         this code.",
        "Do not send the message again.";
        "微信为保护未成年人未下发该条消息；本系统不了解客户年龄，不会返回此码。",
        "不要重发该条消息。"
    };
    RidNotFound 76001 "rid not found", RID {
        formatcp!(
            "The rid is unknown, older than {RID_LIFE_D} days, or of a call without a valid token."
        ),
        formatcp!("Ask within {RID_LIFE_D} days, with the rid exactly as the refusal showed it.");
        formatcp!("rid 不存在：未知、超过 {RID_LIFE_D} 天，或该次调用没有有效的 access_token。"),
        formatcp!("{RID_LIFE_D} 天之内按报错中的 rid 原样查询。")
    };
    RidMalformed 76002 "rid is error", RID {
        "The rid is empty or has the wrong shape.",
        "Send the rid exactly as it is at the end of errmsg.";
        "rid 为空或格式不对。",
        "原样传入 errmsg 末尾的 rid。"
    };
    RidForbidden 76003 "could not query this rid,no permission", RID {
        "The rid is of another account's call.",
        "Ask with a token of the account whose call was refused.";
        "该 rid 属于其他账号的调用。",
        "用被拒绝的那次调用所属账号的 access_token 查询。"
    };
    CgiPathNotFound 76021 "cgi_path not found", APIMANAGE {
        "There is no endpoint at this cgi_path.",
        "Send the path as it is in the address, with its first slash and without the host.";
        "cgi_path 不存在。",
        "传入接口路径，以斜杠开头，不含域名。"
    };
    CgiPathForbidden 76022 "could not use this cgi_path, no permission", APIMANAGE {
        "This account may not ask about this endpoint.",
        "Ask about an endpoint the account may call.";
        "无权查询该 cgi_path。",
        "查询本账号有权调用的接口。"
    };
    BadRequest 990001 "the request cannot be read; send one JSON object with the members the page sends", OWN;
    LoginNeeded 990002 "log in first", OWN;
    Forbidden 990003 "not allowed for this login or from this origin", OWN;
    NotFound 990004 "there is nothing at this address", OWN;
    Conflict 990005 "that has changed meanwhile; load it again", OWN;
    TooMany 990006 "too many requests; wait a little and try again", OWN;
    TooLarge 990007 "the request is too large", OWN;
    Busy 990008 "the desk is busy; try again", OWN;
    Internal 990009 "something failed here; try again, and give the rid to the operator", OWN;
    WrongPassword 990010 "wrong name or password", OWN;
    NameTaken 990011 "somebody has this name already; choose another", OWN;
    LinkInvalid 990012 "this sign-up link is used, expired or wrong; ask the operator for a new one", OWN;
    PasswordShort 990013 "the password needs at least 8 characters and at most 256", OWN;
    CustomerTaken 990014 "another agent has taken this customer", OWN;
    SessionClosed 990015 "this session is closed", OWN;
    ReplyWindow 990016
        formatcp!("the customer last wrote more than {REPLY_WINDOW_H} hours ago; a reply is no longer possible"), OWN;
    InvitationGone 990017 "this invitation is no longer valid", OWN;
    BoundTooOften 990018 "this worker is bound to as many accounts as one worker may be", OWN;
    MessageSize 990019 formatcp!("a message has 1 to {TEXT_MAX} bytes of text"), OWN;
    NameMalformed 990020 formatcp!("a name has 1 to {WECHAT_ID_MAX} of A-Z, a-z, 0-9, _ and -"), OWN;
    UnknownHost 990021 "this desk does not know itself by this name; its operator can give it with --public-url", OWN;
    ColleagueGone 990022 "this colleague is not online; choose another", OWN;
    NoPicture 990023 "this is no picture; send a PNG, JPEG, GIF or WebP file", OWN;
    FilesFull 990024 "the desk has no room for files; ask its operator", OWN;
    FilesOfDay 990025 "too many bytes of files from this customer today; go on tomorrow", OWN;
    FilesOfAccount 990026 "the account has as many bytes of files as it may; ask the desk's operator", OWN;
    FilesOfAddress 990027 "too many bytes of files from this address; wait and try again", OWN;
    UploadSlow 990028 "the upload stood still or was too slow; try again where the network is better", OWN;
    CookieNeeded 990029
        "this browser showed no cookie, and without one no answer can reach it; load the page again and allow \
         cookies", OWN;
    CookieReplaced 990034 "another page has just got a new cookie for this browser; send it again with that one", OWN;
    DemoHost 990038
        "a demo answers under addresses, localhost and the host of --as only; use kefu serve for other names", OWN;
    GroupName 990039
        formatcp!("a group's name has 1 to {GROUP_NAME_MAX} characters, at least one that can be seen, and no @"), OWN;
    GroupMenuId 990040
        formatcp!("the menu choice of a group has at most {GROUP_MENU_ID_MAX} characters, no control character"), OWN;
    GroupGone 990041 "there is no such group; choose another", OWN;
    GroupTaken 990042 "another group of this account has this name or this menu choice; choose another", OWN;
    GroupsFull 990043 formatcp!("an account has at most {GROUPS_MAX} groups; delete one"), OWN;
    NoteSize 990044 formatcp!("a note has at most {NOTE_MAX} characters; shorten it"), OWN;
    WecomParameter 10130002 "invalid parameter", WECOM {
        "The corpid is missing.",
        "Send corpid.";
        "参数错误：缺少 corpid。",
        "传入 corpid。"
    };
    WecomForbidden 10130030 "no permission for this mini program", WECOM {
        "The Mini Program belongs to a person.",
        "Bind one of an enterprise; an operator says whose it is with kefu account set --principal enterprise.";
        "小程序账号无权限：个人主体。",
        "须为非个人主体的小程序；运维人员可用 kefu account set --principal enterprise 修改主体。"
    };
    InvalidCorpid 10130600 "invalid corpid", WECOM {
        "The corpid has the wrong shape.",
        formatcp!(
            "Send the corpid as WeCom shows it: ww, and {CORPID_REST_MIN} to {CORPID_REST_MAX} letters and digits."
        );
        "corpid 不合法。",
        "原样传入企业微信后台显示的企业 ID：以 ww 开头。"
    };
    OtherCorpid 10130602 "corpid does not match the mini program", WECOM {
        "Another corpid than this one is bound.",
        "Send the corpid that work/get answers.";
        "corpid 与已绑定的不一致。",
        "传入 work/get 返回的 corpid。"
    };
    WecomBound 10130603 "already bound", WECOM {
        "The Mini Program is bound already.",
        "Unbind the Mini Program first if you want to bind another enterprise.";
        "已经绑定。",
        "如需更换企业，先解绑再绑定。"
    };
    WecomUnbound 10130604 "not bound yet", WECOM {
        "The Mini Program is not bound.",
        "Nothing to mend.";
        "尚未绑定。",
        "无需解绑。"
    };
}
