//! Every number of the protocol, each with its source.

use std::ops::RangeInclusive;

macro_rules! written {
    ($($name:ident)*) => {
        /// `text` with the numbers it names: `{AGENTS_MAX}` stands for that limit.
        #[must_use]
        pub fn written(text: &str) -> String {
            [$((concat!("{", stringify!($name), "}"), $name.to_string())),*]
                .iter()
                .fold(text.to_owned(), |text, (name, number)| text.replace(name, number))
        }
    };
}

written! {
    KF_ACCOUNT_PREFIX_MAX KF_ACCOUNT_SUFFIX_MAX NICKNAME_MAX AGENTS_MAX WECHAT_ID_MAX TOKEN_MAX FORCE_REFRESH_PER_DAY
    FORCE_REFRESH_GAP_S BUSINESSES_PER_PAGE TEXT_MAX MENU_MAX RECORDS_MAX RECORD_PAGE_MAX
}

/// Most characters before the `@` of a `kf_account`. Page of addkfaccount.
pub const KF_ACCOUNT_PREFIX_MAX: usize = 10;
/// Most characters after the `@` of a `kf_account`. Page of addkfaccount.
pub const KF_ACCOUNT_SUFFIX_MAX: usize = 30;
/// Most characters of a nickname ("字": characters, not bytes). Page of addkfaccount.
pub const NICKNAME_MAX: usize = 16;
/// Most agents of one account. Page of addkfaccount.
pub const AGENTS_MAX: i64 = 100;
/// The first `kf_id` of an account. Captured answers of the live service start here.
pub const KF_ID_FIRST: i64 = 2001;
/// Most elements of `waitcaselist`. Page of getwaitcase.
pub const WAITCASE_MAX: i64 = 100;
/// Most characters of a WeChat id. Undocumented for invitations; WeChat's own sign-up allows 20.
pub const WECHAT_ID_MAX: usize = 20;
/// Seconds a token lives. Page of getAccessToken.
pub const TOKEN_LIFE_S: i64 = 7200;
/// Seconds a replaced token lives on, and the last stretch in which a stable token is renewed.
/// Pages of getAccessToken and getStableAccessToken.
pub const TOKEN_OVERLAP_S: i64 = 300;
/// Forced refreshes of a stable token in one day. Page of getStableAccessToken.
pub const FORCE_REFRESH_PER_DAY: i64 = 20;
/// Least seconds between two forced refreshes. Page of getStableAccessToken.
pub const FORCE_REFRESH_GAP_S: i64 = 30;
/// Most characters of an access token that a client must be able to store. Page of getAccessToken.
pub const TOKEN_MAX: usize = 512;
/// Hours an invitation stays open, unless operators say otherwise. Not published; Kefu's choice.
pub const INVITATION_H: u32 = 24;
/// Agents one worker may be bound to, over all accounts, unless operators say otherwise. Not published;
/// Kefu's choice.
pub const WORKER_BINDINGS_MAX: u32 = 10;
/// Fewest and most characters of a sub-merchant's `account_name`. Page of registerbusiness.
pub const ACCOUNT_NAME: RangeInclusive<usize> = 6..=30;
/// Fewest and most characters of a sub-merchant's nickname, where a Chinese one counts twice. Page of registerbusiness.
pub const BUSINESS_NICKNAME: RangeInclusive<usize> = 4..=30;
/// Sub-merchants of one account, unless operators say otherwise. The page has a code for it and no number; Kefu's
/// choice.
pub const BUSINESSES_MAX: u32 = 10_000;
/// Most sub-merchants of one answer of listbusiness. Its page.
pub const BUSINESSES_PER_PAGE: i64 = 200;
/// Fewest and most characters of a corpid. Not published; real ones have 18, the sample of bindKfWork 16, and those
/// that are made for service providers 32.
pub const CORPID: RangeInclusive<usize> = 16..=32;
/// Minutes without a message in either direction after which a session closes. Forwarding guide.
pub const SESSION_IDLE_MIN: i64 = 30;
/// Hours after a customer's last message in which she can be answered. Pages on customer messages.
pub const REPLY_WINDOW_H: i64 = 48;
/// Most bytes of a JSON body. Undocumented; Kefu's choice.
pub const BODY_MAX: usize = 256 * 1024;
/// Most levels of nesting in a JSON body. Undocumented; Kefu's choice.
pub const NESTING_MAX: usize = 128;
/// Most bytes of a text message. Not published; Kefu's choice.
pub const TEXT_MAX: usize = 2048;
/// Most bytes of an agent's picture. Page of uploadkfheadimg.
pub const HEADIMG_MAX: u64 = 5 << 20;
/// Most bytes of a picture. Page of uploadTempMedia.
pub const IMAGE_MAX: u64 = 10 << 20;
/// Most bytes of a recording. Page of uploadTempMedia.
pub const VOICE_MAX: u64 = 2 << 20;
/// Most bytes of a film. Page of uploadTempMedia.
pub const VIDEO_MAX: u64 = 10 << 20;
/// Most bytes of a thumb. Page of uploadTempMedia.
pub const THUMB_MAX: u64 = 64 << 10;
/// Most bytes of any file.
pub const FILE_MAX: u64 = 10 << 20;
/// Days a temporary file lives. Page of uploadTempMedia.
pub const MEDIA_LIFE_D: i64 = 3;
/// Most seconds from start to end of a query of records. Page of getmsglist.
pub const RECORD_WINDOW_S: i64 = 86_400;
/// Most records of one answer of getmsglist. Its page.
pub const RECORDS_MAX: i64 = 10_000;
/// Most records of one page of getrecord. Senparc's SDK; its own page is gone.
pub const RECORD_PAGE_MAX: i64 = 1000;
/// Seconds by which the platform's clocks (in Beijing, all year) are ahead: where a calendar day of getrecord begins.
pub const PLATFORM_OFFSET_S: i64 = 8 * 3600;
/// Most bytes of what a message other than a text says, as JSON. Not published; Kefu's choice.
pub const CONTENT_MAX: usize = 16 * 1024;
/// Most choices of a menu. Not published; Kefu's choice.
pub const MENU_MAX: usize = 10;
/// Most characters of a choice. Not published; Kefu's choice.
pub const MENU_ITEM_MAX: usize = 50;
/// Seconds that typing is shown. Page of typing.
pub const TYPING_S: i64 = 15;
/// Seconds after a message, either way, in which typing can be shown. Page of typing.
pub const TYPING_AFTER_S: i64 = 30;
/// Calls of an endpoint in one day where no page names a number. Kefu's choice: twice the largest number on the page of
/// call limits, <https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html>.
pub const CALLS_PER_DAY: u32 = 10_000_000;
/// Calls of an endpoint in one minute where no page names a number. Kefu's choice: 5,000 a second.
pub const CALLS_PER_MINUTE: u32 = 300_000;
/// Calls of getAccessToken in one day. Kefu's choice: the page of call limits says 2,000, which a desk of one's own
/// need not hold to.
pub const TOKENS_PER_DAY: u32 = 500_000;
/// Calls of getAccessToken in one minute. Kefu's choice, as of getStableAccessToken.
pub const TOKENS_PER_MINUTE: u32 = 10_000;
/// Calls of getStableAccessToken in one day. Its page.
pub const STABLE_TOKENS_PER_DAY: u32 = 500_000;
/// Calls of getStableAccessToken in one minute. Its page.
pub const STABLE_TOKENS_PER_MINUTE: u32 = 10_000;
/// Refusals of one account that rid/get knows, at most. Kefu's choice; the page names a time only, seven days.
pub const RIDS_MAX: i64 = 10_000;
/// Times a month that an account may clear all its quotas. Page of clearQuota.
pub const CLEARS_PER_MONTH: i64 = 10;
/// Times a month that an account may clear the quota of one endpoint. Page of clearApiQuota.
pub const API_CLEARS_PER_MONTH: i64 = 50;
/// Customer-service messages of an account in one day. Page of call limits, as above.
pub const MESSAGES_PER_DAY: u32 = 500_000;
