//! The request of a push: query, content type and body, for each mode and format.

use super::body::Body;
use super::cipher::{RANDOM_LENGTH, seal};
use super::key::EncodingAesKey;
use super::member::{Member, write};
use super::setting::{Format, Mode};
use super::signature::Signature;

/// How an account's pushes are written.
#[derive(Clone, Copy, Debug)]
pub struct PushSettings<'a> {
    /// The token that signatures are made with.
    pub token: &'a str,
    /// The format of the body.
    pub format: Format,
    /// The mode, with the key where the mode encrypts.
    pub encryption: Encryption<'a>,
}

/// The mode of a push, with what it needs.
#[derive(Clone, Copy, Debug)]
pub enum Encryption<'a> {
    /// [`Mode::Plain`].
    Plain,
    /// [`Mode::Compatible`].
    Compatible(Recipient<'a>),
    /// [`Mode::Safe`].
    Safe(Recipient<'a>),
}

/// For whom a push is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// The current key.
    pub key: &'a EncodingAesKey,
    /// The appid that is encrypted with the message: the account's, at a platform's address the platform's.
    pub appid: &'a str,
}

impl Encryption<'_> {
    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self {
            Encryption::Plain => Mode::Plain,
            Encryption::Compatible(_) => Mode::Compatible,
            Encryption::Safe(_) => Mode::Safe,
        }
    }
}

/// What may differ between the tries of a push.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// When the push is sent, seconds since 1970: ten digits, because some clients read 32 bits.
    pub timestamp: i64,
    /// A random text of digits.
    pub nonce: &'a str,
    /// Random bytes, for the encryption.
    pub random: [u8; RANDOM_LENGTH],
}

/// The request of a push, a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRequest {
    /// The parameters to add to the query of the URL, not percent-encoded yet.
    pub query: Vec<(&'static str, String)>,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl PushSettings<'_> {
    /// The request that pushes `body`.
    /// <https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md>
    #[must_use]
    pub fn request(&self, body: &Body, stamp: &Stamp<'_>) -> PushRequest {
        let timestamp = stamp.timestamp.to_string();
        let signature = Signature::of(self.token, &timestamp, stamp.nonce);
        let mut query = vec![
            ("signature", signature.to_string()),
            ("timestamp", timestamp.clone()),
            ("nonce", stamp.nonce.to_owned()),
            ("openid", body.from_user_name.clone()),
        ];
        let members = body.members();
        let encrypt = |recipient: Recipient<'_>| {
            seal(recipient.key, &stamp.random, &write(self.format, &members), recipient.appid)
        };
        let (members, encrypted) = match self.encryption {
            Encryption::Plain => (members, None),
            Encryption::Compatible(recipient) => {
                let encrypted = encrypt(recipient);
                (members, Some(encrypted))
            }
            Encryption::Safe(recipient) => {
                let to: Member<'_> = ("ToUserName", (&body.to_user_name).into());
                (vec![to], Some(encrypt(recipient)))
            }
        };
        if let Some(encrypted) = &encrypted {
            let signature = Signature::of_encrypted(self.token, &timestamp, stamp.nonce, encrypted);
            query.extend([("encrypt_type", "aes".to_owned()), ("msg_signature", signature.to_string())]);
        }
        let encrypted = encrypted.iter().map(|text| ("Encrypt", text.into()));
        let members: Vec<Member<'_>> = members.into_iter().chain(encrypted).collect();
        PushRequest { query, content_type: self.format.content_type(), body: write(self.format, &members) }
    }
}
