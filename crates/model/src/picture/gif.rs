//! GIF, which is kept unchanged: cameras write none, and comments in it are rare.

use super::step::{NoPicture, PictureSize, Seen, Step};

#[derive(Default)]
pub(super) struct Gif {
    pub(super) seen: Seen,
}

/// The header, and the size of the screen.
pub(super) const BEGIN: Step = Step::Take(10);

impl Gif {
    pub(super) fn next(&mut self, taken: &[u8], out: &mut Vec<u8>) -> Result<Step, NoPicture> {
        let &[.., a, b, c, d] = taken else { return Err(NoPicture) };
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]));
        self.seen.size = Some(PictureSize { width: side(a, b), height: side(c, d) });
        out.extend_from_slice(taken);
        Ok(Step::CopyAll)
    }
}
