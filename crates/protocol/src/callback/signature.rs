//! Signatures of pushes and of encrypted answers.

use sha1::{Digest, Sha1};
use std::fmt;
use subtle::ConstantTimeEq;

/// A signature: SHA-1 of the sorted and joined parts, 40 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// `signature`: of every push, in all modes, and of the verification of a URL.
    #[must_use]
    pub fn of(token: &str, timestamp: &str, nonce: &str) -> Self {
        Self::of_parts([token, timestamp, nonce])
    }

    /// `msg_signature` of an encrypted push, and `MsgSignature` of an encrypted answer, whose timestamp and nonce are
    /// those of the answer.
    #[must_use]
    pub fn of_encrypted(token: &str, timestamp: &str, nonce: &str, encrypted: &str) -> Self {
        Self::of_parts([token, timestamp, nonce, encrypted])
    }

    fn of_parts<const PARTS: usize>(mut parts: [&str; PARTS]) -> Self {
        parts.sort_unstable();
        let digest = parts.iter().fold(Sha1::new(), |sha1, part| sha1.chain_update(part)).finalize();
        let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        Signature(halves.map(|half| char::from(b"0123456789abcdef"[usize::from(half)])).collect())
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `given` is this signature. The time does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Signature;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    /// Weixin's vectors of the verification of a URL, of a push in plain mode, and of a push in safe mode.
    #[test]
    fn the_official_signatures_are_computed() {
        for (timestamp, nonce, signature) in [
            ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
            ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
            ("1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
        ] {
            assert_eq!(Signature::of("AAAAA", timestamp, nonce).as_str(), signature);
        }
    }

    #[test]
    fn parts_are_sorted_by_bytes() {
        assert_eq!(Signature::of("b", "B", "1"), Signature::of("1", "b", "B"));
        assert_eq!(Signature::of("", "", "").as_str(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }

    #[test]
    fn a_signature_matches_itself_only() {
        let signature = Signature::of("t", "1", "2");
        assert!(signature.matches(signature.as_str()));
        assert!(!signature.matches("") && !signature.matches(&signature.as_str()[1..]));
        assert!(!signature.matches(&signature.as_str().to_uppercase()));
    }

    proptest! {
        #[test]
        fn every_part_counts(token in "[a-zA-Z0-9]{3,32}", nonce in "[0-9]{1,10}", encrypted in "[a-z+/]{24}") {
            let of = |token: &str, nonce: &str, encrypted: &str| {
                Signature::of_encrypted(token, "1409304348", nonce, encrypted)
            };
            let signature = of(&token, &nonce, &encrypted);
            prop_assert_eq!(signature.as_str().len(), 40);
            for other in [
                of(&format!("{token}x"), &nonce, &encrypted),
                of(&token, &format!("{nonce}1"), &encrypted),
                of(&token, &nonce, &format!("{encrypted}A")),
            ] {
                prop_assert!(!signature.matches(other.as_str()));
            }
        }
    }
}
