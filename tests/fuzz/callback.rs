//! Properties of message push: the reader of answers, and the cipher.

use protocol::callback::reply::{AnsweredPush, Form, Secrets, decrypted, read};
use protocol::callback::{
    AesKeys, EncodingAesKey, Format, Mode, Reply, ReplyError, Signature, Understood, decrypt, encrypt, seal,
};
use protocol::limits::{CONTENT_MAX, EVENT_REPLY_ARTICLES_MAX, REPLY_ARTICLES_MAX, REPLY_MAX, TEXT_MAX};
use protocol::message::{Content, News};

const TOKEN: &str = "pamtest";
const APPID: &str = "wxb11529c136998cb6";
const RANDOM: &[u8; 16] = b"aaaabbbbccccdddd";

fn key() -> EncodingAesKey {
    EncodingAesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").expect("a key")
}

fn secrets(key: &EncodingAesKey) -> Secrets<'_> {
    Secrets { token: TOKEN, appid: APPID, keys: AesKeys { current: key, previous: None } }
}

fn understand(answer: &[u8], is_event: bool) -> Result<Understood, ReplyError> {
    let key = key();
    let push = AnsweredPush {
        openid: "o000000000000000000000000000",
        original_id: "gh_97417a04a28d",
        is_event,
        format: Format::Xml,
        mode: Mode::Compatible,
        secrets: Some(secrets(&key)),
    };
    read(answer, &push)
}

/// An answer is read or refused with a short reason. What is read is bounded and has no NUL. An encrypted answer is
/// read as the clear one.
pub(super) fn reply(input: &[u8]) {
    for is_event in [false, true] {
        let clear = understand(input, is_event);
        match &clear {
            Ok(understood) => assert_bounded(understood, is_event),
            Err(error) => {
                let text = error.to_string();
                assert!(text.chars().count() < 500 && !text.contains(char::is_control), "{text:?}");
            }
        }
        if matches!(decrypted(input, secrets(&key())), Ok(Some(_))) {
            // An envelope in an envelope is no message.
            continue;
        }
        match (understand(&envelope(input), is_event), clear) {
            (Ok(sealed), Ok(clear)) => {
                assert_eq!((sealed.reply, sealed.form), (clear.reply, clear.form));
                assert!(sealed.key.is_some());
            }
            (Err(sealed), Err(clear)) if !is_of_envelope(&clear) => assert_eq!(sealed, clear),
            // The envelope is larger than what is in it.
            (Err(ReplyError::TooLarge { .. }), Ok(_)) => assert!(input.len() > REPLY_MAX / 2),
            (_, Err(clear)) if is_of_envelope(&clear) => {}
            (sealed, clear) => panic!("clear {clear:?}, encrypted {sealed:?}"),
        }
    }
}

/// An answer that is an envelope itself is refused for another reason inside of one; so is one that is too large.
fn is_of_envelope(error: &ReplyError) -> bool {
    use ReplyError as E;
    match error {
        E::Signature { .. } | E::Cipher(_) | E::NoKey | E::TooLarge { .. } => true,
        E::Missing { member } | E::Repeated { member } | E::Shape { member } | E::Nul { member } => {
            ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"].contains(member)
        }
        _ => false,
    }
}

fn envelope(message: &[u8]) -> Vec<u8> {
    let encrypted = encrypt(&key(), RANDOM, message, APPID);
    let signature = Signature::of_encrypted(TOKEN, "1409304348", "xxxxxx", &encrypted);
    format!(
        "<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>\
         <TimeStamp>1409304348</TimeStamp><Nonce>xxxxxx</Nonce></xml>"
    )
    .into_bytes()
}

fn assert_bounded(understood: &Understood, is_event: bool) {
    let is_bare = matches!(understood.form, Form::Empty | Form::Success);
    assert_eq!(understood.reply == Reply::Nothing, is_bare, "{understood:?}");
    match &understood.reply {
        Reply::Nothing => {}
        Reply::Transfer { kf_account } => {
            assert!(kf_account.as_ref().is_none_or(|id| !id.is_empty() && !id.contains('\0')));
        }
        Reply::Message(content) => {
            let json = content.body().to_string();
            assert!(json.len() <= CONTENT_MAX && !json.contains("\\u0000"), "{json}");
            match content {
                Content::Text(text) => assert!(!text.content.is_empty() && text.content.len() <= TEXT_MAX),
                Content::News(News { articles }) => {
                    let most = if is_event { EVENT_REPLY_ARTICLES_MAX } else { REPLY_ARTICLES_MAX };
                    assert!((1..=most).contains(&articles.len()));
                }
                _ => assert!(content.file().is_some() || matches!(content, Content::Music(_))),
            }
        }
    }
}

/// Any text is decrypted or refused, also one that is an encrypted message with some bytes changed. What was encrypted
/// is decrypted to the same.
pub(super) fn cipher(input: &[u8]) {
    let key = key();
    let encrypted = encrypt(&key, RANDOM, input, APPID);
    let decrypted = decrypt(&key, &encrypted).expect("what was encrypted");
    assert_eq!((decrypted.message.as_slice(), &decrypted.random), (input, RANDOM));
    assert_eq!(decrypted.id, APPID.as_bytes());
    if let Ok(text) = std::str::from_utf8(input) {
        let sealed = decrypt(&key, &seal(&key, RANDOM, text, APPID)).expect("what was encrypted");
        let behind = sealed.message.strip_prefix(input).expect("the message first");
        assert!(behind.len() <= 16 && behind.iter().all(|byte| *byte == b' '));
        let padding = 32 - (RANDOM.len() + 4 + sealed.message.len() + APPID.len()) % 32;
        assert!(padding <= 16, "some clients remove 16 bytes at most");
        if let Ok(decrypted) = decrypt(&key, text) {
            let random = decrypted.random;
            let id = String::from_utf8_lossy(&decrypted.id).into_owned();
            let again = decrypt(&key, &encrypt(&key, &random, &decrypted.message, &id)).expect("the same");
            assert_eq!((again.random, again.message), (random, decrypted.message));
        }
    }
    let mut changed = encrypted.into_bytes();
    for pair in input.chunks_exact(2).take(4) {
        let at = usize::from(pair[0]) % changed.len();
        changed[at] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="[usize::from(pair[1]) % 65];
    }
    let changed = String::from_utf8(changed).expect("base64");
    if let Ok(decrypted) = decrypt(&key, &changed) {
        assert!(decrypted.message.len() < changed.len());
    }
}
