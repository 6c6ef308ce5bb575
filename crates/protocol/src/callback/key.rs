//! The key of encrypted pushes and answers.

use crate::limits::AES_KEY_LENGTH;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// Characters of a key.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Reads base64 with or without padding, whatever its unused bits are. Samples of keys have such bits set.
pub(super) const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An EncodingAESKey: 43 letters and digits, which are the base64 of an AES-256 key without its padding.
/// <https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md>
#[derive(Clone, PartialEq, Eq)]
pub struct EncodingAesKey {
    text: String,
    bytes: [u8; 32],
}

/// Why a text is no EncodingAESKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The text has another number of characters.
    Length(usize),
    /// The text has a character that is neither a Latin letter nor a digit.
    Character(char),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Length(length) => {
                write!(f, "an EncodingAESKey has {AES_KEY_LENGTH} characters, this one has {length}")
            }
            KeyError::Character(c) => {
                write!(f, "an EncodingAESKey has letters A to Z, a to z and digits only, this one has {c:?}")
            }
        }
    }
}

impl std::error::Error for KeyError {}

impl EncodingAesKey {
    /// Reads a key as Weixin's console shows it. The bits of the last character that belong to no byte do not count.
    ///
    /// # Errors
    /// Another length, or a character that is neither a Latin letter nor a digit.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if let Some(other) = text.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(KeyError::Character(other));
        }
        let mut bytes = [0; 32];
        match LENIENT_BASE64.decode_slice(text, &mut bytes) {
            Ok(length) if length == bytes.len() && text.len() == AES_KEY_LENGTH => {
                Ok(EncodingAesKey { text: text.to_owned(), bytes })
            }
            _ => Err(KeyError::Length(text.len())),
        }
    }

    /// A new key from random bytes. Each character depends on one byte.
    #[must_use]
    pub fn from_random(random: &[u8; AES_KEY_LENGTH]) -> Self {
        let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
        let text: String = random.iter().map(letter).collect();
        let mut bytes = [0; 32];
        // Such a text always has the length of 32 bytes; otherwise the key would be zeros, which the test excludes.
        let _ = LENIENT_BASE64.decode_slice(&text, &mut bytes);
        EncodingAesKey { text, bytes }
    }

    /// The 43 characters, for the store and for the page that shows the key to its owner.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key of AES-256.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The initialization vector: the first 16 bytes of the key.
    pub(super) fn vector(&self) -> [u8; 16] {
        self.bytes.as_chunks().0[0]
    }
}

/// Hides the key, so that no log shows it.
impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodingAesKey(…)")
    }
}

/// The keys of an account. After a change, answers that use the previous key are still read.
#[derive(Clone, Copy, Debug)]
pub struct AesKeys<'a> {
    /// The key that pushes are encrypted with.
    pub current: &'a EncodingAesKey,
    /// The key before it; `None` if there was none.
    pub previous: Option<&'a EncodingAesKey>,
}

/// Which key an answer was encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichKey {
    /// The current one.
    Current,
    /// The one before it.
    Previous,
}

#[cfg(test)]
mod tests {
    use super::{EncodingAesKey, KeyError};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    const SAMPLE: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    #[test]
    fn unused_bits_of_the_last_character_do_not_count() {
        let key = EncodingAesKey::parse(SAMPLE).expect("a key");
        let hex: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051");
        let without_bits = EncodingAesKey::parse(&SAMPLE.replace('G', "E")).expect("a key");
        assert_eq!(key.bytes(), without_bits.bytes());
        assert_eq!(key.as_str(), SAMPLE);
    }

    #[test]
    fn another_text_is_no_key() {
        let refused = |text: &str| EncodingAesKey::parse(text).expect_err("no key");
        assert_eq!(refused(""), KeyError::Length(0));
        assert_eq!(refused(&SAMPLE[1..]), KeyError::Length(42));
        assert_eq!(refused(&format!("{SAMPLE}A")), KeyError::Length(44));
        assert_eq!(refused(&format!("{SAMPLE}AAAAAAAAAA")), KeyError::Length(53));
        for c in ['+', '/', '=', ' ', '客'] {
            assert_eq!(refused(&format!("{}{c}", &SAMPLE[1..])), KeyError::Character(c));
        }
        assert_eq!(refused("short").to_string(), "an EncodingAESKey has 43 characters, this one has 5");
    }

    #[test]
    fn a_key_is_not_shown_by_debug() {
        let key = EncodingAesKey::parse(SAMPLE).expect("a key");
        assert!(!format!("{key:?}").contains("abc"));
    }

    proptest! {
        #[test]
        fn a_made_key_is_a_key(random in any::<[u8; 43]>()) {
            let key = EncodingAesKey::from_random(&random);
            prop_assert_eq!(EncodingAesKey::parse(key.as_str()), Ok(key));
        }
    }
}
