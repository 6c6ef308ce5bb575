//! Parses a multipart form as it arrives, in the variants that SDKs really write: part headers in any order, file names
//! in raw UTF-8 or with a path, lines that end with a bare LF, text before the first part and after the last. A form
//! whose type names no boundary is parsed by its first line. However the form is cut into pieces, each byte is read a
//! few times at most, and none after a fault.

mod part;
#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};
use memchr::memchr;

pub use part::PartHeaders;

/// Maximum bytes of a part's headers.
const HEADERS_MAX: usize = 8 << 10;
/// Maximum bytes before the first part.
const PREAMBLE_MAX: usize = 64 << 10;
/// Maximum white space after a boundary.
const PADDING_MAX: usize = 64;
/// Maximum characters of a boundary; RFC 2046 allows 70.
const BOUNDARY_MAX: usize = 200;
/// Maximum bytes of a first line that names the boundary, with its dashes and its end.
const FIRST_LINE_MAX: usize = BOUNDARY_MAX + PADDING_MAX + 4;
/// Offset in the delimiter without the end of the line before it.
const DASHES: usize = 2;

/// The error of a malformed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A piece of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part begins.
    Part(PartHeaders),
    /// Bytes of the part.
    Data(Bytes),
    /// The part ends.
    End,
    /// The form ends. Bytes after it are ignored.
    Closed,
}

/// Parses one form.
#[derive(Debug)]
pub struct FormParser {
    /// `\r\n--` and the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    /// Bytes of the buffer that were read; parsing continues after them.
    seen: usize,
    state: ParserState,
    /// Whether lines end with a bare LF, as the first line does.
    bare: bool,
    /// The piece to return next.
    next: Option<Piece>,
    /// Bytes before the first part.
    passed: usize,
    scanned: u64,
}

/// The element that is being parsed. `matched` is how much of the delimiter the last bytes match: the next byte must be
/// the delimiter's at that offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParserState {
    /// The first line, which names the boundary.
    FirstLine,
    /// The start of a line before the first part.
    LineStart { matched: usize },
    /// The rest of a line before the first part.
    Line,
    /// White space after a boundary, and its length.
    Padding { place: BoundaryPlace, padding: usize },
    /// Headers whose last line begins at `line`.
    Headers { line: usize },
    /// The start of a part: the delimiter may follow at once.
    PartStart { matched: usize },
    /// The rest of a part.
    Data { matched: usize },
    /// After the form.
    Closed,
    /// After a fault.
    Broken,
}

/// Where a boundary was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BoundaryPlace {
    Preamble,
    Part,
}

/// How bytes compare with the delimiter.
enum Compared {
    /// They equal it.
    Whole,
    /// They equal its beginning, up to this offset.
    More(usize),
    /// They differ.
    Other,
}

/// Outcome of one step.
enum ParserStep {
    /// A piece.
    Piece(Piece),
    /// No piece; the next step follows.
    Again,
    /// More bytes are needed.
    More,
}

impl FormParser {
    /// A parser for a form with this `Content-Type`; `None` when it is not multipart.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let (kind, rest) = content_type.split_once(';').unwrap_or((content_type, ""));
        let is_multipart = kind.trim().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
        let mut parameters = part::parameters(rest.as_bytes()).into_iter();
        let boundary = parameters.find(|(name, _)| name == "boundary").map(|(_, boundary)| boundary);
        let boundary = boundary.as_deref().unwrap_or_default().trim_end();
        let state = if boundary.is_empty() {
            ParserState::FirstLine
        } else {
            ParserState::LineStart { matched: DASHES }
        };
        let fits = boundary.len() <= BOUNDARY_MAX && !boundary.bytes().any(|byte| byte.is_ascii_control());
        (is_multipart && fits).then(|| FormParser {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            buffer: BytesMut::new(),
            seen: 0,
            state,
            bare: false,
            next: None,
            passed: 0,
            scanned: 0,
        })
    }

    /// Takes in bytes. Bytes after the form or a fault are ignored.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !matches!(self.state, ParserState::Closed | ParserState::Broken) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Bytes read so far; those that were read twice count twice.
    #[must_use]
    pub fn scanned(&self) -> u64 {
        self.scanned
    }

    /// The next piece; `None` when it needs more bytes.
    ///
    /// # Errors
    /// When the form is malformed. The parser then drops its buffer and takes in nothing more.
    pub fn piece(&mut self) -> Result<Option<Piece>, Malformed> {
        if let Some(piece) = self.next.take() {
            return Ok(Some(piece));
        }
        loop {
            match self.step() {
                Ok(ParserStep::Piece(piece)) => return Ok(Some(piece)),
                Ok(ParserStep::More) => return Ok(None),
                Ok(ParserStep::Again) => {}
                Err(Malformed) => {
                    (self.state, self.buffer) = (ParserState::Broken, BytesMut::new());
                    return Err(Malformed);
                }
            }
        }
    }

    fn step(&mut self) -> Result<ParserStep, Malformed> {
        match self.state {
            ParserState::FirstLine => self.first_line(),
            ParserState::LineStart { matched } => Ok(self.line_start(matched)),
            ParserState::Line => self.line(),
            ParserState::Padding { place, padding } => Ok(self.padding(place, padding)),
            ParserState::Headers { line } => self.headers(line),
            ParserState::PartStart { matched } => Ok(self.part_start(matched)),
            ParserState::Data { matched } => Ok(self.data(matched)),
            ParserState::Closed => Ok(ParserStep::More),
            ParserState::Broken => Err(Malformed),
        }
    }

    /// The offset after the next LF. The search continues where it ended last.
    fn line_end(&mut self) -> Option<usize> {
        let found = memchr(b'\n', &self.buffer[self.seen..]);
        let looked = found.map_or(self.buffer.len() - self.seen, |at| at + 1);
        self.scanned += looked as u64;
        self.seen += looked;
        found.map(|_| self.seen)
    }

    /// Compares the next bytes with the delimiter from offset `matched`, and skips those that match.
    fn compare(&mut self, mut matched: usize) -> Compared {
        while let Some(wanted) = self.delimiter.get(matched) {
            let Some(byte) = self.buffer.get(self.seen) else { return Compared::More(matched) };
            self.scanned += 1;
            if byte != wanted {
                return Compared::Other;
            }
            self.seen += 1;
            matched += 1;
        }
        Compared::Whole
    }

    /// Drops the bytes that were read.
    fn pass(&mut self) -> usize {
        let passed = std::mem::take(&mut self.seen);
        let _ = self.buffer.split_to(passed);
        passed
    }

    fn first_line(&mut self) -> Result<ParserStep, Malformed> {
        let end = self.line_end();
        if self.seen > FIRST_LINE_MAX {
            return Err(Malformed);
        }
        let Some(end) = end else { return Ok(ParserStep::More) };
        let line = self.buffer[..end].trim_ascii_end();
        let is_boundary = line.len() > DASHES && line.starts_with(b"--");
        if !is_boundary || line.len() > DASHES + BOUNDARY_MAX || line.iter().any(u8::is_ascii_control) {
            return Err(Malformed);
        }
        self.delimiter = [b"\r\n", line].concat();
        // The line is parsed again like any other.
        self.seen = 0;
        self.state = ParserState::LineStart { matched: DASHES };
        Ok(ParserStep::Again)
    }

    fn line_start(&mut self, matched: usize) -> ParserStep {
        match self.compare(matched) {
            Compared::More(matched) => {
                self.state = ParserState::LineStart { matched };
                return ParserStep::More;
            }
            Compared::Whole => {
                self.state = ParserState::Padding { place: BoundaryPlace::Preamble, padding: 0 }
            }
            Compared::Other => self.state = ParserState::Line,
        }
        ParserStep::Again
    }

    fn line(&mut self) -> Result<ParserStep, Malformed> {
        let end = self.line_end();
        self.passed += self.pass();
        if self.passed > PREAMBLE_MAX {
            return Err(Malformed);
        }
        if end.is_none() {
            return Ok(ParserStep::More);
        }
        self.state = ParserState::LineStart { matched: DASHES };
        Ok(ParserStep::Again)
    }

    /// The bytes after a boundary decide whether it is one.
    fn padding(&mut self, place: BoundaryPlace, mut padding: usize) -> ParserStep {
        while let Some(b' ' | b'\t') = self.buffer.get(self.seen) {
            self.scanned += 1;
            self.seen += 1;
            padding += 1;
            if padding > PADDING_MAX {
                return self.no_boundary(place);
            }
        }
        self.scanned += 2;
        match &self.buffer[self.seen..] {
            [b'\r', b'\n', ..] => self.next_part(place, 2, false),
            [b'\n', ..] => self.next_part(place, 1, true),
            [b'-', b'-', ..] if padding == 0 => self.close(place),
            [] | [b'\r'] => self.wait(place, padding),
            [b'-'] if padding == 0 => self.wait(place, padding),
            _ => self.no_boundary(place),
        }
    }

    fn wait(&mut self, place: BoundaryPlace, padding: usize) -> ParserStep {
        self.state = ParserState::Padding { place, padding };
        ParserStep::More
    }

    fn next_part(&mut self, place: BoundaryPlace, line_end: usize, bare: bool) -> ParserStep {
        self.seen += line_end;
        self.pass();
        self.state = ParserState::Headers { line: 0 };
        if place == BoundaryPlace::Part {
            return ParserStep::Piece(Piece::End);
        }
        // Parts end like the first line, so that nothing inside a file ends its part.
        self.bare = bare;
        ParserStep::Again
    }

    fn no_boundary(&mut self, place: BoundaryPlace) -> ParserStep {
        if place == BoundaryPlace::Part {
            self.state = ParserState::Data { matched: self.ending() };
            return self.data_until(self.seen);
        }
        self.state = ParserState::Line;
        ParserStep::Again
    }

    fn close(&mut self, place: BoundaryPlace) -> ParserStep {
        (self.state, self.buffer, self.seen) = (ParserState::Closed, BytesMut::new(), 0);
        if place == BoundaryPlace::Preamble {
            return ParserStep::Piece(Piece::Closed);
        }
        self.next = Some(Piece::Closed);
        ParserStep::Piece(Piece::End)
    }

    fn headers(&mut self, mut line: usize) -> Result<ParserStep, Malformed> {
        loop {
            let end = self.line_end();
            if self.seen > HEADERS_MAX {
                return Err(Malformed);
            }
            let Some(end) = end else { break };
            if matches!(self.buffer[line..end], [b'\n'] | [b'\r', b'\n']) {
                self.scanned += end as u64;
                self.seen = 0;
                let part = PartHeaders::of(&self.buffer.split_to(end));
                self.state = ParserState::PartStart { matched: DASHES };
                return Ok(ParserStep::Piece(Piece::Part(part)));
            }
            line = end;
        }
        self.state = ParserState::Headers { line };
        Ok(ParserStep::More)
    }

    fn part_start(&mut self, matched: usize) -> ParserStep {
        match self.compare(matched) {
            Compared::More(matched) => {
                self.state = ParserState::PartStart { matched };
                return ParserStep::More;
            }
            Compared::Whole => self.state = ParserState::Padding { place: BoundaryPlace::Part, padding: 0 },
            Compared::Other => self.state = ParserState::Data { matched: self.ending() },
        }
        ParserStep::Again
    }

    /// Offset in the delimiter at which the end of a part begins.
    fn ending(&self) -> usize {
        usize::from(self.bare)
    }

    /// Searches for the delimiter. Its first byte occurs in it only once, so a mismatch contains no beginning of
    /// another match.
    fn data(&mut self, mut matched: usize) -> ParserStep {
        let first = self.ending();
        loop {
            match self.compare(matched) {
                Compared::Whole => {
                    self.state = ParserState::Padding { place: BoundaryPlace::Part, padding: 0 };
                    return self.data_until(self.seen + first - self.delimiter.len());
                }
                Compared::More(matched) => {
                    self.state = ParserState::Data { matched };
                    let step = self.data_until(self.seen + first - matched);
                    return if matches!(step, ParserStep::Again) { ParserStep::More } else { step };
                }
                Compared::Other => {
                    let rest = &self.buffer[self.seen..];
                    let passed = memchr(self.delimiter[first], rest).unwrap_or(rest.len());
                    self.scanned += passed as u64;
                    self.seen += passed;
                    matched = first;
                }
            }
        }
    }

    /// Returns the bytes before `end` as data of the part.
    fn data_until(&mut self, end: usize) -> ParserStep {
        if end == 0 {
            return ParserStep::Again;
        }
        self.seen -= end;
        ParserStep::Piece(Piece::Data(self.buffer.split_to(end).freeze()))
    }
}
