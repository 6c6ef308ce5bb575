//! Reads a multipart form as it comes, and as SDKs really write it: part headers in any order, file names in raw
//! UTF-8 or with a path, lines that end with a bare LF, text before the first part and behind the last.

mod part;

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memmem};

pub use part::Part;

/// Most bytes of a part's headers.
const HEADERS_MAX: usize = 8 << 10;
/// Most bytes before the first part.
const PREAMBLE_MAX: usize = 64 << 10;
/// Most white space behind a boundary.
const PADDING_MAX: usize = 64;
/// Most characters of a boundary; RFC 2046 allows 70.
const BOUNDARY_MAX: usize = 200;

/// A form that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A piece of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part begins.
    Part(Part),
    /// Bytes of it.
    Data(Bytes),
    /// It ends.
    End,
    /// The form ends. What comes behind it is nothing.
    Closed,
}

/// Reads one form.
#[derive(Debug)]
pub struct Parser {
    /// `\r\n--` and the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
    /// Whether its lines end with a bare LF, as the first does.
    bare: bool,
    /// What is told next.
    next: Option<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble {
        seen: usize,
        at_line_start: bool,
    },
    Headers,
    /// Where a part begins its delimiter may follow at once.
    FirstData,
    Data,
    Closed,
}

/// What follows a boundary.
enum Tail {
    /// That cannot be told yet.
    More,
    /// It was no boundary: it goes on.
    Other,
    /// A part, after so many bytes; and whether its line ends with a bare LF.
    Part(usize, bool),
    /// The end.
    Close,
}

impl Parser {
    /// Reads a form with this `Content-Type`; `None` when it is none.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let (kind, rest) = content_type.split_once(';')?;
        let is_multipart = kind.trim().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
        let (_, boundary) =
            part::parameters(rest.as_bytes()).into_iter().find(|(name, _)| name == "boundary")?;
        let boundary = boundary.trim_end();
        let fits = is_multipart && (1..=BOUNDARY_MAX).contains(&boundary.len());
        fits.then(|| Parser {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            buffer: BytesMut::new(),
            state: State::Preamble { seen: 0, at_line_start: true },
            bare: false,
            next: None,
        })
    }

    /// Takes in what has come.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.state != State::Closed {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next piece; `None` when more must come first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn piece(&mut self) -> Result<Option<Piece>, Malformed> {
        if let Some(piece) = self.next.take() {
            return Ok(Some(piece));
        }
        match self.state {
            State::Preamble { seen, at_line_start } => self.preamble(seen, at_line_start),
            State::Headers => self.headers(),
            State::FirstData => self.first_data(),
            State::Data => Ok(self.data()),
            State::Closed => Ok(None),
        }
    }

    /// `--` and the boundary.
    fn dashed(&self) -> &[u8] {
        &self.delimiter[2..]
    }

    /// What parts end with: as the first line ended, so that nothing in a file ends it.
    fn ending(&self) -> &[u8] {
        if self.bare { &self.delimiter[1..] } else { &self.delimiter }
    }

    fn preamble(&mut self, mut seen: usize, mut at_line_start: bool) -> Result<Option<Piece>, Malformed> {
        loop {
            let dashed = self.dashed();
            if at_line_start && self.buffer.starts_with(dashed) {
                let behind = dashed.len();
                match tail(&self.buffer[behind..]) {
                    Tail::More => return Ok(None),
                    Tail::Part(padding, bare) => {
                        self.bare = bare;
                        let _ = self.buffer.split_to(behind + padding);
                        self.state = State::Headers;
                        return self.headers();
                    }
                    Tail::Close => return Ok(Some(self.close())),
                    Tail::Other => {}
                }
            } else if at_line_start && dashed.starts_with(&self.buffer) {
                return Ok(None);
            }
            let line = memchr(b'\n', &self.buffer);
            let passed = line.map_or(self.buffer.len(), |end| end + 1);
            seen += passed;
            let _ = self.buffer.split_to(passed);
            at_line_start = line.is_some();
            self.state = State::Preamble { seen, at_line_start };
            if seen > PREAMBLE_MAX {
                return Err(Malformed);
            }
            if self.buffer.is_empty() {
                return Ok(None);
            }
        }
    }

    fn headers(&mut self) -> Result<Option<Piece>, Malformed> {
        let Some(end) = end_of_headers(&self.buffer) else {
            return if self.buffer.len() > HEADERS_MAX { Err(Malformed) } else { Ok(None) };
        };
        if end > HEADERS_MAX {
            return Err(Malformed);
        }
        let part = Part::of(&self.buffer.split_to(end));
        self.state = State::FirstData;
        Ok(Some(Piece::Part(part)))
    }

    fn first_data(&mut self) -> Result<Option<Piece>, Malformed> {
        let dashed = self.dashed();
        if self.buffer.starts_with(dashed) {
            match tail(&self.buffer[dashed.len()..]) {
                Tail::More => return Ok(None),
                Tail::Other => {}
                found => return Ok(Some(self.end(found, dashed.len()))),
            }
        } else if dashed.starts_with(&self.buffer) {
            return Ok(None);
        }
        self.state = State::Data;
        Ok(self.data())
    }

    fn data(&mut self) -> Option<Piece> {
        let ending = self.ending();
        let Some(at) = memmem::find(&self.buffer, ending) else {
            // The last bytes may begin one.
            let sure = (self.buffer.len() + 1).saturating_sub(ending.len());
            return (sure > 0).then(|| Piece::Data(self.buffer.split_to(sure).freeze()));
        };
        if at > 0 {
            return Some(Piece::Data(self.buffer.split_to(at).freeze()));
        }
        let behind = ending.len();
        match tail(&self.buffer[behind..]) {
            Tail::More => None,
            Tail::Other => Some(Piece::Data(self.buffer.split_to(behind).freeze())),
            found => Some(self.end(found, behind)),
        }
    }

    /// A part ends with what was found behind its boundary.
    fn end(&mut self, found: Tail, behind: usize) -> Piece {
        if let Tail::Part(padding, _) = found {
            let _ = self.buffer.split_to(behind + padding);
            self.state = State::Headers;
        } else {
            self.next = Some(self.close());
        }
        Piece::End
    }

    fn close(&mut self) -> Piece {
        self.state = State::Closed;
        self.buffer = BytesMut::new();
        Piece::Closed
    }
}

fn tail(behind: &[u8]) -> Tail {
    if behind.starts_with(b"--") {
        return Tail::Close;
    }
    let padding = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match &behind[padding..] {
        _ if padding > PADDING_MAX => Tail::Other,
        [b'\r', b'\n', ..] => Tail::Part(padding + 2, false),
        [b'\n', ..] => Tail::Part(padding + 1, true),
        [] | [b'\r'] => Tail::More,
        [b'-'] if padding == 0 => Tail::More,
        _ => Tail::Other,
    }
}

/// The byte behind the empty line that ends headers.
fn end_of_headers(bytes: &[u8]) -> Option<usize> {
    let mut begin = 0;
    while let Some(length) = memchr(b'\n', &bytes[begin..]) {
        let line = &bytes[begin..begin + length];
        begin += length + 1;
        if line.is_empty() || line == b"\r" {
            return Some(begin);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Parser, Part, Piece};

    /// What a form holds, fed in pieces of `step` bytes: names and contents of its parts; `None` when it is broken or
    /// has no end.
    fn read(content_type: &str, body: &[u8], step: usize) -> Option<Vec<(Part, Vec<u8>)>> {
        let mut parser = Parser::of(content_type)?;
        let mut parts: Vec<(Part, Vec<u8>)> = Vec::new();
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

    fn part(name: &str, file_name: Option<&str>, data: &[u8]) -> (Part, Vec<u8>) {
        (Part { name: name.into(), file_name: file_name.map(Into::into) }, data.to_vec())
    }

    #[test]
    fn a_form_is_read_the_same_in_whatever_pieces_it_comes() {
        let body = "preamble\r\n--not it\r\n--b\r\nContent-Disposition: form-data; name=\"nonce\"\r\n\r\n\r\n--b \t\r\n\
            Content-Type: image/jpeg\r\nContent-Transfer-Encoding: 8bit\r\ncontent-disposition: form-data;\r\n name=media; filename=\"/tmp/客服.jpg\"\r\n\r\n\
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
        for other in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "text/plain; boundary=a",
            "",
            "application/json",
        ] {
            assert!(Parser::of(other).is_none(), "{other}");
        }
        assert!(Parser::of(&format!("multipart/form-data; boundary={}", "b".repeat(201))).is_none());
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
    fn what_has_no_end_is_broken_or_waited_for_and_never_held_without_bound() {
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
        for (begin, filler) in
            [("", "x"), ("", "\r\n"), ("--b\r\n", "x"), ("--b\r\n", "a: b\r\n"), ("--b", " ")]
        {
            let mut parser = Parser::of("multipart/form-data; boundary=b").expect("a form");
            parser.feed(begin.as_bytes());
            let endless = (0..200_000).any(|_| {
                parser.feed(filler.as_bytes());
                parser.piece().is_err()
            });
            assert!(endless || parser.buffer.len() < 20_000, "{begin:?} {filler:?}");
        }
    }
}
