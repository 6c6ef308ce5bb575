//! Removes the metadata that cameras and programs write into pictures: place, time, device, comments, thumbnails. The
//! orientation stays, and so do colours and animations.
//!
//! It filters the bytes as they arrive: it reads the structure of the file, decodes nothing, and holds at most
//! [`exif::HEAD`] bytes.

mod exif;
mod gif;
mod jpeg;
mod png;
mod step;
mod webp;

#[cfg(test)]
mod tests;

pub use step::{NoPicture, PictureSize};

use protocol::media::Format;
use step::Step;

/// A picture that is being read.
pub struct Filter {
    step: Step,
    /// Bytes to be parsed together, of which some have not arrived.
    taken: Vec<u8>,
    parser: Parser,
}

/// The rest of a picture after its last byte arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtered {
    /// The last bytes.
    pub tail: Vec<u8>,
    /// The first bytes of the file to be written again, if later bytes changed them.
    pub head: Option<Vec<u8>>,
    /// The size, if the header has one.
    pub size: Option<PictureSize>,
}

enum Parser {
    /// Too few bytes arrived to know the format.
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
    /// A filter for a new picture.
    #[must_use]
    pub fn new() -> Self {
        Filter { step: Step::Take(Format::HEAD), taken: Vec::new(), parser: Parser::Unknown }
    }

    /// Takes the next bytes; returns those to keep, as far as they are known.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        self.run(bytes, &mut out);
        out
    }

    /// Ends the picture.
    ///
    /// # Errors
    /// If the bytes are not a picture, or it breaks off too early to be shown.
    pub fn end(mut self) -> Result<Filtered, NoPicture> {
        let mut tail = Vec::new();
        if matches!(self.parser, Parser::Unknown) {
            self.recognise(&mut tail);
        }
        let ended = self.step == Step::SkipAll;
        let (seen, head) = match self.parser {
            Parser::Gif(gif) => (gif.seen, None),
            // Browsers show a picture that breaks off as far as it arrived.
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

    /// Begins the next step.
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

    /// Recognises the format by the first bytes, and parses them.
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

/// Of `here` bytes: how many are used, how many are kept, and whether the step is done.
fn count(left: &mut u64, here: usize, keeps: bool) -> (usize, usize, bool) {
    let used = usize::try_from(*left).unwrap_or(usize::MAX).min(here);
    *left -= used as u64;
    (used, if keeps { used } else { 0 }, *left == 0)
}
