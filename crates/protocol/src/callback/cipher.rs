//! Encryption of pushes and answers: AES-256-CBC over `random(16) + length(4) + message + appid`, padded to blocks of
//! 32 bytes, as base64. <https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md>

use super::key::{AesKeys, EncodingAesKey, LENIENT_BASE64, WhichKey};
use aes::Aes256;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use cbc::{Decryptor, Encryptor};
use serde::Serialize;
use std::fmt;

/// Random bytes before a message.
pub const RANDOM_LENGTH: usize = 16;
/// Bytes of a message's length, big endian.
const LENGTH: usize = 4;
/// The block of the padding. The cipher's own block has half of it.
const PAD_BLOCK: usize = 32;
/// The block of the cipher, and the most that clients which pad to it can remove.
const CIPHER_BLOCK: usize = 16;

/// What an encrypted text held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// The random bytes.
    pub random: [u8; RANDOM_LENGTH],
    /// The message.
    pub message: Vec<u8>,
    /// The appid behind it, of the account or the platform.
    pub id: Vec<u8>,
}

/// Why a text could not be decrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum CipherError {
    /// The text is not base64.
    Base64,
    /// The base64 holds so many bytes, which is not a multiple of the cipher's block, or too few.
    Length {
        /// How many.
        bytes: usize,
    },
    /// The padding is wrong: usually another EncodingAESKey.
    Padding,
    /// The length before the message is larger than what follows: usually another EncodingAESKey.
    MessageLength {
        /// The length that is said.
        said: u32,
        /// The bytes that follow.
        there: usize,
    },
    /// The appid behind the message is another one.
    Appid {
        /// The appid of the account or the platform.
        expected: String,
        /// What is there instead.
        found: String,
    },
}

impl fmt::Display for CipherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CipherError::Base64 => f.write_str("Encrypt is not base64"),
            CipherError::Length { bytes } => {
                write!(f, "Encrypt holds {bytes} bytes, which no message encrypted with AES-CBC has")
            }
            CipherError::Padding => {
                f.write_str("Encrypt cannot be decrypted: another EncodingAESKey, or a wrong padding")
            }
            CipherError::MessageLength { said, there } => write!(
                f,
                "the message in Encrypt should have {said} bytes, but {there} follow: another EncodingAESKey, or a \
                 length that is not in network byte order"
            ),
            CipherError::Appid { expected, found } => {
                write!(f, "the appid behind the encrypted message is {found:?} instead of {expected}")
            }
        }
    }
}

impl std::error::Error for CipherError {}

/// Encrypts a message: base64 with padding. A block of padding has 1 to 32 bytes, each equal to their number.
#[must_use]
pub fn encrypt(key: &EncodingAesKey, random: &[u8; RANDOM_LENGTH], message: &[u8], id: &str) -> String {
    // A message is bounded far below 4 GiB.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut plain = [random, &length[..], message, id.as_bytes()].concat();
    let pad = PAD_BLOCK - plain.len() % PAD_BLOCK;
    plain.resize(plain.len() + pad, u8::try_from(pad).unwrap_or_default());
    let cipher = Encryptor::<Aes256>::new(key.bytes().into(), &key.vector().into());
    BASE64_STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
}

/// Encrypts a message that a client can read whether it removes padding by blocks of 32 or of 16 bytes: white space
/// behind the message keeps the padding within 16 bytes. XML and JSON both allow white space there.
#[must_use]
pub fn seal(key: &EncodingAesKey, random: &[u8; RANDOM_LENGTH], message: &str, id: &str) -> String {
    let length = RANDOM_LENGTH + LENGTH + message.len() + id.len();
    let pad = PAD_BLOCK - length % PAD_BLOCK;
    let message = format!("{message}{}", " ".repeat(pad.saturating_sub(CIPHER_BLOCK)));
    encrypt(key, random, message.as_bytes(), id)
}

/// Decrypts base64, with or without padding and line ends. The padding may be of blocks of 32 or of 16 bytes, because
/// some clients use the latter.
///
/// # Errors
/// All but `Appid`, which [`unseal`] checks.
pub fn decrypt(key: &EncodingAesKey, encrypted: &str) -> Result<Decrypted, CipherError> {
    let encrypted: String = encrypted.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = LENIENT_BASE64.decode(encrypted).map_err(|_| CipherError::Base64)?;
    if bytes.is_empty() || bytes.len() % CIPHER_BLOCK != 0 {
        return Err(CipherError::Length { bytes: bytes.len() });
    }
    let cipher = Decryptor::<Aes256>::new(key.bytes().into(), &key.vector().into());
    let plain = cipher.decrypt_padded_vec::<NoPadding>(&bytes).map_err(|_| CipherError::Padding)?;
    let plain = without_padding(&plain).ok_or(CipherError::Padding)?;
    let too_short = || CipherError::Length { bytes: bytes.len() };
    let (random, rest) = plain.split_first_chunk::<RANDOM_LENGTH>().ok_or_else(too_short)?;
    let (said, rest) = rest.split_first_chunk::<LENGTH>().ok_or_else(too_short)?;
    let said = u32::from_be_bytes(*said);
    let (message, id) = usize::try_from(said)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(CipherError::MessageLength { said, there: rest.len() })?;
    Ok(Decrypted { random: *random, message: message.to_owned(), id: id.to_owned() })
}

fn without_padding(plain: &[u8]) -> Option<&[u8]> {
    let pad = *plain.last()?;
    let (rest, padding) = plain.split_at_checked(plain.len().checked_sub(usize::from(pad))?)?;
    let is_padding = (1..=PAD_BLOCK).contains(&padding.len()) && padding.iter().all(|byte| *byte == pad);
    is_padding.then_some(rest)
}

/// A decrypted message, and the key that decrypted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The message.
    pub message: Vec<u8>,
    /// The key.
    pub key: WhichKey,
}

/// Decrypts with the current key, else with the previous one, and checks the appid.
///
/// # Errors
/// What is wrong with the text under the key that comes further: a wrong appid says more than a wrong padding.
pub fn unseal(keys: AesKeys<'_>, id: &str, encrypted: &str) -> Result<Unsealed, CipherError> {
    let open = |key, which| {
        let decrypted = decrypt(key, encrypted)?;
        if decrypted.id != id.as_bytes() {
            let found = String::from_utf8_lossy(&decrypted.id).chars().take(64).collect();
            return Err(CipherError::Appid { expected: id.to_owned(), found });
        }
        Ok(Unsealed { message: decrypted.message, key: which })
    };
    let current = open(keys.current, WhichKey::Current);
    let (Err(error), Some(previous)) = (&current, keys.previous) else { return current };
    match open(previous, WhichKey::Previous) {
        Err(other @ CipherError::Appid { .. }) if !matches!(error, CipherError::Appid { .. }) => Err(other),
        Err(_) => current,
        unsealed => unsealed,
    }
}
