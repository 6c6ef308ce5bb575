//! What the readers of all formats have in common.

/// Pixels of a picture as it is shown, after it is turned the right way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// The structure of a file is not that of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPicture;

/// What to do with the bytes that come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Look at so many.
    Take(usize),
    Copy(u64),
    Skip(u64),
    /// Copy up to the next 0xff, and pass over that.
    CopyToMarker,
    /// Skip to the next 0xff, and pass over that.
    SkipToMarker,
    /// Copy all.
    CopyAll,
    /// Skip all: the picture is over.
    SkipAll,
}

/// What was learned of a picture on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// As its pixels are stored.
    pub(super) size: Option<Size>,
    /// As in EXIF: 2 to 8, or 0 for a picture that is the right way up.
    pub(super) orientation: u8,
}

impl Seen {
    /// Sides change places in a picture that lies on one of them.
    pub(super) fn shown(self) -> Option<Size> {
        let Size { width, height } = self.size.filter(|size| size.width > 0 && size.height > 0)?;
        Some(if self.orientation >= 5 {
            Size { width: height, height: width }
        } else {
            Size { width, height }
        })
    }
}
