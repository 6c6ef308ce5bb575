//! Multipart forms, written byte by byte as SDKs write them, and the smallest files of each format.

use super::{TestAccount, TestApp};
use serde_json::Value;

pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\x0bIDAT\
    \x78\xda\x63\xf8\x0f\x04\x00\x09\xfb\x03\xfd\x68\xfa\x1c\xcc\0\0\0\0IEND\xaeB`\x82";
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";
pub const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\
    !\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
pub const AMR: &[u8] = b"#!AMR\n\x3c\x91\x17\x16\xbe\x66\x79\xe1\xe0\x01\xe7\xaf\xf0\0\0\0\x80\0\0\0";
pub const MP3: &[u8] = b"ID3\x03\0\0\0\0\0\0\xff\xfb\x90\x64\0\0\0\0";
pub const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free\0\0\0\x08mdat";

/// A file of `size` bytes that begins with `begin`. A PNG stays a valid PNG.
pub fn sized(begin: &[u8], size: usize) -> Vec<u8> {
    // The bytes vary, so that a misplaced part is detected.
    let filled = |from: usize, to: usize| (from..to).map(|at| (at / 7 + at / 4096) as u8);
    if begin != PNG || size <= PNG.len() {
        return begin.iter().copied().chain(filled(begin.len(), size)).collect();
    }
    let mut bytes = PNG[..PNG_HEADER].to_vec();
    bytes.extend(u32::try_from(size - PNG_HEADER - 12 - PNG_END).unwrap().to_be_bytes());
    bytes.extend(b"IDAT");
    bytes.extend(filled(bytes.len(), size - 4 - PNG_END));
    bytes.extend([0; 4]);
    bytes.extend(&PNG[PNG.len() - PNG_END..]);
    bytes
}

/// A PNG of `size` bytes whose content differs by `number`.
pub fn numbered(number: usize, size: usize) -> Vec<u8> {
    let mut bytes = sized(PNG, size);
    let at = size - PNG_END - 4 - 8;
    bytes[at..at + 8].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Bytes of a PNG before its pixels, and of the chunk behind them.
const PNG_HEADER: usize = 33;
const PNG_END: usize = 12;

/// A form with a file, then fields.
pub fn form(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    if let Some((name, bytes)) = file {
        let head = format!(
            "--xX0Xx\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"test.jpg\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    for (name, value) in fields {
        body.extend(
            format!("--xX0Xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .into_bytes(),
        );
    }
    body.extend(b"--xX0Xx--\r\n");
    body
}

/// The content type of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=xX0Xx";

impl TestAccount {
    /// Posts these bytes with this content type.
    pub async fn posts(
        &self,
        path_and_query: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Value {
        let url = format!("{}{path_and_query}", self.app.base);
        let request = self.app.http.post(url).header("content-type", content_type).body(body);
        TestAccount::read_answer(path_and_query, request.send().await.expect("an answer")).await
    }

    /// Uploads a temporary file.
    pub async fn uploads(&self, kind: &str, bytes: &[u8]) -> Value {
        let path = format!("/cgi-bin/media/upload?access_token={}&type={kind}", self.token);
        self.posts(&path, FORM, form(&[], Some(("media", bytes)))).await
    }

    /// The media id of an uploaded file.
    pub async fn media(&self, kind: &str, bytes: &[u8]) -> String {
        let answer = self.uploads(kind, bytes).await;
        answer["media_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Fetches a temporary file; the raw answer.
    pub async fn fetches(&self, media_id: &str) -> reqwest::Response {
        let url =
            format!("{}/cgi-bin/media/get?access_token={}&media_id={media_id}", self.app.base, self.token);
        self.app.http.get(url).send().await.expect("an answer")
    }

    /// Fetches a temporary file; the errcode of the answer.
    pub async fn fetch_code(&self, media_id: &str) -> i64 {
        let response = self.fetches(media_id).await;
        if response.headers()["content-type"] == "application/json; encoding=utf-8" {
            return super::code(&TestAccount::read_answer("media/get", response).await);
        }
        0
    }

    /// Gives an agent a picture.
    pub async fn pictures(&self, prefix: &str, bytes: &[u8]) -> Value {
        let path = format!(
            "/customservice/kfaccount/uploadheadimg?access_token={}&kf_account={}",
            self.token,
            self.kf(prefix)
        );
        self.posts(&path, FORM, form(&[], Some(("media", bytes)))).await
    }
}

impl TestApp {
    /// The number of files in the store's folder, including half-written ones.
    pub fn files(&self) -> usize {
        let folders =
            self.fresh.folder_of_files().read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
        folders.map(|folder| folder.read_dir().unwrap().count()).sum()
    }
}
