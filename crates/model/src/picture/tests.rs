//! Pictures are put together of parts of which it is known whether they stay: what comes out are those that do.

use super::{Filter, Filtered, NoPicture, PictureSize, exif};
use proptest::collection::vec;
use proptest::prelude::*;
use protocol::media::Format;

/// A part of a picture, and what becomes of it.
#[derive(Clone, Debug)]
struct Part {
    bytes: Vec<u8>,
    stays: Vec<u8>,
}

fn kept(bytes: Vec<u8>) -> Part {
    Part { stays: bytes.clone(), bytes }
}

fn dropped(bytes: Vec<u8>) -> Part {
    Part { bytes, stays: Vec::new() }
}

/// What becomes of a picture that comes in pieces: its bytes and its size.
fn filtered(picture: &[u8], step: usize) -> Result<(Vec<u8>, Option<PictureSize>), NoPicture> {
    let mut filter = Filter::new();
    let mut out: Vec<u8> = picture.chunks(step.max(1)).flat_map(|piece| filter.push(piece)).collect();
    let Filtered { tail, head, size } = filter.end()?;
    out.extend(tail);
    if let Some(head) = head {
        out[..head.len()].copy_from_slice(&head);
    }
    Ok((out, size))
}

const SIZE: PictureSize = PictureSize { width: 300, height: 200 };
const TURNED: PictureSize = PictureSize { width: 200, height: 300 };

/// A TIFF block with an orientation and a place, as cameras write it.
fn camera(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0]);
    block.extend(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0GPS 31.2304 N 121.4737 E");
    block
}

mod of_jpeg {
    use super::*;

    pub(super) fn segment(code: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xff, code], &length[..], content].concat()
    }

    pub(super) fn exif(tiff: &[u8]) -> Vec<u8> {
        segment(0xe1, &[b"Exif\0\0", tiff].concat())
    }

    pub(super) fn frame() -> Vec<u8> {
        segment(0xc0, &[8, 0, 200, 1, 44, 1, 1, 0x11, 0])
    }

    /// A scan: its header and its data, in which 0xff stands before 0 or a restart only.
    pub(super) fn scan(data: &[u8]) -> Vec<u8> {
        let data = data.iter().flat_map(|byte| if *byte == 0xff { vec![0xff, 0] } else { vec![*byte] });
        [segment(0xda, &[1, 1, 0, 0, 63, 0]), data.collect(), vec![0xff, 0xd3, 7]].concat()
    }

    pub(super) fn jpeg(parts: &[&[u8]]) -> Vec<u8> {
        [&[0xff, 0xd8], parts.concat().as_slice(), &[0xff, 0xd9]].concat()
    }

    fn part() -> impl Strategy<Value = Part> {
        let bytes = || vec(any::<u8>(), 0..40);
        prop_oneof![
            (prop_oneof![Just(0xdb), Just(0xc4), Just(0xdd), Just(0xcc)], bytes())
                .prop_map(|(code, bytes)| kept(segment(code, &bytes))),
            bytes().prop_map(|bytes| kept(segment(0xe2, &[b"ICC_PROFILE\0", &bytes[..]].concat()))),
            bytes().prop_map(|bytes| Part {
                bytes: segment(0xe0, &[b"JFIF\0\x01\x02\0\0\x01\0\x01\x03\x04", &bytes[..]].concat()),
                stays: segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
            }),
            Just(kept(segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"))),
            bytes().prop_map(|bytes| kept(scan(&bytes))),
            (0xe3..=0xed_u8, bytes()).prop_map(|(code, bytes)| dropped(segment(code, &bytes))),
            (prop_oneof![Just(0xfe), Just(0xef), Just(0xc8), Just(0xf0), Just(0x02)], bytes())
                .prop_map(|(code, bytes)| dropped(segment(code, &bytes))),
            (0_u8..2, bytes()).prop_map(|(way, bytes)| dropped(exif(&[camera(way), bytes].concat()))),
            bytes().prop_map(|bytes| dropped(segment(
                0xe1,
                &[b"http://ns.adobe.com/xap/1.0/\0", &bytes[..]].concat()
            ))),
            bytes().prop_map(|bytes| dropped(segment(0xe2, &[b"MPF\0", &bytes[..]].concat()))),
            bytes().prop_map(|bytes| dropped(segment(0xe0, &[b"JFXX\0", &bytes[..]].concat()))),
        ]
    }

    proptest! {
        #[test]
        fn a_jpeg_keeps_what_draws_it(
            parts in vec(part(), 0..8), way in 2_u8..=8,
            behind in vec(any::<u8>(), 0..50), step in 1..60_usize,
        ) {
            let [mut given, mut expected] = [vec![0xff, 0xd8], vec![0xff, 0xd8]];
            given.extend(exif(&camera(way)));
            expected.extend(exif(&exif::tiff(way)));
            for part in parts.into_iter().chain([kept(frame())]) {
                given.extend(part.bytes);
                expected.extend(part.stays);
            }
            for end in [&mut given, &mut expected] {
                end.extend([0xff, 0xd9]);
            }
            given.extend(behind);
            let size = if way >= 5 { TURNED } else { SIZE };
            let found = filtered(&given, step).unwrap();
            prop_assert_eq!(&found.0, &expected);
            prop_assert_eq!(found.1, Some(size));
            prop_assert_eq!(filtered(&expected, 7), Ok((expected.clone(), Some(size))));
        }
    }

    #[test]
    fn what_decoders_pass_over_is_dropped_and_a_scan_that_breaks_off_stays() {
        let sound = jpeg(&[&frame(), &scan(b"data")]);
        let spoiled = jpeg(&[&frame(), b"between \xff\0 and \xff\xd1", b"\xff\xff\xff", &scan(b"data")[1..]]);
        assert_eq!(filtered(&spoiled, 1), Ok((sound.clone(), Some(SIZE))));
        let broken = &sound[..sound.len() - 2];
        assert_eq!(filtered(broken, 3), Ok((broken.to_vec(), Some(SIZE))));
        for none in [jpeg(&[&[0xff, 0xe1, 0, 1]]), jpeg(&[&frame(), &[0xff, 0xd8]])] {
            assert_eq!(filtered(&none, 5), Err(NoPicture));
        }
    }
}

mod of_png {
    use super::*;

    pub(super) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let named = [name, content].concat();
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
    }

    pub(super) fn begin() -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", b"\0\0\x01\x2c\0\0\0\xc8\x08\x02\0\0\0")].concat()
    }

    fn part() -> impl Strategy<Value = Part> {
        let bytes = || vec(any::<u8>(), 0..40);
        let stays = prop::sample::select(vec![
            b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs",
            b"cICP", b"acTL", b"fcTL", b"fdAT",
        ]);
        let goes = prop::sample::select(vec![
            b"tEXt", b"zTXt", b"iTXt", b"tIME", b"prVt", b"caBX", b"iDOT", b"sPLT",
        ]);
        prop_oneof![
            (stays, bytes()).prop_map(|(name, bytes)| kept(chunk(name, &bytes))),
            (goes, bytes()).prop_map(|(name, bytes)| dropped(chunk(name, &bytes))),
            bytes().prop_map(|bytes| dropped(chunk(b"eXIf", &bytes))),
            (0_u8..2).prop_map(|way| dropped(chunk(b"eXIf", &camera(way)))),
        ]
    }

    proptest! {
        #[test]
        fn a_png_keeps_what_draws_it(
            parts in vec(part(), 0..8), way in 2_u8..=8,
            behind in vec(any::<u8>(), 0..50), step in 1..60_usize,
        ) {
            let [mut given, mut expected] = [begin(), begin()];
            given.extend(chunk(b"eXIf", &camera(way)));
            expected.extend(chunk(b"eXIf", &exif::tiff(way)));
            for part in parts.into_iter().chain([kept(chunk(b"IEND", b""))]) {
                given.extend(part.bytes);
                expected.extend(part.stays);
            }
            given.extend(behind);
            let size = Some(if way >= 5 { TURNED } else { SIZE });
            prop_assert_eq!(filtered(&given, step), Ok((expected.clone(), size)));
            prop_assert_eq!(filtered(&expected, 7), Ok((expected, size)));
        }
    }

    #[test]
    fn chunks_that_cannot_be_are_malformed() {
        let idat = chunk(b"IDAT", b"data");
        let sums = |name: &[u8; 4], length: u32| [&length.to_be_bytes(), &name[..]].concat();
        for (name, wrong) in [
            ("a length that PNG does not have", sums(b"IDAT", 1 << 31)),
            ("a name that is none", chunk(b"ID T", b"")),
            ("a second header", begin()[8..].to_vec()),
            ("an end with content", chunk(b"IEND", b"x")),
        ] {
            assert_eq!(filtered(&[begin(), idat.clone(), wrong].concat(), 9), Err(NoPicture), "{name}");
        }
    }
}

mod of_webp {
    use super::*;

    pub(super) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [name, &length[..], content, &[0][..content.len() % 2]].concat()
    }

    pub(super) fn webp(chunks: &[u8]) -> Vec<u8> {
        let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
        [b"RIFF", &length[..], b"WEBP", chunks].concat()
    }

    pub(super) fn extended(flags: u8) -> Vec<u8> {
        chunk(b"VP8X", &[flags, 0, 0, 0, 0x2b, 1, 0, 199, 0, 0])
    }

    const LOSSY: &[u8] = b"\x10\x02\0\x9d\x01\x2a\x2c\x41\xc8\0 and more";
    const LOSSLESS: &[u8] = b"\x2f\x2b\xc1\x31\0 data";

    fn part() -> impl Strategy<Value = Part> {
        let bytes = || vec(any::<u8>(), 0..40);
        let stays = prop::sample::select(vec![b"ICCP", b"ANIM", b"ANMF", b"ALPH"]);
        let goes = prop::sample::select(vec![b"XMP ", b"JUNK", b"priv"]);
        prop_oneof![
            (stays, bytes()).prop_map(|(name, bytes)| kept(chunk(name, &bytes))),
            (goes, bytes()).prop_map(|(name, bytes)| dropped(chunk(name, &bytes))),
            (0_u8..2).prop_map(|way| dropped(chunk(b"EXIF", &camera(way)))),
        ]
    }

    proptest! {
        #[test]
        fn a_webp_keeps_what_draws_it(
            parts in vec(part(), 0..8), way in 0_u8..=8,
            behind in vec(any::<u8>(), 0..50), step in 1..60_usize,
        ) {
            let turned = (2..=8).contains(&way);
            let [mut given, mut expected] = [extended(0x3c), extended(if turned { 0x38 } else { 0x30 })];
            for part in parts.into_iter().chain([kept(chunk(b"VP8 ", LOSSY))]) {
                given.extend(part.bytes);
                expected.extend(part.stays);
            }
            given.extend(chunk(b"EXIF", &[b"Exif\0\0".to_vec(), camera(way)].concat()));
            expected.extend(if turned { chunk(b"EXIF", &exif::tiff(way)) } else { Vec::new() });
            let (given, expected) = ([webp(&given), behind].concat(), webp(&expected));
            let size = Some(SIZE);
            prop_assert_eq!(filtered(&given, step), Ok((expected.clone(), size)));
            prop_assert_eq!(filtered(&expected, 7), Ok((expected, size)));
        }
    }

    #[test]
    fn a_plain_webp_has_its_size_and_nothing_behind_it() {
        for (name, content) in [(b"VP8 ", LOSSY), (b"VP8L", LOSSLESS)] {
            let plain = webp(&chunk(name, content));
            assert_eq!(filtered(&plain, 1), Ok((plain.clone(), Some(SIZE))));
            let more =
                [webp(&[chunk(name, content), chunk(b"EXIF", &camera(6))].concat()), b"behind".to_vec()]
                    .concat();
            assert_eq!(filtered(&more, 11), Ok((plain.clone(), Some(SIZE))), "nobody looks for it");
            let length = 20 + content.len();
            assert_eq!(
                filtered(&plain[..length], 4),
                Ok((plain.clone(), Some(SIZE))),
                "the last byte is made up"
            );
            assert_eq!(filtered(&plain[..length - 1], 4), Err(NoPicture), "it breaks off");
        }
    }

    #[test]
    fn chunks_that_cannot_be_are_malformed() {
        let lossy = chunk(b"VP8 ", LOSSY);
        let mut long = webp(&lossy);
        long[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut short = webp(&lossy);
        short[4..8].copy_from_slice(&[0; 4]);
        for wrong in [
            long,
            short,
            webp(&[extended(0), extended(0), lossy.clone()].concat()),
            webp(&chunk(b"VP8X", b"too short")),
            webp(&chunk(b"VP8 ", b"short")),
            webp(&chunk(b"VP8L", b"/")),
        ] {
            assert_eq!(filtered(&wrong, 6), Err(NoPicture), "{wrong:?}");
        }
    }
}

/// Sound pictures of every format, with what is to go.
fn pictures() -> Vec<Vec<u8>> {
    let jpeg = of_jpeg::jpeg(&[
        &of_jpeg::exif(&camera(6)),
        &of_jpeg::segment(0xfe, b"a comment"),
        &of_jpeg::frame(),
        &of_jpeg::scan(b"data \xff and more"),
    ]);
    let png = [
        of_png::begin(),
        of_png::chunk(b"tEXt", b"Author\0me"),
        of_png::chunk(b"eXIf", &camera(3)),
        of_png::chunk(b"IDAT", b"data"),
        of_png::chunk(b"IEND", b""),
    ];
    let webp = [
        of_webp::extended(0x0c),
        of_webp::chunk(b"VP8L", b"\x2f\x2b\xc1\x31\0 data"),
        of_webp::chunk(b"EXIF", &camera(8)),
        of_webp::chunk(b"XMP ", b"<x:xmpmeta/>"),
    ];
    let gif = b"GIF89a\x2c\x01\xc8\0\0\0\0!\xfe\x02me\0;".to_vec();
    vec![jpeg, png.concat(), of_webp::webp(&webp.concat()), gif]
}

#[test]
fn a_gif_is_left_as_it_is() {
    let gif = pictures().pop().unwrap();
    assert_eq!(filtered(&gif, 4), Ok((gif.clone(), Some(SIZE))));
    let more = [gif, vec![0xff; 500]].concat();
    assert_eq!(filtered(&more, 4), Ok((more.clone(), Some(SIZE))));
}

#[test]
fn what_is_no_picture_is_malformed() {
    for none in [&b""[..], b"hello", b"\xff\xd8", b"#!AMR\n", &[b'x'; 1000]] {
        assert_eq!(filtered(none, 10), Err(NoPicture), "{none:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A picture that was spoiled somewhere is refused, or comes out as one that changes no more.
    #[test]
    fn whatever_comes_out_is_a_picture_without_notes(
        which in 0..4_usize, at in any::<prop::sample::Index>(), cut in 0..6_usize,
        put in vec(any::<u8>(), 0..6), step in 1..40_usize,
    ) {
        let mut picture = pictures().swap_remove(which);
        let at = at.index(picture.len());
        let end = (at + cut).min(picture.len());
        picture.splice(at..end, put);
        let whole = filtered(&picture, picture.len());
        prop_assert_eq!(&filtered(&picture, step), &whole);
        if let Ok((out, size)) = whole {
            prop_assert_eq!(Format::of(&out), Format::of(&picture));
            prop_assert!(out.len() <= picture.len() + 4);
            prop_assert_eq!(filtered(&out, 13), Ok((out, size)));
        }
    }
}
