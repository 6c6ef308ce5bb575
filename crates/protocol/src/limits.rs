//! Every number of the protocol, each with its source. Texts and patterns that show a number name its constant.

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: $type = $value;)*

        /// Every limit: its name and its number.
        pub const ALL: &[(&str, u64)] = &[$((stringify!($name), $name as u64)),*];
    };
}

limits! {
    /// Lower-case hexadecimal digits of an appid, behind `wx`. Real appids.
    APPID_DIGITS: usize = 16;
    /// Characters of an openid, the `o` at its beginning included. Real openids.
    OPENID_LENGTH: usize = 28;
    /// Most characters before the `@` of a `kf_account`. Page of addkfaccount.
    KF_ACCOUNT_PREFIX_MAX: usize = 10;
    /// Most characters after the `@` of a `kf_account`. Page of addkfaccount.
    KF_ACCOUNT_SUFFIX_MAX: usize = 30;
    /// Most characters of a nickname ("字": characters, not bytes). Page of addkfaccount.
    NICKNAME_MAX: usize = 16;
    /// Most agents of one account. Page of addkfaccount.
    AGENTS_MAX: i64 = 100;
    /// The first `kf_id` of an account. Captured answers of the live service start here.
    KF_ID_FIRST: i64 = 2001;
    /// Most elements of `waitcaselist`. Page of getwaitcase.
    WAITCASE_MAX: i64 = 100;
    /// Most characters of a WeChat id. Undocumented for invitations; WeChat's own sign-up allows 20.
    WECHAT_ID_MAX: usize = 20;
    /// Seconds a token lives. Page of getAccessToken.
    TOKEN_LIFE_S: i64 = 7200;
    /// Seconds a replaced token lives on, and the last stretch in which a stable token is renewed.
    /// Pages of getAccessToken and getStableAccessToken.
    TOKEN_OVERLAP_S: i64 = 300;
    /// Forced refreshes of a stable token in one day. Page of getStableAccessToken.
    FORCE_REFRESH_PER_DAY: i64 = 20;
    /// Least seconds between two forced refreshes. Page of getStableAccessToken.
    FORCE_REFRESH_GAP_S: i64 = 30;
    /// Most characters of an access token that a client must be able to store. Page of getAccessToken.
    TOKEN_MAX: usize = 512;
    /// Hours an invitation stays open, unless operators set another number. Not published; Kefu's choice.
    INVITATION_H: u32 = 24;
    /// Agents one worker may be bound to, over all accounts, unless operators set another number. Not published;
    /// Kefu's choice.
    WORKER_BINDINGS_MAX: u32 = 10;
    /// Fewest characters of a sub-merchant's `account_name`. Page of registerbusiness.
    ACCOUNT_NAME_MIN: usize = 6;
    /// Most characters of a sub-merchant's `account_name`. Page of registerbusiness.
    ACCOUNT_NAME_MAX: usize = 30;
    /// Fewest characters of a sub-merchant's nickname, where a Chinese one counts twice. Page of registerbusiness.
    BUSINESS_NICKNAME_MIN: usize = 4;
    /// Most characters of a sub-merchant's nickname, where a Chinese one counts twice. Page of registerbusiness.
    BUSINESS_NICKNAME_MAX: usize = 30;
    /// Sub-merchants of one account, unless operators set another number. The page has a code for it and no number;
    /// Kefu's choice.
    BUSINESSES_MAX: u32 = 10_000;
    /// Most sub-merchants of one answer of listbusiness. Its page.
    BUSINESSES_PER_PAGE: i64 = 200;
    /// Fewest characters of a corpid. Not published; the sample of bindKfWork has 16, real ones have 18.
    CORPID_MIN: usize = 16;
    /// Most characters of a corpid. Not published; those made for service providers have 32.
    CORPID_MAX: usize = 32;
    /// Minutes without a message in either direction after which a session closes. Forwarding guide.
    SESSION_IDLE_MIN: i64 = 30;
    /// Hours after a customer's last message in which the account can answer. Pages on customer messages.
    REPLY_WINDOW_H: i64 = 48;
    /// Most bytes of a JSON body. Undocumented; Kefu's choice.
    BODY_MAX: usize = 256 * 1024;
    /// Most levels of nesting in a JSON body. Undocumented; Kefu's choice.
    NESTING_MAX: usize = 128;
    /// Most bytes of a text message. Not published; Kefu's choice.
    TEXT_MAX: usize = 2048;
    /// Most bytes of an agent's picture. Page of uploadkfheadimg.
    HEADIMG_MAX: u64 = 5 << 20;
    /// Most bytes of a picture. Page of uploadTempMedia.
    IMAGE_MAX: u64 = 10 << 20;
    /// Most bytes of a recording. Page of uploadTempMedia.
    VOICE_MAX: u64 = 2 << 20;
    /// Most bytes of a film. Page of uploadTempMedia.
    VIDEO_MAX: u64 = 10 << 20;
    /// Most bytes of a thumb. Page of uploadTempMedia.
    THUMB_MAX: u64 = 64 << 10;
    /// Most bytes of any file.
    FILE_MAX: u64 = 10 << 20;
    /// Days a temporary file lives. Page of uploadTempMedia.
    MEDIA_LIFE_D: i64 = 3;
    /// Most seconds from start to end of a query of records. Page of getmsglist.
    RECORD_WINDOW_S: i64 = 86_400;
    /// Most records of one answer of getmsglist. Its page.
    RECORDS_MAX: i64 = 10_000;
    /// Most records of one page of getrecord. Senparc's SDK; its own page is gone.
    RECORD_PAGE_MAX: i64 = 1000;
    /// Seconds by which the platform's clocks are ahead of UTC: Beijing time, in which getrecord's calendar day begins.
    PLATFORM_OFFSET_S: i64 = 8 * 3600;
    /// Most bytes of what a message other than a text says, as JSON. Not published; Kefu's choice.
    CONTENT_MAX: usize = 16 * 1024;
    /// Most choices of a menu. Not published; Kefu's choice.
    MENU_MAX: usize = 10;
    /// Most characters of a choice. Not published; Kefu's choice.
    MENU_ITEM_MAX: usize = 50;
    /// Seconds that typing is shown. Page of typing.
    TYPING_S: i64 = 15;
    /// Seconds after a message, either way, in which typing can be shown. Page of typing.
    TYPING_AFTER_S: i64 = 30;
    /// Calls of an endpoint in one day if no page names a number. Kefu's choice: twice the largest number on the page
    /// of call limits, <https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html>.
    CALLS_PER_DAY: u32 = 10_000_000;
    /// Calls of an endpoint in one minute where no page names a number. Kefu's choice: 5,000 a second.
    CALLS_PER_MINUTE: u32 = 300_000;
    /// Calls of getAccessToken in one day. Kefu's choice: the page of call limits says 2,000, which an own desk does
    /// not need.
    TOKENS_PER_DAY: u32 = 500_000;
    /// Calls of getAccessToken in one minute. Kefu's choice, as of getStableAccessToken.
    TOKENS_PER_MINUTE: u32 = 10_000;
    /// Calls of getStableAccessToken in one day. Its page.
    STABLE_TOKENS_PER_DAY: u32 = 500_000;
    /// Calls of getStableAccessToken in one minute. Its page.
    STABLE_TOKENS_PER_MINUTE: u32 = 10_000;
    /// Days that a refused call is known by its request id. Page of getRidInfo.
    RID_LIFE_D: i64 = 7;
    /// Refusals of one account that rid/get knows, at most. Kefu's choice; the page names a time only, seven days.
    RIDS_MAX: i64 = 10_000;
    /// Times a month that an account may clear all its quotas. Page of clearQuota.
    CLEARS_PER_MONTH: i64 = 10;
    /// Times a month that an account may clear the quota of one endpoint. Page of clearApiQuota.
    API_CLEARS_PER_MONTH: i64 = 50;
    /// Customer-service messages of an account in one day. Page of call limits, as above.
    MESSAGES_PER_DAY: u32 = 500_000;
    /// Calls of callbackCheck in one day. Not published; Kefu's choice: each opens connections.
    CALLBACK_CHECKS_PER_DAY: u32 = 1_000;
    /// Calls of callbackCheck in one minute. Not published; Kefu's choice.
    CALLBACK_CHECKS_PER_MINUTE: u32 = 20;
    /// Addresses that a call of callbackCheck connects to, at most. Undocumented; Kefu's choice.
    CALLBACK_CHECK_ADDRESSES: usize = 8;
    /// Characters of an EncodingAESKey. Page on encryption of pushes.
    AES_KEY_LENGTH: usize = 43;
    /// Most bytes of `SessionFrom` in a pushed event; the rest is cut off. Page on receiving customer messages.
    SESSION_FROM_MAX: usize = 1000;
    /// Most bytes of a developer's server's answer to a push. Undocumented; Kefu's choice.
    REPLY_MAX: usize = 64 * 1024;
    /// Most levels of nesting in such an answer. The deepest known one, an article, has four; Kefu's choice.
    REPLY_NESTING_MAX: usize = 16;
    /// Most elements or members in such an answer. Eight articles need under 50; Kefu's choice.
    REPLY_MEMBERS_MAX: usize = 512;
    /// Most articles of an answer to a message. Page on passive replies.
    REPLY_ARTICLES_MAX: usize = 1;
    /// Most articles of an answer to an event. Page on passive replies.
    EVENT_REPLY_ARTICLES_MAX: usize = 8;
    /// Most characters of the name of a group of agents. Weixin has no groups; Kefu's choice.
    GROUP_NAME_MAX: usize = 32;
    /// Most characters of the menu choice that leads to a group. Kefu's choice.
    GROUP_MENU_ID_MAX: usize = 64;
    /// Most groups of one account. Kefu's choice.
    GROUPS_MAX: i64 = 64;
    /// Most characters of the note with which an agent transfers a session. Kefu's choice.
    NOTE_MAX: usize = 500;
}

// The same numbers as texts and patterns need them.

/// Characters of an openid behind the `o`.
pub(crate) const OPENID_REST: usize = OPENID_LENGTH - 1;
/// Characters of a nickname between the first and the last.
pub(crate) const NICKNAME_INNER: usize = NICKNAME_MAX - 2;
/// Fewest characters of a corpid behind the first two.
pub(crate) const CORPID_REST_MIN: usize = CORPID_MIN - 2;
/// Most characters of a corpid behind the first two.
pub(crate) const CORPID_REST_MAX: usize = CORPID_MAX - 2;
/// Fewest Chinese characters of a sub-merchant's nickname.
pub(crate) const CHINESE_MIN: usize = BUSINESS_NICKNAME_MIN / 2;
/// [`TOKEN_LIFE_S`] in hours.
pub(crate) const TOKEN_LIFE_H: i64 = TOKEN_LIFE_S / 3600;
/// [`TOKEN_OVERLAP_S`] in minutes.
pub(crate) const TOKEN_OVERLAP_MIN: i64 = TOKEN_OVERLAP_S / 60;
/// [`RECORD_WINDOW_S`] in hours.
pub(crate) const RECORD_WINDOW_H: i64 = RECORD_WINDOW_S / 3600;
/// [`BODY_MAX`] in KiB.
pub(crate) const BODY_MAX_KIB: usize = BODY_MAX >> 10;
/// [`FILE_MAX`] in MiB.
pub(crate) const FILE_MAX_MB: u64 = FILE_MAX >> 20;
