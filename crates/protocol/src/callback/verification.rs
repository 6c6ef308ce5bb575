//! The verification of a URL: a GET whose answer is its `echostr`.

use super::signature::Signature;
use std::fmt;

/// The parameters of the GET that verifies a URL, not percent-encoded yet. They are the same in all modes: clients
/// decrypt `echostr` as soon as they see `encrypt_type` or `msg_signature`.
/// <https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md>
#[must_use]
pub fn verification_query(
    token: &str,
    timestamp: i64,
    nonce: &str,
    echostr: &str,
) -> Vec<(&'static str, String)> {
    let timestamp = timestamp.to_string();
    let signature = Signature::of(token, &timestamp, nonce);
    vec![
        ("signature", signature.to_string()),
        ("timestamp", timestamp),
        ("nonce", nonce.to_owned()),
        ("echostr", echostr.to_owned()),
    ]
}

/// Why an answer does not verify a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoError {
    /// The answer is empty.
    Empty,
    /// A byte order mark is before the echostr.
    ByteOrderMark,
    /// White space is around the echostr.
    WhiteSpace,
    /// The echostr is between quotation marks, as a JSON text.
    Quoted,
    /// The answer contains the echostr and more.
    More,
    /// The answer is something else.
    Other,
}

impl fmt::Display for EchoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EchoError::Empty => "the answer is empty; it must be the echostr",
            EchoError::ByteOrderMark => {
                "the answer has a byte order mark before the echostr: save the source without one"
            }
            EchoError::WhiteSpace => {
                "the answer has white space around the echostr, often from a blank line in a source"
            }
            EchoError::Quoted => "the answer is the echostr between quotation marks: answer text, not JSON",
            EchoError::More => "the answer contains the echostr and more; it must be the echostr alone",
            EchoError::Other => {
                "the answer is not the echostr: the token may differ, or the program did not answer the GET"
            }
        })
    }
}

impl std::error::Error for EchoError {}

/// Checks the body of an answer with status 200 to the verification. It must be the `echostr` and nothing else.
///
/// # Errors
/// How the answer differs.
pub fn check_echo(answer: &[u8], echostr: &str) -> Result<(), EchoError> {
    let echo = echostr.as_bytes();
    let quoted = format!("\"{echostr}\"");
    match answer.trim_ascii() {
        _ if answer == echo => Ok(()),
        [] => Err(EchoError::Empty),
        inner if inner == echo => Err(EchoError::WhiteSpace),
        inner if inner == quoted.as_bytes() => Err(EchoError::Quoted),
        [0xef, 0xbb, 0xbf, rest @ ..] if rest.trim_ascii() == echo => Err(EchoError::ByteOrderMark),
        inner if !echo.is_empty() && inner.windows(echo.len()).any(|part| part == echo) => {
            Err(EchoError::More)
        }
        _ => Err(EchoError::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::{EchoError, check_echo, verification_query};

    #[test]
    fn the_query_is_signed_and_says_nothing_of_encryption() {
        let query = verification_query("AAAAA", 1_714_036_504, "1514711492", "4375120948345356249");
        let expected = [
            ("signature", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
            ("timestamp", "1714036504"),
            ("nonce", "1514711492"),
            ("echostr", "4375120948345356249"),
        ];
        assert_eq!(query, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn only_the_bare_echo_verifies() {
        for (answer, result) in [
            (&b"42"[..], Ok(())),
            (b"", Err(EchoError::Empty)),
            (b" \n", Err(EchoError::Empty)),
            (b"42\n", Err(EchoError::WhiteSpace)),
            (b"\"42\"", Err(EchoError::Quoted)),
            (b"\xef\xbb\xbf42", Err(EchoError::ByteOrderMark)),
            (b"<html>42</html>", Err(EchoError::More)),
            (b"success", Err(EchoError::Other)),
            (b"\xff", Err(EchoError::Other)),
        ] {
            assert_eq!(check_echo(answer, "42"), result, "{answer:?}");
        }
    }
}
