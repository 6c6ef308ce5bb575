//! PNG: chunks, each with its length before it and a checksum behind it. <https://www.w3.org/TR/png-3/>

use super::exif;
use super::step::{NoPicture, PictureSize, Seen, Step};

/// Pixels, colours, the size of a pixel, and animations. Everything else is dropped, also what is not known.
const KEPT: [&[u8; 4]; 15] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD",
    b"pHYs", b"cICP", b"acTL", b"fcTL",
];
/// Frames of an animation after the first.
const FRAME: &[u8; 4] = b"fdAT";

/// The signature.
pub(super) const BEGIN: Step = Step::Take(8);
/// The length and the name of a chunk.
const HEADER: Step = Step::Take(8);
const SUM: u64 = 4;

#[derive(Default)]
pub(super) struct Png {
    pub(super) seen: Seen,
    at: PngState,
}

#[derive(Clone, Copy, Default)]
enum PngState {
    #[default]
    Signature,
    Header,
    /// The content of IHDR.
    Dimensions,
    /// The first bytes of eXIf; so many follow.
    Exif(u64),
    /// The end of a chunk.
    Chunk,
    /// The end of IEND.
    End,
}

impl Png {
    pub(super) fn next(&mut self, taken: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        match self.at {
            PngState::Signature => out.extend_from_slice(taken),
            PngState::Header => return self.chunk(taken, out),
            PngState::Dimensions => {
                let &[w0, w1, w2, w3, h0, h1, h2, h3, ..] = taken else { return Err(NoPicture) };
                let (width, height) =
                    (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
                self.seen.size = Some(PictureSize { width, height });
                out.extend_from_slice(taken);
            }
            PngState::Exif(rest) => {
                self.exif(taken, out);
                self.at = PngState::Chunk;
                return Ok(Step::Skip(rest));
            }
            PngState::Chunk => {}
            PngState::End => return Ok(Step::SkipAll),
        }
        self.at = PngState::Header;
        Ok(HEADER)
    }

    fn chunk(&mut self, header: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        let &[a, b, c, d, ref name @ ..] = header else { return Err(NoPicture) };
        let length = u32::from_be_bytes([a, b, c, d]);
        let is_size = name == b"IHDR";
        let is_end = name == b"IEND";
        let is_sound = i32::try_from(length).is_ok()
            && name.iter().all(u8::is_ascii_alphabetic)
            && is_size == self.seen.size.is_none()
            && (!is_size || length == 13)
            && (!is_end || length == 0);
        if !is_sound {
            return Err(NoPicture);
        }
        if name == b"eXIf" {
            let head = exif::HEAD.min(length as usize);
            self.at = PngState::Exif(u64::from(length) - head as u64 + SUM);
            return Ok(Step::Take(head));
        }
        self.at = PngState::Chunk;
        if name != FRAME && !KEPT.iter().any(|kept| *kept == name) {
            return Ok(Step::Skip(u64::from(length) + SUM));
        }
        out.extend_from_slice(header);
        if is_size {
            self.at = PngState::Dimensions;
            return Ok(Step::Take(13 + 4));
        }
        if is_end {
            self.at = PngState::End;
        }
        Ok(Step::Copy(u64::from(length) + SUM))
    }

    fn exif(&mut self, tiff: &[u8], out: &mut Vec<u8>) {
        let orientation = exif::orientation(tiff);
        if orientation == 0 || self.seen.orientation != 0 {
            return;
        }
        self.seen.orientation = orientation;
        let tiff = exif::tiff(orientation);
        let named = [b"eXIf", &tiff[..]].concat();
        out.extend_from_slice(&(tiff.len() as u32).to_be_bytes());
        out.extend_from_slice(&named);
        out.extend_from_slice(&crc32fast::hash(&named).to_be_bytes());
    }
}
