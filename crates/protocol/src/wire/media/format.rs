//! The format of a file, by its first bytes.

/// The format of a file, by its bytes. The name and type that the sender gives do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// A GIF picture.
    Gif,
    /// A WebP picture, which pages accept and Weixin's endpoints refuse.
    Webp,
    /// An AMR recording, narrow or wide band.
    Amr,
    /// An MP3 recording.
    Mp3,
    /// An MP4 film.
    Mp4,
}

use Format::{Amr, Gif, Jpeg, Mp3, Mp4, Png, Webp};

impl Format {
    /// Every format.
    pub const ALL: [Format; 7] = [Png, Jpeg, Gif, Webp, Amr, Mp3, Mp4];
    /// How many first bytes decide the format.
    pub const HEAD: usize = 64;

    /// The format of a file that begins with these bytes; `None` for others.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Format> {
        match head {
            [
                0x89,
                b'P',
                b'N',
                b'G',
                b'\r',
                b'\n',
                0x1a,
                b'\n',
                _,
                _,
                _,
                _,
                b'I',
                b'H',
                b'D',
                b'R',
                size @ ..,
            ] => has_size(size, 4).then_some(Png),
            // A marker follows the start of the picture.
            [0xff, 0xd8, 0xff, 0xc0..=0xfe, ..] => Some(Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', size @ ..] => has_size(size, 2).then_some(Gif),
            // The length, then the first chunk: lossy, lossless, or extended.
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                b'V',
                b'P',
                b'8',
                b' ' | b'L' | b'X',
                ..,
            ] => Some(Webp),
            [b'#', b'!', b'A', b'M', b'R', b'\n', ..]
            | [b'#', b'!', b'A', b'M', b'R', b'-', b'W', b'B', b'\n', ..] => Some(Amr),
            // The size of the first box, which lists brands. A box of 64 KiB or more is no film: it may be a web page.
            [0, 0, _, _, b'f', b't', b'y', b'p', brand @ ..] => is_film(brand).then_some(Mp4),
            [b'I', b'D', b'3', 2..=4, ..] => Some(Mp3),
            // A frame: eleven set bits, layer 3, a bit rate and a sampling rate that exist.
            [0xff, second, third, ..] => (second & 0b1110_0110 == 0b1110_0010
                && second & 0b0001_1000 != 0b0000_1000
                && third & 0b1111_0000 != 0b1111_0000
                && third & 0b0000_1100 != 0b0000_1100)
                .then_some(Mp3),
            _ => None,
        }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Png => "image/png",
            Jpeg => "image/jpeg",
            Gif => "image/gif",
            Webp => "image/webp",
            Amr => "audio/amr",
            Mp3 => "audio/mpeg",
            Mp4 => "video/mp4",
        }
    }

    /// The end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Png => "png",
            Jpeg => "jpg",
            Gif => "gif",
            Webp => "webp",
            Amr => "amr",
            Mp3 => "mp3",
            Mp4 => "mp4",
        }
    }

    /// The format with this `Content-Type`.
    #[must_use]
    pub fn from_content_type(content_type: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.content_type() == content_type)
    }
}

/// Whether width and height, of `bytes` bytes each, are present and not 0.
fn has_size(size: &[u8], bytes: usize) -> bool {
    let is_something = |side: Option<&[u8]>| side.is_some_and(|side| side.iter().any(|byte| *byte != 0));
    is_something(size.get(..bytes)) && is_something(size.get(bytes..2 * bytes))
}

/// Whether the brand of an ISO file is one of a film. Pictures, recordings and QuickTime use the same box.
fn is_film(brand: &[u8]) -> bool {
    const FILMS: [&[u8]; 9] = [b"iso", b"mp4", b"avc", b"M4V", b"MSN", b"dash", b"mmp4", b"f4v ", b"3g"];
    brand.get(..4).is_some_and(|brand| FILMS.iter().any(|film| brand.starts_with(film)))
}
