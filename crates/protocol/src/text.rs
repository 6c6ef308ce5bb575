//! Blank texts: texts without a visible character count as empty.

/// Invisible characters beside Unicode's white space and control characters: format characters (`Cf`),
/// default-ignorable code points, and fillers that fonts draw as blanks (U+2800, U+1D159). Unicode 16.
const INVISIBLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

fn shows_nothing(c: char) -> bool {
    c.is_whitespace() || c.is_control() || INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Whether `text` has no visible character. An emoji with its joiners is visible.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(shows_nothing)
}

/// The invisible characters of the Basic Multilingual Plane as the inside of a class of a regular expression.
#[must_use]
pub(crate) fn invisible_class() -> String {
    let is_basic = |(_, last): &&(char, char)| *last <= '\u{ffff}';
    let escaped = |(first, last): &(char, char)| format!("\\u{:04x}-\\u{:04x}", *first as u32, *last as u32);
    INVISIBLE.iter().filter(is_basic).map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::{INVISIBLE, invisible_class, is_blank, shows_nothing};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use regex::Regex;

    fn nothing() -> Regex {
        Regex::new(r"^[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u{2800}\u{1D159}]*$")
            .expect("a class")
    }

    #[test]
    fn every_character_is_as_unicode_has_it() {
        let nothing = nothing();
        for c in '\0'..=char::MAX {
            assert_eq!(shows_nothing(c), nothing.is_match(&c.to_string()), "U+{:04X}", c as u32);
        }
        assert!(INVISIBLE.is_sorted() && INVISIBLE.iter().all(|(first, last)| first <= last));
    }

    #[test]
    fn an_emoji_with_its_joiners_is_something_to_see() {
        for seen in
            ["👩\u{200d}👧", "❤\u{fe0f}", "🏴\u{e0067}\u{e0062}\u{e007f}", "\u{200e}مرحبا", "\u{200b}a", "。"]
        {
            assert!(!is_blank(seen), "{seen:?}");
        }
        for blank in [
            "",
            " \u{3000}\t\n",
            "\u{200b}\u{200d}\u{feff}",
            "\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}",
            "\u{fe0f}\u{7}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
    }

    #[test]
    fn the_class_holds_what_is_invisible_and_nothing_else() {
        let class = Regex::new(&format!("^[{}]$", invisible_class())).expect("a class");
        for c in ('\0'..='\u{ffff}').filter(|c| !c.is_whitespace() && !c.is_control()) {
            assert_eq!(class.is_match(&c.to_string()), shows_nothing(c), "U+{:04X}", c as u32);
        }
    }

    proptest! {
        #[test]
        fn a_text_is_blank_when_each_of_its_characters_is(
            text in any::<String>(),
            blanks in vec(0..INVISIBLE.len(), 0..20),
        ) {
            prop_assert_eq!(is_blank(&text), nothing().is_match(&text));
            let unseen: String = blanks.iter().map(|at| INVISIBLE[*at].0).collect();
            prop_assert!(is_blank(&unseen));
            let around = format!("{unseen}{text}{unseen}");
            prop_assert_eq!(is_blank(&around), is_blank(&text));
            let seen = format!("{unseen}客{unseen}");
            prop_assert!(!is_blank(&seen));
        }
    }
}
