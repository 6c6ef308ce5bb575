//! The headers of a part of a form.

use memchr::memchr;
use std::borrow::Cow;

/// Maximum characters of a file name that are kept.
const FILE_NAME_MAX: usize = 255;

/// The relevant headers of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHeaders {
    /// Name of its field, empty without one.
    pub name: String,
    /// Name of its file, without a path.
    pub file_name: Option<String>,
}

impl PartHeaders {
    /// Parses the headers.
    #[must_use]
    pub fn of(headers: &[u8]) -> Self {
        let mut part = PartHeaders::default();
        for line in unfolded(headers) {
            let (name, value) = line.split_at(memchr(b':', &line).unwrap_or(line.len()));
            if name.trim_ascii().eq_ignore_ascii_case(b"content-disposition") {
                let found = parameters(value);
                let value =
                    |wanted: &str| found.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
                part.name = value("name").cloned().unwrap_or_default();
                let extended = value("filename*").and_then(|value| extended(value));
                part.file_name = extended.or_else(|| value("filename").cloned()).map(|name| bare_name(&name));
            }
        }
        part
    }
}

/// The lines of headers. A line that begins with white space continues the one before it.
fn unfolded(headers: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in headers.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match lines.last_mut() {
            Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => last.extend_from_slice(line),
            _ => lines.push(line.to_vec()),
        }
    }
    lines
}

/// Parses `; name=value; other="quoted \" value"`, and ignores text before the first semicolon.
pub(super) fn parameters(text: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'=', b';', rest).unwrap_or(rest.len());
        let name = String::from_utf8_lossy(rest[..end].trim_ascii()).to_ascii_lowercase();
        if rest.get(end) != Some(&b'=') {
            rest = rest.get(end + 1..).unwrap_or_default();
            continue;
        }
        let (value, behind) = value(rest[end + 1..].trim_ascii_start());
        found.push((name, String::from_utf8_lossy(&value).into_owned()));
        rest = memchr(b';', behind).map_or(&[][..], |end| &behind[end + 1..]);
    }
    found
}

/// A value, quoted or not, and the text after it.
fn value(text: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = memchr(b';', text).unwrap_or(text.len());
        return (text[..end].trim_ascii().into(), &text[end..]);
    };
    let (mut value, mut at) = (Vec::new(), 0);
    while let Some(byte) = quoted.get(at) {
        match (byte, quoted.get(at + 1)) {
            (b'"', _) => break,
            // A backslash in a Windows path escapes nothing.
            (b'\\', Some(next @ (b'"' | b'\\'))) => {
                value.push(*next);
                at += 1;
            }
            _ => value.push(*byte),
        }
        at += 1;
    }
    (value.into(), quoted.get(at + 1..).unwrap_or_default())
}

/// RFC 5987: `UTF-8''%e5%ae%a2.jpg`.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    // The query's decoder would read a plus as a space.
    let pairs = encoded.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let (decoded, _) = form_urlencoded::parse(pairs.as_bytes()).next()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| decoded.into_owned())
}

/// A file name without its path and without control characters.
fn bare_name(name: &str) -> String {
    let bare = name.rsplit(['/', '\\']).next().unwrap_or("");
    bare.chars().filter(|c| !c.is_control()).take(FILE_NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::PartHeaders;

    #[test]
    fn a_files_name_is_told_in_every_way_and_kept_without_a_path() {
        for (said, name) in [
            (r#"filename="a.jpg""#, "a.jpg"),
            ("filename=a.jpg", "a.jpg"),
            (r#"filename="C:\pictures\a.jpg""#, "a.jpg"),
            (r#"filename="say \"hi\".jpg""#, "say \"hi\".jpg"),
            (r#"filename="a;b=c.jpg""#, "a;b=c.jpg"),
            ("filename*=UTF-8''%E5%AE%A2+1.jpg", "客+1.jpg"),
            (r#"filename="x.jpg"; filename*=utf-8'zh'%E5%AE%A2.jpg"#, "客.jpg"),
            (r#"filename="x.jpg"; filename*=latin1''%E9.jpg"#, "x.jpg"),
            ("filename=\"\u{5ba2}\u{670d}.jpg\"", "客服.jpg"),
            ("filename=\"a\0b.jpg\"", "ab.jpg"),
            ("filename=", ""),
        ] {
            let headers = format!("Content-Disposition: form-data; {said}; name=\"media\"\r\n\r\n");
            let expected = PartHeaders { name: "media".into(), file_name: Some(name.into()) };
            assert_eq!(PartHeaders::of(headers.as_bytes()), expected, "{said}");
        }
        let raw =
            PartHeaders::of(b"Content-Disposition: form-data; name=\"media\"; filename=\"\xff.jpg\"\r\n\r\n");
        assert_eq!(raw.file_name.as_deref(), Some("\u{fffd}.jpg"));
        for none in [
            "",
            ":",
            "Content-Disposition",
            "Content-Disposition:",
            "Content-Type: x; name=y",
            "\r\n name=x",
            "=;=\"\\",
        ] {
            assert_eq!(PartHeaders::of(none.as_bytes()), PartHeaders::default(), "{none}");
        }
    }
}
