//! Answers as developers' servers write them.

use crate::{APPID, OPENID, ORIGINAL_ID, TOKEN, sample_key};
use protocol::callback::{EncodingAesKey, Format, Signature, encrypt};

/// The common members of an answer and those of its type, in XML as Weixin's samples have it.
pub(crate) fn xml(msg_type: &str, rest: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{OPENID}]]></ToUserName><FromUserName><![CDATA[{ORIGINAL_ID}]]></FromUserName>\
         <CreateTime>1482048671</CreateTime><MsgType><![CDATA[{msg_type}]]></MsgType>{rest}</xml>"
    )
}

/// The same in JSON; `rest` begins with a comma or is empty.
pub(crate) fn json(msg_type: &str, rest: &str) -> String {
    format!(
        "{{\"ToUserName\":\"{OPENID}\",\"FromUserName\":\"{ORIGINAL_ID}\",\"CreateTime\":1482048671,\
         \"MsgType\":\"{msg_type}\"{rest}}}"
    )
}

/// The envelope of an encrypted message, with a timestamp and nonce of the answer's own.
pub(crate) fn envelope(format: Format, encrypted: &str, timestamp: &str, nonce: &str) -> String {
    let signature = Signature::of_encrypted(TOKEN, timestamp, nonce, encrypted);
    match format {
        Format::Xml => format!(
            "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ),
        Format::Json => format!(
            r#"{{"Encrypt":"{encrypted}","MsgSignature":"{signature}","TimeStamp":{timestamp},"Nonce":"{nonce}"}}"#
        ),
    }
}

/// An answer, encrypted with this key.
pub(crate) fn encrypted_with(key: &EncodingAesKey, format: Format, answer: &str) -> String {
    let encrypted = encrypt(key, b"0123456789abcdef", answer.as_bytes(), APPID);
    envelope(format, &encrypted, "1482048671", "415670741")
}

/// An answer, encrypted with the sample key.
pub(crate) fn encrypted(format: Format, answer: &str) -> String {
    encrypted_with(&sample_key(), format, answer)
}
