//! WebP: chunks in a RIFF file, whose length stands before all.
//! <https://developers.google.com/speed/webp/docs/riff_container>

use super::exif;
use super::step::{NoPicture, PictureSize, Seen, Step};

/// RIFF, its length, and that it is a WebP.
pub(super) const BEGIN: Step = Step::Take(12);
/// The name and the length of a chunk.
const HEADER: usize = 8;

/// Where in a file the flags of VP8X are, if it has them.
const FLAGS: usize = 20;
const FLAG_EXIF: u8 = 0x08;
const FLAG_XMP: u8 = 0x04;

#[derive(Default)]
pub(super) struct Webp {
    pub(super) seen: Seen,
    at: WebpState,
    /// Bytes of the file as it says, that have not come.
    left: u64,
    /// Bytes that stay.
    kept: u64,
    /// The first bytes, up to the flags.
    head: Vec<u8>,
    /// As in EXIF, 0 for none. It is kept for who heeds it, but browsers show these pixels as they are stored.
    orientation: u8,
    /// Whether the chunk that is read has no even length.
    is_odd: bool,
}

#[derive(Clone, Copy, Default)]
enum WebpState {
    #[default]
    Begin,
    Header,
    /// The first bytes of VP8X, VP8 or VP8L; so many follow.
    Extended(u64),
    Lossy(u64),
    Lossless(u64),
    /// The first bytes of EXIF; so many follow.
    Exif(u64),
    /// The end of a chunk, and whether it stays.
    Chunk {
        stays: bool,
    },
    /// The byte that makes its length even.
    Pad {
        stays: bool,
    },
}

impl Webp {
    pub(super) fn next(&mut self, taken: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        let before = out.len();
        let step = self.step(taken, out)?;
        self.kept += (out.len() - before) as u64;
        if let Step::Copy(more) = step {
            self.kept += more;
        }
        Ok(step)
    }

    fn step(&mut self, taken: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        match self.at {
            WebpState::Begin => {
                let &[_, _, _, _, a, b, c, d, ..] = taken else { return Err(NoPicture) };
                self.left = u64::from(u32::from_le_bytes([a, b, c, d])).checked_sub(4).ok_or(NoPicture)?;
                self.head.extend_from_slice(taken);
                out.extend_from_slice(taken);
                self.header()
            }
            WebpState::Header => self.chunk(taken, out),
            WebpState::Extended(rest) => {
                let &[flags, _, _, _, w0, w1, w2, h0, h1, h2] = taken else { return Err(NoPicture) };
                let side = |a, b, c| u32::from_le_bytes([a, b, c, 0]) + 1;
                self.seen.size = Some(PictureSize { width: side(w0, w1, w2), height: side(h0, h1, h2) });
                self.head.extend_from_slice(&[b'V', b'P', b'8', b'X', 10, 0, 0, 0, flags]);
                self.stays(taken, rest, out)
            }
            WebpState::Lossy(rest) => {
                let &[_, _, _, _, _, _, w0, w1, h0, h1] = taken else { return Err(NoPicture) };
                // Two bits of each say by how much a screen may enlarge it.
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                self.seen.size.get_or_insert(PictureSize { width: side(w0, w1), height: side(h0, h1) });
                self.stays(taken, rest, out)
            }
            WebpState::Lossless(rest) => {
                let &[_, a, b, c, d] = taken else { return Err(NoPicture) };
                let bits = u32::from_le_bytes([a, b, c, d]);
                let size = PictureSize { width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1 };
                self.seen.size.get_or_insert(size);
                self.stays(taken, rest, out)
            }
            WebpState::Exif(rest) => {
                self.exif(taken, out);
                self.at = WebpState::Chunk { stays: false };
                Ok(Step::Skip(rest))
            }
            WebpState::Chunk { stays } if self.is_odd => {
                self.at = WebpState::Pad { stays };
                Ok(Step::Take(1))
            }
            WebpState::Pad { stays } => {
                out.extend(stays.then_some(0));
                self.header()
            }
            WebpState::Chunk { .. } => self.header(),
        }
    }

    /// Goes on to the next chunk, if the file has another.
    fn header(&mut self) -> Result<Step, NoPicture> {
        self.at = WebpState::Header;
        Ok(if self.left < HEADER as u64 { Step::SkipAll } else { Step::Take(HEADER) })
    }

    fn stays(&mut self, taken: &[u8], rest: u64, out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        out.extend_from_slice(taken);
        self.at = WebpState::Chunk { stays: true };
        Ok(Step::Copy(rest))
    }

    fn chunk(&mut self, header: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        let &[ref name @ .., a, b, c, d] = header else { return Err(NoPicture) };
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        self.left = self.left.checked_sub(HEADER as u64 + length).ok_or(NoPicture)?;
        self.is_odd = length % 2 == 1;
        self.left = self.left.saturating_sub(length % 2);
        let is_first = self.head.len() == 12 && self.kept == 12;
        let rest = |look: u64| length.checked_sub(look).ok_or(NoPicture);
        let (at, look) = match name {
            b"VP8X" if is_first && length == 10 => (WebpState::Extended(rest(10)?), 10),
            b"VP8X" => return Err(NoPicture),
            b"VP8 " => (WebpState::Lossy(rest(10)?), 10),
            b"VP8L" => (WebpState::Lossless(rest(5)?), 5),
            b"ICCP" | b"ANIM" | b"ANMF" | b"ALPH" => {
                out.extend_from_slice(header);
                return self.stays(&[], length, out);
            }
            b"EXIF" => {
                let head = length.min(exif::HEAD as u64);
                self.at = WebpState::Exif(length - head);
                return Ok(Step::Take(head as usize));
            }
            _ => {
                self.at = WebpState::Chunk { stays: false };
                return Ok(Step::Skip(length));
            }
        };
        out.extend_from_slice(header);
        self.at = at;
        Ok(Step::Take(look))
    }

    /// Without the flags of VP8X nobody looks for it.
    fn exif(&mut self, head: &[u8], out: &mut Vec<u8>) {
        let orientation = exif::orientation(head.strip_prefix(b"Exif\0\0").unwrap_or(head));
        let is_looked_for = self.head.get(FLAGS).is_some_and(|flags| flags & FLAG_EXIF != 0);
        if orientation == 0 || self.orientation != 0 || !is_looked_for {
            return;
        }
        self.orientation = orientation;
        let tiff = exif::tiff(orientation);
        out.extend_from_slice(b"EXIF");
        out.extend_from_slice(&(tiff.len() as u32).to_le_bytes());
        out.extend_from_slice(&tiff);
    }

    /// The first bytes as they must be, if they must be others. A chunk that breaks off makes no picture; one that
    /// lacks the byte that makes its length even gets it.
    pub(super) fn end(mut self, is_between: bool, tail: &mut Vec<u8>) -> Result<Option<Vec<u8>>, NoPicture> {
        match self.at {
            WebpState::Header if is_between => {}
            WebpState::Pad { stays: false } if is_between => {}
            WebpState::Pad { stays: true } if is_between => {
                tail.push(0);
                self.kept += 1;
            }
            _ => return Err(NoPicture),
        }
        let before = self.head.clone();
        let length = u32::try_from(self.kept - 8).map_err(|_| NoPicture)?;
        self.head[4..8].copy_from_slice(&length.to_le_bytes());
        if let Some(flags) = self.head.get_mut(FLAGS) {
            *flags &= !(FLAG_EXIF | FLAG_XMP);
            *flags |= if self.orientation == 0 { 0 } else { FLAG_EXIF };
        }
        Ok((self.head != before).then_some(self.head))
    }
}
