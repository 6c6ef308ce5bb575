//! Every error code, in one table: name, number, the text exactly as Weixin sends it, its source, and help for callers.
//!
//! Numbers from 990000 to 999999 are Kefu's own: refusals of the workbench and the customer page, which no
//! endpoint of Weixin's ever answers.

mod table;

use std::fmt;

pub use table::Errcode;

/// What a code of Weixin's means to a caller.
#[derive(Clone, Copy, Debug)]
pub struct ErrcodeHelp {
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
            | Errcode::GroupGone
            | Errcode::GroupTaken
            | Errcode::GroupsFull
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
            of(409).eq([5, 11, 14, 15, 16, 17, 18, 22, 34, 41, 42, 43])
                && of(429).eq([6, 25, 27])
                && of(500).eq([9])
                && of(503).eq([8])
        );
        assert!(of(400).eq([1, 13, 19, 20, 23, 29, 39, 40, 44]));
        assert!(of(408).eq([28]) && of(507).eq([24, 26]));
        assert_eq!(
            (Errcode::Ok.status(), Errcode::SystemError.status(), Errcode::InvalidAgent.status()),
            (200, 503, 400)
        );
        assert!(!Errcode::InvalidAgent.is_own());
    }

    #[test]
    fn every_code_of_weixins_has_help_in_both_languages() {
        for code in Errcode::ALL {
            let Some(help) = code.help() else {
                assert!(code.is_own(), "{code} has no help in the table of codes");
                continue;
            };
            assert!(!code.is_own(), "{code}: the text of a refusal of Kefu's own pages is its help");
            for text in [help.means, help.mend] {
                assert!(text.ends_with('.'), "{code}: {text}");
            }
            for text in [help.means_zh, help.mend_zh] {
                assert!(text.ends_with('。'), "{code}: {text}");
            }
        }
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
