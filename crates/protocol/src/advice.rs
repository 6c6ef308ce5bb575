//! What Weixin's error codes mean to a caller, and how to mend it, in two languages: one table, by number.

use crate::errcode::Errcode;

/// What to make of one code.
#[derive(Debug)]
pub struct Advice {
    /// The code.
    pub number: i64,
    /// What has happened.
    pub means: &'static str,
    /// What to do about it.
    pub mend: &'static str,
    /// What has happened, in Chinese.
    pub means_zh: &'static str,
    /// What to do about it, in Chinese.
    pub mend_zh: &'static str,
}

impl Errcode {
    /// What to make of this code; `None` for refusals of Kefu's own pages, whose texts say it themselves.
    #[must_use]
    pub fn advice(self) -> Option<&'static Advice> {
        ALL.iter().find(|advice| advice.number == self.number())
    }
}

macro_rules! advice {
    ($($number:literal $means:literal, $mend:literal; $means_zh:literal, $mend_zh:literal;)*) => {
        /// The whole table.
        pub static ALL: &[Advice] = &[$(Advice {
            number: $number, means: $means, mend: $mend, means_zh: $means_zh, mend_zh: $mend_zh,
        }),*];
    };
}

advice! {
    -1 "The desk could not answer; nothing is known of the outcome.",
        "Wait a little and repeat: every call is safe to repeat.";
        "系统繁忙，结果未知。", "稍候重试；每个接口都可以安全重复调用。";
    0 "It is done.", "Nothing to mend.";
        "成功。", "无需处理。";
    40001 "The token is unknown, revoked, or was replaced by newer ones.", "Fetch a new token and repeat the call.";
        "access_token 无效、已作废或已被更新的取代。", "重新获取 access_token 后再调用。";
    40002 "grant_type is something else than client_credential.", "Send grant_type=client_credential.";
        "grant_type 不是 client_credential。", "传 grant_type=client_credential。";
    40003 "The openid has the wrong shape, or names nobody it could name here.",
        "Send the openid as it was handed to you: o and 27 more characters.";
        "openid 格式不对，或在此处不指向任何人。", "原样传入收到的 openid：以 o 开头，共 28 个字符。";
    40004 "This kind of file is none of those the endpoint knows.", "Send type=image, voice, video or thumb.";
        "媒体类型不支持。", "type 传 image、voice、video 或 thumb。";
    40005 "The file is no picture, recording or film of a kind that is taken here.",
        "Send a file of the formats the endpoint lists; its content counts, not its name.";
        "文件格式不支持。", "改用接口列出的格式；以文件内容为准，与文件名无关。";
    40006 "The file is larger than its kind may be.", "Make it smaller; the limits stand with the endpoint.";
        "文件超过该类型的大小上限。", "压缩后再上传，上限见接口说明。";
    40007 "The media_id is unknown, or its three days are over.", "Upload the file again and use the new media_id.";
        "media_id 不存在或已过三天有效期。", "重新上传文件，使用新的 media_id。";
    40008 "msgtype is none of those this account may send.", "Send one of the types the endpoint lists.";
        "消息类型不支持。", "msgtype 改为接口列出的类型之一。";
    40013 "There is no account with this appid, or it has the wrong shape.",
        "Check the appid: wx and 16 lower-case hexadecimal digits.";
        "appid 不存在或格式不对。", "检查 appid：wx 加 16 位小写十六进制数字。";
    40014 "This can never have been a token: it is cut off, too long, or holds other characters.",
        "Send the token whole and unchanged.";
        "这不可能是 access_token：被截断、过长或含有其他字符。", "完整且原样地传入 access_token。";
    40066 "There is no such address.", "Mind /cgi-bin/ at the beginning and no slash at the end.";
        "地址不存在。", "检查开头是否应有 /cgi-bin/，结尾不要多斜杠。";
    40097 "business_id names no sub-merchant of the account.",
        "Leave business_id out, or send one that business/list tells.";
        "参数错误：business_id 不是本账号的子商户。", "不传 business_id，或传 business/list 列出的商户 ID。";
    40101 "The address with /business/ asks for businessid, which is missing.",
        "Send businessid, or call /cgi-bin/message/custom/send.";
        "缺少参数：带 /business/ 的地址必须传 businessid。", "传入 businessid，或改用 /cgi-bin/message/custom/send。";
    40125 "The secret is wrong.", "Check the secret; an operator makes a new one with kefu account set --new-secret.";
        "密钥不正确。", "检查 secret；运维人员可用 kefu account set --new-secret 重置。";
    40164 "The caller's address is not on the account's list.",
        "Add the address to the list, or call from one that is on it.";
        "调用方 IP 不在白名单中。", "把该 IP 加入白名单，或从名单内的地址调用。";
    40200 "This path is for Mini Programs and Mini Games.", "Call /cgi-bin/message/custom/typing instead.";
        "该路径仅供小程序和小游戏使用。", "改用 /cgi-bin/message/custom/typing。";
    41001 "The query has no access_token.",
        "Append ?access_token=… to the address; a header or the body does not count.";
        "缺少 access_token。", "在地址后加 ?access_token=…，放在请求头或正文中无效。";
    41002 "The appid is missing.", "Send appid.";
        "缺少 appid。", "传入 appid。";
    41004 "The secret is missing.", "Send secret.";
        "缺少 secret。", "传入 secret。";
    41005 "The upload holds no file.", "Send multipart/form-data with the file in the part named media.";
        "缺少多媒体文件数据。", "以 multipart/form-data 上传，文件字段名为 media。";
    41006 "The media_id is missing.", "Send media_id.";
        "缺少 media_id。", "传入 media_id。";
    41018 "The component_appid is missing.", "Send component_appid.";
        "缺少 component_appid。", "传入 component_appid。";
    42001 "The token's two hours are over.", "Fetch a new token and repeat the call.";
        "access_token 已过期（有效期两小时）。", "重新获取 access_token 后再调用。";
    43001 "The endpoint is asked with GET.", "Use GET.";
        "该接口需用 GET 调用。", "改用 GET。";
    43002 "The endpoint is asked with POST.", "Use POST.";
        "该接口需用 POST 调用。", "改用 POST。";
    44001 "The uploaded file is empty.", "Send a file with something in it.";
        "上传的文件为空。", "上传非空文件。";
    44002 "The body is empty.", "Send a JSON object as body.";
        "请求正文为空。", "正文传入一个 JSON 对象。";
    44003 "The message has no article.", "Send one article in news.articles.";
        "图文消息没有文章。", "在 news.articles 中传一篇文章。";
    44004 "The text message has no text that can be seen.", "Send text with content in it.";
        "文本消息内容为空，或只有空白与不可见字符。", "填写消息内容。";
    45001 "The file is larger than any may be.", "Make it smaller; the limits stand with the endpoint.";
        "多媒体文件过大。", "压缩后再上传，上限见接口说明。";
    45002 "The body or its text is too long.", "Send less: a body has at most 256 KiB, a text {TEXT_MAX} bytes.";
        "正文或文本过长。", "缩短内容：正文最多 256 KiB，文本最多 {TEXT_MAX} 字节。";
    45008 "The message has too many articles.", "Send fewer articles.";
        "图文消息条数超过上限。", "减少图文条数。";
    45009 "The endpoint has been called as often as it may be in a day.",
        "Wait for tomorrow, or clear the quota with clear_quota.";
        "接口调用次数已达当日上限。", "等到次日，或调用 clear_quota 清零。";
    45011 "The endpoint has been called as often as it may be in a minute.",
        "Slow down, and repeat in the next minute.";
        "接口调用过于频繁，已达每分钟上限。", "放慢速度，下一分钟再试。";
    45015 "The customer was silent for too long to be answered.", "Wait until the customer writes again.";
        "超过可回复的时限。", "等客户再次发来消息。";
    45047 "As many messages were sent as one message of the customer's allows.",
        "Wait until the customer writes again.";
        "客服消息下发条数超过上限。", "等客户再次发来消息。";
    45070 "A sub-merchant of this account_name was created before.",
        "Choose another account_name, or look with business/get at the one that is there.";
        "该 account_name 的商户已创建过。", "换用其他 account_name，或用 business/get 查询已有商户。";
    45071 "The account has no such sub-merchant.", "Look with business/list at those it has.";
        "商户不存在。", "用 business/list 查看已有商户。";
    45072 "The command is neither Typing nor CancelTyping.", "Send one of the two.";
        "command 字段取值不对。", "传 Typing 或 CancelTyping。";
    45077 "The account has as many sub-merchants as it may have.",
        "Use those that are there; the operator can allow more with --businesses-max.";
        "子商户数量已达上限。", "使用已有商户；运维人员可用 --businesses-max 调高上限。";
    45078 "The sub-merchant's nickname is too short, too long, or holds something else than Chinese characters, \
        letters and digits.",
        "Send 4 to 30 of these; a Chinese character counts twice.";
        "商户昵称不合法。", "昵称由中文、英文、数字组成，4 到 30 字符，中文计 2 字符。";
    45080 "Typing is told only to a customer who wrote within the last 30 seconds, or whom you answered.",
        "Wait until the customer writes.";
        "下发输入状态需要近期与客户有消息往来。", "等客户发来消息后再下发。";
    45081 "The customer is told already that somebody is typing.", "Nothing to mend: it lasts 15 seconds.";
        "已在输入状态，不可重复下发。", "无需处理，输入状态持续 15 秒。";
    45091 "The account_name is too short, too long, or holds something else than letters, digits and underscores.",
        "Send 6 to 30 of these.";
        "account_name 不合法。", "account_name 为 6 到 30 个英文、数字或下划线。";
    45098 "The menu has too many items.", "Send fewer items.";
        "菜单项数超过上限。", "减少菜单项。";
    45099 "An item of the menu is too long.", "Shorten it.";
        "菜单项文字过长。", "缩短菜单项文字。";
    47001 "The body is not one JSON object, lacks a member, has one of the wrong type, or names one twice.",
        "Compare the body with the endpoint's parameters.";
        "正文不是一个 JSON 对象，或缺少字段、类型不对、字段重复。", "对照接口的参数检查正文。";
    48001 "This kind of account may not call this, or must be certified first.",
        "Call with another account; an operator certifies with kefu account set --certified true.";
        "该类账号无权调用此接口，或尚未认证。", "换用有权限的账号；运维人员可用 kefu account set --certified true 设为已认证。";
    48006 "The quota has been cleared as often as it may be in a month.", "Wait for the next month.";
        "清零次数已达每月上限。", "等到下个月。";
    48008 "Accounts of this kind do not send this type of message.",
        "Send one of the types that the endpoint lists for this kind of account.";
        "该类账号不能发送这种消息。", "改用接口为该类账号列出的消息类型。";
    61003 "The account has taken its authorization back from the platform.",
        "Ask the account to authorize the platform again: kefu component grant.";
        "账号已取消对第三方平台的授权。", "请账号重新授权：kefu component grant。";
    61004 "The platform's address is not on its list.", "Add the address to the list.";
        "第三方平台的 IP 不在白名单中。", "把该 IP 加入白名单。";
    61007 "The account grants the platform none of the permission sets this needs.",
        "Ask the account for one of the sets the endpoint lists.";
        "账号未把所需权限集授予第三方平台。", "请账号授予接口列出的权限集之一。";
    61015 "A platform's own token opens no account.", "Use the authorizer_access_token of the account.";
        "第三方平台自身的 token 不能调用账号接口。", "改用该账号的 authorizer_access_token。";
    65400 "The account's customer service is off.", "An operator turns it on with kefu account set --feature true.";
        "账号未开通客服功能。", "运维人员可用 kefu account set --feature true 开通。";
    65401 "There is no such agent.", "Look for the agent in getkflist; mind the part after the @.";
        "客服账号不存在。", "用 getkflist 查看客服账号，注意 @ 之后的部分。";
    65402 "No person is bound to the agent yet.", "Invite a worker with inviteworker, and have the worker accept.";
        "客服账号尚未绑定微信号。", "用 inviteworker 邀请客服人员，并由其接受。";
    65403 "The nickname is empty, longer than {NICKNAME_MAX} characters, or holds control characters; blanks and \
        invisible characters alone count as empty.",
        "Choose another nickname.";
        "昵称为空（只有空白或不可见字符也算空）、超过 {NICKNAME_MAX} 个字或含控制字符。", "换一个昵称。";
    65404 "The agent's id has the wrong shape, or its suffix is not the account's own.",
        "Write prefix@suffix: up to {KF_ACCOUNT_PREFIX_MAX} letters, digits or _ before the @, the account's WeChat \
             number after it; an operator sets that with kefu account set --alias.";
        "客服账号格式不对，或 @ 之后不是本账号的微信号。",
            "写成“前缀@微信号”：前缀最多 {KF_ACCOUNT_PREFIX_MAX} 个字母、数字或下划线；账号的微信号由运维人员用 kefu account set --alias 设置。";
    65405 "The account has {AGENTS_MAX} agents already.", "Delete one first.";
        "客服数量已达上限 {AGENTS_MAX}。", "先删除一个客服账号。";
    65406 "There is an agent with this id already.", "Choose another prefix, or update this one.";
        "客服账号已存在。", "换一个前缀，或修改已有的客服。";
    65407 "The person is an agent of this account already.",
        "Invite somebody else, or use the agent that this person is.";
        "该微信号已是本账号的客服。", "邀请其他人，或使用已绑定的客服账号。";
    65408 "The person has an open invitation of this account already.",
        "Wait for the answer, or until the invitation has expired.";
        "已邀请过该微信号。", "等待对方答复，或等邀请过期。";
    65409 "The WeChat id has the wrong shape.", "Send 1 to {WECHAT_ID_MAX} letters, digits, _ or -.";
        "微信号无效。", "微信号为 1 到 {WECHAT_ID_MAX} 个字母、数字、下划线或减号。";
    65410 "The person is bound to as many agents as one worker may be.",
        "Have this person leave another account first, or invite somebody else.";
        "该微信号绑定的客服账号已达上限。", "先在其他账号解绑，或邀请其他人。";
    65411 "The agent has an open invitation already.", "Wait for its answer, or until it has expired.";
        "该客服账号已有未过期的邀请。", "等待对方答复，或等邀请过期。";
    65412 "A person is bound to the agent already.", "Invite this person as another agent, or another person.";
        "该客服账号已绑定微信号。", "为对方另建一个客服账号。";
    65413 "The customer has no open session with the agent.", "Look for the customer's session with getsession.";
        "该客户没有有效会话。", "用 getsession 查询客户的会话。";
    65414 "Another agent is serving the customer.",
        "Close the session first, or leave the customer to the other agent.";
        "该客户正由其他客服接待。", "先关闭其会话，或由对方继续接待。";
    65415 "The agent's worker is not online, or is away.", "Choose an agent of getonlinekflist with status 1.";
        "该客服不在线或已离开。", "从 getonlinekflist 中选择 status 为 1 的客服。";
    65416 "A parameter of the query for records cannot be right.",
        "Send numbers: starttime before endtime, both Unix seconds, msgid from 1, number up to {RECORDS_MAX}.";
        "查询聊天记录的参数不对。", "传数字：starttime 早于 endtime（Unix 秒），msgid 从 1 起，number 不超过 {RECORDS_MAX}。";
    65417 "There is more than a day between starttime and endtime.", "Ask day by day.";
        "查询的时间段超过 24 小时。", "按天分段查询。";
    70000 "Weixin did not deliver the message, to protect a minor. This desk knows no ages and never answers it.",
        "Do not send the message again.";
        "微信为保护未成年人未下发该条消息；本系统不了解客户年龄，不会返回此码。", "不要重发该条消息。";
    76001 "Nothing is known of this rid: it is unknown, older than seven days, or of a call without a valid token.",
        "Ask within seven days, with the rid as the refusal showed it.";
        "rid 不存在：未知、超过七天，或该次调用没有有效的 access_token。", "七天之内按报错中的 rid 原样查询。";
    76002 "The rid is empty or has the wrong shape.", "Send the rid as it stands at the end of errmsg.";
        "rid 为空或格式不对。", "原样传入 errmsg 末尾的 rid。";
    76003 "The rid is of another account's call.", "Ask with a token of the account whose call was refused.";
        "该 rid 属于其他账号的调用。", "用被拒绝的那次调用所属账号的 access_token 查询。";
    76021 "There is no endpoint at this cgi_path.",
        "Send the path as it stands in the address, with its first slash and without the host.";
        "cgi_path 不存在。", "传入接口路径，以斜杠开头，不含域名。";
    76022 "This account may not ask about this endpoint.", "Ask about an endpoint the account may call.";
        "无权查询该 cgi_path。", "查询本账号有权调用的接口。";
    10130002 "The corpid is missing.", "Send corpid.";
        "参数错误：缺少 corpid。", "传入 corpid。";
    10130030 "The Mini Program belongs to a person.",
        "Bind one of an enterprise; an operator says whose it is with kefu account set --principal enterprise.";
        "小程序账号无权限：个人主体。", "须为非个人主体的小程序；运维人员可用 kefu account set --principal enterprise 修改主体。";
    10130600 "The corpid has the wrong shape.", "Send it as WeCom shows it: ww, and 14 to 30 letters and digits.";
        "corpid 不合法。", "原样传入企业微信后台显示的企业 ID：以 ww 开头。";
    10130602 "Another corpid is bound than this one.", "Send the one that work/get tells.";
        "corpid 与已绑定的不一致。", "传入 work/get 返回的 corpid。";
    10130603 "The Mini Program is bound already.", "Unbind it first, if it is to be bound to another enterprise.";
        "已经绑定。", "如需更换企业，先解绑再绑定。";
    10130604 "The Mini Program is not bound.", "Nothing to mend.";
        "尚未绑定。", "无需解绑。";
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use crate::errcode::Errcode;

    #[test]
    fn every_code_of_weixins_has_its_advice_in_both_languages() {
        for code in Errcode::ALL.iter().filter(|code| !code.is_own()) {
            let advice = code.advice().unwrap_or_else(|| panic!("{code} is not in the table of advice"));
            for text in [advice.means, advice.mend] {
                assert!(text.ends_with('.'), "{code}: {text}");
            }
            for text in [advice.means_zh, advice.mend_zh] {
                assert!(text.ends_with('。'), "{code}: {text}");
            }
        }
        assert!(ALL.is_sorted_by_key(|advice| advice.number));
    }

    #[test]
    fn refusals_of_kefus_own_pages_need_none() {
        assert!(Errcode::Forbidden.advice().is_none());
    }
}
