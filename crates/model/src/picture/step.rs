//! Types shared by the parsers of all formats.

/// The size of a picture as it is shown, in pixels, after its orientation is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// The file does not have the structure of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPicture;

/// What to do with the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Gather this many and parse them.
    Take(usize),
    Copy(u64),
    Skip(u64),
    /// Copy up to the next 0xff, and skip that.
    CopyToMarker,
    /// Skip up to and with the next 0xff.
    SkipToMarker,
    /// Copy all.
    CopyAll,
    /// Skip all: the picture has ended.
    SkipAll,
}

/// What the parser learned of a picture.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// The size in which pixels are stored.
    pub(super) size: Option<PictureSize>,
    /// The orientation as in EXIF: 2 to 8, or 0 for upright.
    pub(super) orientation: u8,
}

impl Seen {
    /// The size as shown: orientations of 5 and more swap width and height.
    pub(super) fn shown(self) -> Option<PictureSize> {
        let PictureSize { width, height } = self.size.filter(|size| size.width > 0 && size.height > 0)?;
        Some(if self.orientation >= 5 {
            PictureSize { width: height, height: width }
        } else {
            PictureSize { width, height }
        })
    }
}
