//! The cipher, with messages of any length, and clients that remove padding in other ways.

use crate::{APPID, sample_key, zero_key};
use aes::Aes256;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use protocol::callback::{AesKeys, CipherError, WhichKey, decrypt, encrypt, seal, unseal};

/// The sample key, as other programs hold it.
fn raw_key() -> [u8; 32] {
    let mut key = [0; 32];
    let hex = "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051";
    for (byte, digits) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).expect("digits"), 16).expect("digits");
    }
    key
}

fn raw_vector() -> [u8; 16] {
    *raw_key().first_chunk().expect("16 of 32 bytes")
}

/// Encrypts as clients do that pad to blocks of 16 bytes.
pub(crate) fn encrypt_by_16(message: &[u8], id: &str) -> String {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    let plain = [b"0123456789abcdef", &length[..], message, id.as_bytes()].concat();
    let cipher = cbc::Encryptor::<Aes256>::new(&raw_key().into(), &raw_vector().into());
    BASE64_STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(&plain))
}

/// Encrypts bytes that need not be a message.
fn encrypt_raw(plain: &[u8]) -> String {
    let cipher = cbc::Encryptor::<Aes256>::new(&raw_key().into(), &raw_vector().into());
    BASE64_STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(plain))
}

#[test]
fn what_is_no_encrypted_message_is_refused_with_its_reason() {
    let refused = |text: &str| decrypt(&sample_key(), text).expect_err("no message");
    assert_eq!(refused("客服"), CipherError::Base64);
    assert_eq!(refused(""), CipherError::Length { bytes: 0 });
    assert_eq!(refused("AAAA"), CipherError::Length { bytes: 3 });
    assert_eq!(refused(&encrypt_raw(&[0; 32])), CipherError::Padding);
    assert_eq!(refused(&encrypt_raw(&[33; 64])), CipherError::Padding);
    assert_eq!(
        refused(&encrypt_raw(&[[0; 15].as_slice(), &[1; 1]].concat())),
        CipherError::Length { bytes: 16 }
    );
    // Room for the random bytes and a part of the length.
    assert_eq!(
        refused(&encrypt_raw(&[[0; 18].as_slice(), &[14; 14]].concat())),
        CipherError::Length { bytes: 32 }
    );
    let little_endian = [[0; 16].as_slice(), &3_u32.to_le_bytes(), b"abcwx", &[7; 7]].concat();
    assert_eq!(refused(&encrypt_raw(&little_endian)), CipherError::MessageLength { said: 3 << 24, there: 5 });
}

#[test]
fn base64_may_have_line_ends_and_lack_its_padding() {
    let text = encrypt(&sample_key(), b"0123456789abcdef", b"success", APPID);
    let lines: String =
        text.as_bytes().chunks(30).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect();
    for text in [lines.as_str(), text.trim_end_matches('=')] {
        assert_eq!(decrypt(&sample_key(), text).expect("a message").message, b"success");
    }
}

#[test]
fn the_previous_key_is_tried_and_the_appid_is_checked() {
    let (sample, zero) = (sample_key(), zero_key());
    let keys = AesKeys { current: &sample, previous: Some(&zero) };
    let by = |key, id: &str| unseal(keys, APPID, &encrypt(key, b"0123456789abcdef", b"success", id));
    assert_eq!(by(&sample, APPID).expect("current").key, WhichKey::Current);
    assert_eq!(by(&zero, APPID).expect("previous").key, WhichKey::Previous);
    let other = CipherError::Appid { expected: APPID.into(), found: "wx0000000000000000".into() };
    assert_eq!(by(&sample, "wx0000000000000000"), Err(other.clone()));
    assert_eq!(by(&zero, "wx0000000000000000"), Err(other));
    let alone = AesKeys { current: &sample, previous: None };
    let text = encrypt(&zero, b"0123456789abcdef", b"success", APPID);
    assert!(matches!(
        unseal(alone, APPID, &text),
        Err(CipherError::Padding | CipherError::MessageLength { .. })
    ));
}

/// All lengths modulo the block of the padding.
#[test]
fn clients_that_unpad_by_16_read_every_push() {
    for length in 0..64 {
        let message = format!("<xml>{}</xml>", "x".repeat(length));
        let sealed = seal(&sample_key(), b"0123456789abcdef", &message, APPID);
        let bytes = BASE64_STANDARD.decode(&sealed).expect("base64");
        assert_eq!(bytes.len() % 32, 0, "other clients refuse another length");
        let cipher = cbc::Decryptor::<Aes256>::new(&raw_key().into(), &raw_vector().into());
        let plain = cipher.decrypt_padded_vec::<Pkcs7>(&bytes).expect("a padding of at most 16 bytes");
        let (message_read, id) = plain[20..].split_at(plain.len() - 20 - APPID.len());
        assert_eq!(id, APPID.as_bytes());
        assert_eq!(message_read.trim_ascii_end(), message.as_bytes());
    }
}

proptest! {
    #[test]
    fn a_message_comes_out_as_it_went_in(
        random in any::<[u8; 16]>(),
        message in vec(any::<u8>(), 0..300),
        id in "wx[0-9a-f]{16}|",
    ) {
        let text = encrypt(&sample_key(), &random, &message, &id);
        let decrypted = decrypt(&sample_key(), &text).expect("a message");
        prop_assert_eq!(decrypted.random, random);
        prop_assert_eq!(&decrypted.message, &message);
        prop_assert_eq!(decrypted.id, id.as_bytes());
        let by_16 = decrypt(&sample_key(), &encrypt_by_16(&message, &id)).expect("a message");
        prop_assert_eq!(by_16.message, message);
    }

    #[test]
    fn a_changed_text_does_not_read_the_same(
        message in vec(any::<u8>(), 0..100),
        at in any::<usize>(),
        bit in 0..8_u8,
    ) {
        let text = encrypt(&sample_key(), b"0123456789abcdef", &message, APPID);
        let mut bytes = BASE64_STANDARD.decode(&text).expect("base64");
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let changed = decrypt(&sample_key(), &BASE64_STANDARD.encode(bytes));
        prop_assert!(changed != decrypt(&sample_key(), &text));
    }
}
