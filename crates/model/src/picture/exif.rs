//! EXIF, of which only the orientation stays.

/// The number of bytes parsed of an EXIF block. Its first directory, which has the orientation, begins at byte 8.
pub(super) const HEAD: usize = 4096;

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// The orientation in the first bytes of a TIFF block: 2 to 8, or 0 for upright.
pub(super) fn orientation(tiff: &[u8]) -> u8 {
    found(tiff).filter(|found| (2..=8).contains(found)).unwrap_or_default()
}

fn found(tiff: &[u8]) -> Option<u8> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = <[u8; 2]>::try_from(tiff.get(at..at.checked_add(2)?)?).ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = <[u8; 4]>::try_from(tiff.get(at..at.checked_add(4)?)?).ok()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let first = directory.checked_add(2)?;
    let mut entries = (0..entries).map_while(|entry| first.checked_add(12 * entry));
    let entry = entries.find(|entry| short(*entry) == Some(ORIENTATION))?;
    let is_one_short = short(entry + 2)? == SHORT && long(entry + 4)? == 1;
    if is_one_short { u8::try_from(short(entry + 8)?).ok() } else { None }
}

/// A TIFF block that has only the orientation.
pub(super) fn tiff(orientation: u8) -> [u8; 26] {
    let mut block = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    block[19] = orientation;
    block
}

#[cfg(test)]
mod tests {
    use super::{HEAD, orientation, tiff};

    #[test]
    fn an_orientation_is_found_in_either_order_of_bytes_wherever_its_directory_is() {
        for way in 2..=8 {
            assert_eq!(orientation(&tiff(way)), way);
            let little = [
                b"II*\0\x0a\0\0\0\xff\xff\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0",
                &[way, 0, 0, 0][..],
            ];
            assert_eq!(orientation(&little.concat()), way);
        }
        for none in [0, 1, 9, 255] {
            assert_eq!(orientation(&tiff(none)), 0);
        }
    }

    #[test]
    fn what_is_no_orientation_is_none() {
        let sound = tiff(6);
        for length in 0..20 {
            assert_eq!(orientation(&sound[..length]), 0, "{length}");
        }
        for (at, byte) in [(0, b'x'), (3, 0), (4, 0xff), (7, 0xff), (11, 0x13), (13, 4), (17, 2), (18, 1)] {
            let mut other = sound;
            other[at] = byte;
            assert_eq!(orientation(&other), 0, "{at}");
        }
        let mut endless = vec![0xff; HEAD];
        endless[..8].copy_from_slice(b"MM\0*\xff\xff\xff\xff");
        assert_eq!(orientation(&endless), 0);
    }
}
