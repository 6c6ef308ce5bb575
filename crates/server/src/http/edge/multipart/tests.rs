//! Forms in whatever pieces they come, and what reading them costs.

use super::{FormParser, Malformed, PartHeaders, Piece};

/// What a form holds, fed in pieces of `step` bytes: names and contents of its parts; `None` when it is broken or
/// has no end.
fn read(content_type: &str, body: &[u8], step: usize) -> Option<Vec<(PartHeaders, Vec<u8>)>> {
    let mut parser = FormParser::of(content_type)?;
    let mut parts: Vec<(PartHeaders, Vec<u8>)> = Vec::new();
    for bytes in body.chunks(step) {
        parser.feed(bytes);
        while let Some(piece) = parser.piece().ok()? {
            match piece {
                Piece::Part(part) => parts.push((part, Vec::new())),
                Piece::Data(data) => parts.last_mut()?.1.extend_from_slice(&data),
                Piece::End => {}
                Piece::Closed => return Some(parts),
            }
        }
    }
    None
}

fn part(name: &str, file_name: Option<&str>, data: &[u8]) -> (PartHeaders, Vec<u8>) {
    (PartHeaders { name: name.into(), file_name: file_name.map(Into::into) }, data.to_vec())
}

#[test]
fn a_form_is_read_the_same_in_whatever_pieces_it_comes() {
    let body = "preamble\r\n--not it\r\n--b\r\nContent-Disposition: form-data; name=\"nonce\"\r\n\r\n\r\n--b \t\r\n\
        Content-Type: image/jpeg\r\nContent-Transfer-Encoding: 8bit\r\n\
        content-disposition: form-data;\r\n name=media; filename=\"/tmp/客服.jpg\"\r\n\r\n\
        \r\n--bb\r\n--b-\r\n-\n--b\n--\r\n--b--\r\nepilogue --b\r\n";
    let file = "\r\n--bb\r\n--b-\r\n-\n--b\n--";
    let expected = vec![part("nonce", None, b""), part("media", Some("客服.jpg"), file.as_bytes())];
    for step in 1..=body.len() {
        assert_eq!(
            read("multipart/form-data; boundary=b", body.as_bytes(), step),
            Some(expected.clone()),
            "{step}"
        );
    }
}

#[test]
fn a_boundary_stands_in_quotes_or_not() {
    let body = b"--a b\r\n\r\nx\r\n--a b--";
    for known in [
        "multipart/form-data; boundary=\"a b\"",
        "Multipart/Form-Data;charset=utf-8; Boundary=\"a b\"",
        "multipart/form-data; boundary=a b ",
    ] {
        assert_eq!(read(known, body, 5), Some(vec![part("", None, b"x")]), "{known}");
    }
    for other in ["text/plain; boundary=a", "multipart", "", "application/json"] {
        assert!(FormParser::of(other).is_none(), "{other}");
    }
    assert!(FormParser::of(&format!("multipart/form-data; boundary={}", "b".repeat(201))).is_none());
}

#[test]
fn lines_may_end_with_a_bare_lf_when_the_first_does() {
    let body = b"--b\nContent-Disposition: form-data; name=\"media\"\n\none\r\ntwo\n--b--\n";
    assert_eq!(
        read("multipart/form-data; boundary=b", body, 7),
        Some(vec![part("media", None, b"one\r\ntwo")])
    );
}

#[test]
fn an_empty_part_may_have_no_line_of_its_own() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n--b--\r\n";
    assert_eq!(read("multipart/form-data; boundary=b", body, 1), Some(vec![part("media", None, b"")]));
    assert_eq!(read("multipart/form-data; boundary=b", b"--b--", 1), Some(Vec::new()));
}

#[test]
fn a_type_without_a_boundary_leaves_it_to_the_first_line() {
    let body =
        b"--------b 1 \t\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\nx\r\n--------b 1--\r\n";
    for content_type in [
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; charset=ISO-8859-1",
        "Multipart/Form-Data; boundary=",
    ] {
        for step in 1..=body.len() {
            let found = read(content_type, body, step);
            assert_eq!(found, Some(vec![part("media", None, b"x")]), "{content_type}, {step}");
        }
    }
    let bare = b"--b\n\none\r\n--b--\n";
    assert_eq!(read("multipart/form-data", bare, 3), Some(vec![part("", None, b"one\r")]));
    let long = format!("--{}\r\n\r\nx\r\n--{0}--", "b".repeat(201));
    for none in
        [&b"\r\n--b\r\n\r\nx\r\n--b--"[..], b"x\r\n", b"--\r\n\r\nx\r\n----", b"--\x01\r\n", long.as_bytes()]
    {
        assert_eq!(read("multipart/form-data", none, 4), None, "{none:?}");
    }
}

#[test]
fn what_has_no_end_is_waited_for() {
    let form = |body: &[u8]| read("multipart/form-data; boundary=b", body, 100);
    for endless in [
        &b""[..],
        b"--b",
        b"--b\r\n",
        b"--b\r\nA: b\r\n\r\n",
        b"--b\r\n\r\ndata\r\n--",
        b"--b\r\n\r\ndata\r\n--b\r\n",
    ] {
        assert_eq!(form(endless), None, "{endless:?}");
    }
}

/// What strangers may send without end: the type, what it begins with, what is repeated, and whether that is a fault.
const ENDLESS: &[(&str, &str, &str, bool)] = &[
    ("; boundary=x", "--x\r\n", "a\n", true),
    ("; boundary=x", "--x\r\n", "a", true),
    ("; boundary=x", "--x\r\n", "a: b\r\n b\r\n", true),
    ("; boundary=x", "--x\r\nContent-Disposition: x", "; name=\"", true),
    ("; boundary=x", "", "x", true),
    ("; boundary=x", "", "\r\n", true),
    ("; boundary=x", "", "--x ", true),
    ("; boundary=x", "", "--x -\n", true),
    ("; boundary=x", "--x", " ", true),
    ("; boundary=x", "--x\r\n\r\n", "\r", false),
    ("; boundary=x", "--x\r\n\r\n", "\r\n", false),
    ("; boundary=x", "--x\r\n\r\n", "\r\n--", false),
    ("; boundary=x", "--x\r\n\r\n", "\r\n--x ", true),
    ("; boundary=x", "--x\r\n\r\n", "\r\n--x  \r\r\n-", false),
    ("; boundary=x", "--x\r\n\r\n\r\n--x", " ", false),
    ("; boundary=x", "--x\n\n", "\n--x\t", true),
    ("; boundary=x", "--x\n\n", "\n--x-", false),
    ("; boundary=x", "", "--x\r\n\r\n\r\n", false),
    ("; boundary=x", "--x--", "a\n", false),
    ("; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "--", "a", true),
    ("; boundary=aaaaaaaaab", "--aaaaaaaaab\r\n\r\n", "\r\n--aaaaaaaaa", false),
    ("", "", "--", true),
    ("", "--x\r\n", "a\n", true),
    ("", "--", "x", true),
];

/// The fuzzer holds the parser to the same bound. Other parsers of a stranger's input read bounded input once, from
/// start to end, after all of it has arrived: JSON (`protocol::strict`, at most 1 MiB), query, cookies, `Range`,
/// `X-Forwarded-For`, cursors, and the headers of a part ([`PartHeaders`], at most 8 KiB).
#[test]
fn each_byte_is_looked_at_a_few_times_in_whatever_pieces_it_comes() {
    const FED: usize = 200_000;
    for (parameter, begin, filler, is_fault) in ENDLESS {
        let body: Vec<u8> = begin.bytes().chain(filler.bytes().cycle()).take(FED).collect();
        for step in [1, 2, 7, 4096, FED] {
            let mut parser = FormParser::of(&format!("multipart/form-data{parameter}")).expect("a form");
            let (mut fed, mut is_broken, mut most) = (0, false, 0);
            for bytes in body.chunks(step) {
                parser.feed(bytes);
                fed += if is_broken { 0 } else { bytes.len() as u64 };
                loop {
                    match parser.piece() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(Malformed) => {
                            is_broken = true;
                            break;
                        }
                    }
                }
                most = most.max(parser.buffer.len());
            }
            let what = format!("{parameter:?} {begin:?} {filler:?} by {step}");
            assert_eq!(is_broken, *is_fault, "{what}");
            assert!(parser.scanned() <= 4 * fed + 16, "{what}: {} of {fed}", parser.scanned());
            assert!(most <= 8192 + step, "{what}: {most} held");
            assert!(!is_broken || fed <= (64 << 10) + 8192 + step as u64, "{what}: it stopped after {fed}");
            assert!(!is_broken || parser.buffer.capacity() == 0, "{what}: it holds what it dropped");
        }
    }
}
