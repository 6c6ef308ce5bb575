//! Message push: what is sent to a developer's server, and what its answer means.
//!
//! ```text
//! Body ── PushSettings::request ──► query, content type and body of a POST
//! answer of the developer's server ── reply::read ──► Understood, or a ReplyError that says what is wrong
//! ```
//!
//! Nothing here sends, waits or reads a clock: times, nonces and random bytes are arguments.
//!
//! Sources: <https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md>,
//! <https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.md>,
//! <https://developers.weixin.qq.com/miniprogram/en/dev/framework/server-ability/message-push.html>.

mod body;
mod cipher;
mod compose;
mod event;
mod key;
mod member;
mod message;
mod push;
pub mod reply;
mod setting;
mod signature;
mod verification;

pub use body::{Body, BodyContent};
pub use cipher::{CipherError, Decrypted, RANDOM_LENGTH, Unsealed, decrypt, encrypt, seal, unseal};
pub use compose::{PUSH_KINDS, PushKind, compose};
pub use event::{Event, ScannedCode};
pub use key::{AesKeys, EncodingAesKey, KeyError, WhichKey};
pub use message::{ArticleOrigin, UserContent, UserMessage, millionths};
pub use push::{Encryption, PushRequest, PushSettings, Recipient, Stamp};
pub use reply::{Reply, ReplyError, Understood};
pub use setting::{Format, Mode};
pub use signature::Signature;
pub use verification::{EchoError, check_echo, verification_query};
