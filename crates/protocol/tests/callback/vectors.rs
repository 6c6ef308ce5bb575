//! The vectors of Weixin's page on encryption and of its sample code.

use crate::{sample_key, zero_key};
use protocol::callback::{AesKeys, Decrypted, Signature, decrypt, encrypt, unseal};
use serde_json::Value;

const SAMPLE: &str =
    "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";

/// `Encrypt` of the official push, in lines.
const PUSH: [&str; 3] = [
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVza",
    "zhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwK",
    "SqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=",
];

#[test]
fn the_sample_code_encrypts_and_signs_the_same() {
    let encrypted =
        encrypt(&sample_key(), b"aaaabbbbccccdddd", "我是中文abcd123".as_bytes(), "wxb11529c136998cb6");
    assert_eq!(encrypted, SAMPLE);
    let signature = Signature::of_encrypted("pamtest", "1409304348", "xxxxxx", SAMPLE);
    assert_eq!(signature.as_str(), "82c962d39941aa48552f90ef55aa323dc620cc10");
    let decrypted = decrypt(&sample_key(), SAMPLE).expect("the sample");
    let expected = Decrypted {
        random: *b"aaaabbbbccccdddd",
        message: "我是中文abcd123".into(),
        id: b"wxb11529c136998cb6".to_vec(),
    };
    assert_eq!(decrypted, expected);
}

#[test]
fn the_official_push_is_decrypted() {
    let encrypted = PUSH.concat();
    let encrypted = encrypted.as_str();
    let signature = Signature::of_encrypted("AAAAA", "1714112445", "415670741", encrypted);
    assert!(signature.matches("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"));
    let decrypted = decrypt(&zero_key(), encrypted).expect("the official push");
    assert_eq!(&decrypted.random, b"a8eedb185eb2fecf");
    assert_eq!(decrypted.id, b"wxba5fad812f8e6fb9");
    assert_eq!(decrypted.message.len(), 167);
    let message: Value = serde_json::from_slice(&decrypted.message).expect("JSON");
    assert_eq!(message["debug_str"], "hello world");
    // Its padding has 19 bytes, so a client that pads to 16 could not read it.
    let again = encrypt(&zero_key(), &decrypted.random, &decrypted.message, "wxba5fad812f8e6fb9");
    assert_eq!(again, encrypted);
    let (current, previous) = (sample_key(), zero_key());
    let keys = AesKeys { current: &current, previous: Some(&previous) };
    assert_eq!(
        unseal(keys, "wxba5fad812f8e6fb9", encrypted).expect("the previous key").message,
        decrypted.message
    );
}

#[test]
fn the_official_answer_is_encrypted_and_signed_the_same() {
    let encrypted =
        encrypt(&zero_key(), b"707722b803182950", br#"{"demo_resp":"good luck"}"#, "wxba5fad812f8e6fb9");
    assert_eq!(
        encrypted,
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    );
    let signature = Signature::of_encrypted("AAAAA", "1713424427", "415670741", &encrypted);
    assert_eq!(signature.as_str(), "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
}
