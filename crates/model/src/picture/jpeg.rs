//! JPEG: segments, each behind a marker, and compressed data between them.
//! <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>

use super::exif;
use super::step::{NoPicture, PictureSize, Seen, Step};

/// The marker SOI.
pub(super) const BEGIN: Step = Step::Take(2);

const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
/// Bytes of a JFIF segment before its thumbnail, whose sides are the last two.
const JFIF: usize = 14;
/// Bytes of an Adobe segment.
const ADOBE: usize = 12;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

#[derive(Default)]
pub(super) struct Jpeg {
    pub(super) seen: Seen,
    at: JpegState,
}

#[derive(Clone, Copy, Default)]
enum JpegState {
    #[default]
    Begin,
    /// Behind 0xff, among compressed data or not.
    Marker { in_scan: bool },
    /// The length of a segment.
    Length(u8),
    /// The first bytes of a segment's content; so many follow.
    Content(u8, u64),
    /// The end of a segment that is kept or dropped.
    End { in_scan: bool },
}

impl Jpeg {
    pub(super) fn next(&mut self, taken: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        match (self.at, taken) {
            (JpegState::Begin, _) => {
                out.extend_from_slice(taken);
                Ok(self.seek(false))
            }
            (JpegState::Marker { in_scan }, [code]) => self.marker(*code, in_scan, out),
            // A marker was looked for, and its 0xff is here.
            (JpegState::Marker { .. }, _) => Ok(Step::Take(1)),
            (JpegState::Length(code), &[high, low]) => {
                self.segment(code, u16::from_be_bytes([high, low]), out)
            }
            (JpegState::Content(code, rest), _) => Ok(self.content(code, taken, rest, out)),
            (JpegState::End { in_scan }, _) => Ok(self.seek(in_scan)),
            _ => Err(NoPicture),
        }
    }

    /// Goes on to the next marker. What is no compressed data is dropped, as decoders do.
    fn seek(&mut self, in_scan: bool) -> Step {
        self.at = JpegState::Marker { in_scan };
        if in_scan { Step::CopyToMarker } else { Step::SkipToMarker }
    }

    fn marker(&mut self, code: u8, in_scan: bool, out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        match code {
            // Any number of them may stand before a marker.
            0xff => return Ok(Step::Take(1)),
            // No marker but a byte of data, or a mark among them.
            0x00 | 0xd0..=0xd7 => {
                if in_scan {
                    out.extend_from_slice(&[0xff, code]);
                }
                return Ok(self.seek(in_scan));
            }
            0x01 => return Ok(self.seek(in_scan)),
            SOI => return Err(NoPicture),
            EOI => {
                out.extend_from_slice(&[0xff, code]);
                return Ok(Step::SkipAll);
            }
            _ => {}
        }
        self.at = JpegState::Length(code);
        Ok(Step::Take(2))
    }

    /// Decides by its marker; of some the first bytes of the content are looked at.
    fn segment(&mut self, code: u8, length: u16, out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        let content = length.checked_sub(2).ok_or(NoPicture)?;
        let look = match code {
            APP0 => JFIF,
            APP1 => exif::HEAD,
            APP2 => ICC.len(),
            APP14 => ADOBE,
            // Frames, which say the size; others of this range are tables.
            0xc0..=0xcf if !matches!(code, 0xc4 | 0xc8 | 0xcc) => 5,
            // Tables, scans, and what they need.
            0xc4 | 0xcc | SOS..=0xdf => 0,
            _ => {
                self.at = JpegState::End { in_scan: false };
                return Ok(Step::Skip(u64::from(content)));
            }
        };
        let look = look.min(usize::from(content));
        if look == 0 {
            out.extend_from_slice(&marked(code, usize::from(content)));
            self.at = JpegState::End { in_scan: code == SOS };
            return Ok(Step::Copy(u64::from(content)));
        }
        self.at = JpegState::Content(code, u64::from(content) - look as u64);
        Ok(Step::Take(look))
    }

    fn content(&mut self, code: u8, head: &[u8], rest: u64, out: &mut Vec<u8>) -> Step {
        self.at = JpegState::End { in_scan: false };
        let whole = |out: &mut Vec<u8>| {
            out.extend_from_slice(&marked(code, head.len() + rest as usize));
            out.extend_from_slice(head);
            Step::Copy(rest)
        };
        match code {
            APP0 if head.len() == JFIF && head.starts_with(b"JFIF\0") => {
                out.extend_from_slice(&marked(code, JFIF));
                out.extend_from_slice(&head[..JFIF - 2]);
                out.extend_from_slice(&[0, 0]);
            }
            APP1 => self.exif(head, out),
            APP2 if head == ICC => return whole(out),
            APP14 if head.len() == ADOBE && head.starts_with(b"Adobe") => {
                out.extend_from_slice(&marked(code, ADOBE));
                out.extend_from_slice(head);
            }
            0xc0..=0xcf => {
                if let &[_, h0, h1, w0, w1] = head {
                    let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
                    self.seen.size.get_or_insert(PictureSize { width: side(w0, w1), height: side(h0, h1) });
                }
                return whole(out);
            }
            _ => {}
        }
        Step::Skip(rest)
    }

    fn exif(&mut self, head: &[u8], out: &mut Vec<u8>) {
        let Some(tiff) = head.strip_prefix(EXIF) else { return };
        let orientation = exif::orientation(tiff);
        if orientation == 0 || self.seen.orientation != 0 {
            return;
        }
        self.seen.orientation = orientation;
        let tiff = exif::tiff(orientation);
        out.extend_from_slice(&marked(APP1, EXIF.len() + tiff.len()));
        out.extend_from_slice(EXIF);
        out.extend_from_slice(&tiff);
    }
}

/// What a segment begins with: its marker, and the length of its content and of itself.
fn marked(code: u8, content: usize) -> [u8; 4] {
    let [high, low] = u16::try_from(content + 2).unwrap_or(u16::MAX).to_be_bytes();
    [0xff, code, high, low]
}
