//! Enums whose values are texts in the store, in settings and on the command line.

/// A closed set of choices, each with one text.
pub trait TextEnum: Copy + PartialEq + 'static {
    /// Every choice with its text.
    const TEXTS: &'static [(&'static str, Self)];

    /// The text of this choice.
    fn as_text(self) -> &'static str {
        Self::TEXTS.iter().find(|(_, choice)| *choice == self).map_or("", |(text, _)| text)
    }

    /// The choice with this text.
    fn from_text(text: &str) -> Option<Self> {
        Self::TEXTS.iter().find(|(known, _)| *known == text).map(|(_, choice)| *choice)
    }
}

#[cfg(test)]
mod tests {
    use super::TextEnum as _;
    use crate::account::Reception;
    use protocol::AccountKind;

    #[test]
    fn every_text_leads_back_to_its_choice() {
        for (text, kind) in AccountKind::TEXTS {
            assert_eq!(AccountKind::from_text(text), Some(*kind));
            assert_eq!(kind.as_text(), *text);
        }
        assert_eq!(Reception::from_text("sometimes"), None);
    }
}
