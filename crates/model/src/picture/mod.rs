//! Pictures from pages, without what cameras and programs note in them: place, time, device, comments, thumbnails. A
//! filter over the bytes as they come: it reads the structure of a file, decodes nothing and holds [`exif::HEAD`] bytes
//! at most. What turns a picture the right way up stays, and so do colours and animations.

mod exif;
mod gif;
mod jpeg;
mod png;
mod step;
mod webp;

#[cfg(test)]
mod tests;

pub use step::{NoPicture, Size};

use protocol::media::Format;
use step::Step;

/// A picture that is being read.
pub struct Filter {
    step: Step,
    /// Bytes that are looked at together, and have not all come.
    taken: Vec<u8>,
    parser: Parser,
}

/// A picture that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtered {
    /// Its last bytes.
    pub tail: Vec<u8>,
    /// Its first bytes as they must be, where what came after has changed them.
    pub head: Option<Vec<u8>>,
    /// Its size, if its header has one.
    pub size: Option<Size>,
}

enum Parser {
    /// Too little has come to say what it is.
    Unknown,
    Gif(gif::Gif),
    Jpeg(jpeg::Jpeg),
    Png(png::Png),
    Webp(webp::Webp),
    NoPicture,
}

impl Default for Filter {
    fn default() -> Self {
        Filter::new()
    }
}

impl Filter {
    /// A picture of which nothing has come.
    #[must_use]
    pub fn new() -> Self {
        Filter { step: Step::Take(Format::HEAD), taken: Vec::new(), parser: Parser::Unknown }
    }

    /// Takes bytes in; gives those that stay, as far as that is known.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        self.run(bytes, &mut out);
        out
    }

    /// The picture has come to its end.
    ///
    /// # Errors
    /// It is no picture, or not whole where that matters.
    pub fn end(mut self) -> Result<Filtered, NoPicture> {
        let mut tail = Vec::new();
        if matches!(self.parser, Parser::Unknown) {
            self.recognise(&mut tail);
        }
        let ended = self.step == Step::SkipAll;
        let (seen, head) = match self.parser {
            Parser::Gif(gif) => (gif.seen, None),
            // One that breaks off is shown as far as it came.
            Parser::Jpeg(jpeg) if ended || jpeg.seen.size.is_some() => (jpeg.seen, None),
            Parser::Png(png) if png.seen.size.is_some() => (png.seen, None),
            Parser::Webp(webp) => (webp.seen, webp.end(ended || self.taken.is_empty(), &mut tail)?),
            _ => return Err(NoPicture),
        };
        Ok(Filtered { tail, head, size: seen.shown() })
    }

    fn run(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        loop {
            let marker = || bytes.iter().position(|byte| *byte == 0xff);
            let (used, kept, is_done) = match &mut self.step {
                Step::Take(wanted) => {
                    let used = bytes.len().min(*wanted - self.taken.len());
                    self.taken.extend_from_slice(&bytes[..used]);
                    (used, 0, self.taken.len() == *wanted)
                }
                Step::Copy(left) => count(left, bytes.len(), true),
                Step::Skip(left) => count(left, bytes.len(), false),
                Step::CopyToMarker => {
                    marker().map_or((bytes.len(), bytes.len(), false), |at| (at + 1, at, true))
                }
                Step::SkipToMarker => marker().map_or((bytes.len(), 0, false), |at| (at + 1, 0, true)),
                Step::CopyAll => (bytes.len(), bytes.len(), false),
                Step::SkipAll => (bytes.len(), 0, false),
            };
            out.extend_from_slice(&bytes[..kept]);
            bytes = &bytes[used..];
            if !is_done {
                return;
            }
            self.next(out);
        }
    }

    /// A step is done.
    fn next(&mut self, out: &mut Vec<u8>) {
        let taken = std::mem::take(&mut self.taken);
        let next = match &mut self.parser {
            Parser::Unknown => {
                self.taken = taken;
                return self.recognise(out);
            }
            Parser::Gif(gif) => gif.next(&taken, out),
            Parser::Jpeg(jpeg) => jpeg.next(&taken, out),
            Parser::Png(png) => png.next(&taken, out),
            Parser::Webp(webp) => webp.next(&taken, out),
            Parser::NoPicture => Err(NoPicture),
        };
        self.step = next.unwrap_or_else(|NoPicture| {
            self.parser = Parser::NoPicture;
            Step::SkipAll
        });
    }

    /// Says what it is by its first bytes, and reads them.
    fn recognise(&mut self, out: &mut Vec<u8>) {
        let head = std::mem::take(&mut self.taken);
        (self.parser, self.step) = match Format::of(&head) {
            Some(Format::Gif) => (Parser::Gif(gif::Gif::default()), gif::BEGIN),
            Some(Format::Jpeg) => (Parser::Jpeg(jpeg::Jpeg::default()), jpeg::BEGIN),
            Some(Format::Png) => (Parser::Png(png::Png::default()), png::BEGIN),
            Some(Format::Webp) => (Parser::Webp(webp::Webp::default()), webp::BEGIN),
            _ => (Parser::NoPicture, Step::SkipAll),
        };
        self.run(&head, out);
    }
}

/// Of so many bytes that have come: those that are used, those that are kept, and whether it is done.
fn count(left: &mut u64, here: usize, keeps: bool) -> (usize, usize, bool) {
    let used = usize::try_from(*left).unwrap_or(usize::MAX).min(here);
    *left -= used as u64;
    (used, if keeps { used } else { 0 }, *left == 0)
}
