//! Wire types of uploadTempMedia and getMedia, and which files a kind accepts.

mod format;

use crate::limits::MEDIA_LIFE_D;
use crate::parameter::{ParameterDoc, parameters};
use crate::{Errcode, limits};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::Serialize;

pub use format::Format;
use format::Format::{Amr, Gif, Jpeg, Mp3, Mp4, Png, Webp};

/// The purpose of a file: `type` of uploadTempMedia.
/// <https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A recording.
    Voice,
    /// A film.
    Video,
    /// A small picture for a film or a piece of music.
    Thumb,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [MediaKind; 4] = [MediaKind::Image, MediaKind::Voice, MediaKind::Video, MediaKind::Thumb];

    /// Its word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            MediaKind::Image => "image",
            MediaKind::Voice => "voice",
            MediaKind::Video => "video",
            MediaKind::Thumb => "thumb",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        MediaKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The accepted formats.
    #[must_use]
    pub const fn formats(self) -> &'static [Format] {
        match self {
            MediaKind::Image => &[Png, Jpeg, Gif],
            MediaKind::Voice => &[Amr, Mp3],
            MediaKind::Video => &[Mp4],
            MediaKind::Thumb => &[Jpeg],
        }
    }

    /// Most bytes of a file.
    #[must_use]
    pub const fn size_max(self) -> u64 {
        match self {
            MediaKind::Image => limits::IMAGE_MAX,
            MediaKind::Voice => limits::VOICE_MAX,
            MediaKind::Video => limits::VIDEO_MAX,
            MediaKind::Thumb => limits::THUMB_MAX,
        }
    }

    /// Checks a file by its first bytes and its size: empty, larger than any file, of another format, too large for the
    /// kind.
    ///
    /// # Errors
    /// 44001 → 45001 → 40005 → 40006.
    pub fn admit(self, head: &[u8], size: u64) -> Result<Format, Errcode> {
        admit(head, size, limits::FILE_MAX, Errcode::MediaSize, self.formats()).and_then(|format| {
            if size > self.size_max() { Err(Errcode::InvalidMediaSize) } else { Ok(format) }
        })
    }
}

/// Checks an agent's picture by its first bytes and its size.
///
/// # Errors
/// 41005 without a byte, 40006, 40005.
pub fn admit_headimg(head: &[u8], size: u64) -> Result<Format, Errcode> {
    if size == 0 {
        return Err(Errcode::MediaDataMissing);
    }
    admit(head, size, limits::HEADIMG_MAX, Errcode::InvalidMediaSize, &[Png, Jpeg])
}

/// Checks a picture that a person sends from a page, by its first bytes and its size.
///
/// # Errors
/// 44001 without a byte, 45001, 40005.
pub fn admit_from_page(head: &[u8], size: u64) -> Result<Format, Errcode> {
    admit(head, size, limits::IMAGE_MAX, Errcode::MediaSize, &[Png, Jpeg, Gif, Webp])
}

fn admit(
    head: &[u8],
    size: u64,
    most: u64,
    too_large: Errcode,
    formats: &[Format],
) -> Result<Format, Errcode> {
    if size == 0 {
        return Err(Errcode::EmptyMediaData);
    }
    if size > most {
        return Err(too_large);
    }
    Format::of(head).filter(|format| formats.contains(format)).ok_or(Errcode::InvalidFileType)
}

parameters! {
    /// Parameters of uploadTempMedia beside the file.
    /// <https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia>
    #[derive(Debug)]
    pub struct UploadTempMedia in QueryOrForm {
        pub kind as "type": Option<String>, required, ParameterDoc::new(
            "What the file is for: image, voice, video or thumb.",
            "媒体类型：image、voice、video 或 thumb。",
        )
        .example(r#""image""#)
        .matching("^(image|voice|video|thumb)$");
    }
}

parameters! {
    /// Query of getMedia.
    /// <https://developers.weixin.qq.com/doc/service/en/api/material/temporary/api_getmedia>
    #[derive(Debug)]
    pub struct GetMedia in Query {
        pub media_id: Option<String>, required, ParameterDoc::new(
            formatcp!("The id of an uploaded file, which lives for {MEDIA_LIFE_D} days."),
            formatcp!("上传文件所得的 media_id，有效期 {MEDIA_LIFE_D} 天。"),
        )
        .example(r#""MEDIA_ID""#)
        .matching("^[A-Za-z0-9_-]+$");
    }
}

/// Answer of uploadTempMedia. A thumb has its id under both names: SDKs read one or the other.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UploadedMedia<'a> {
    /// The purpose of the file.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its id.
    pub media_id: &'a str,
    /// The same, for a thumb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_media_id: Option<&'a str>,
    /// When it was uploaded, Unix seconds.
    pub created_at: i64,
}

/// Answer of getMedia for a video.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VideoAddress {
    /// The address of the video.
    pub video_url: String,
}

#[cfg(test)]
mod tests {
    use super::{Format, MediaKind, admit_from_page, admit_headimg};
    use crate::{Errcode, limits};

    /// The least of each format.
    const HEADS: [(Format, &[u8]); 12] = [
        (Format::Png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01"),
        (Format::Jpeg, b"\xff\xd8\xff\xe0"),
        (Format::Gif, b"GIF89a\x01\0\x01\0"),
        (Format::Gif, b"GIF87a\x01\0\0\x01"),
        (Format::Webp, b"RIFF\x24\0\0\0WEBPVP8 "),
        (Format::Webp, b"RIFF\x24\0\0\0WEBPVP8L"),
        (Format::Webp, b"RIFF\x24\0\0\0WEBPVP8X"),
        (Format::Amr, b"#!AMR\n"),
        (Format::Amr, b"#!AMR-WB\n"),
        (Format::Mp3, b"ID3\x03"),
        (Format::Mp3, b"\xff\xfb\x90\0"),
        (Format::Mp4, b"\0\0\0\x18ftypmp42"),
    ];

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        for (format, head) in HEADS {
            assert_eq!(Format::of(head), Some(format), "{head:?}");
            assert_eq!(Format::of(&[head, b"more"].concat()), Some(format));
            assert_eq!(Format::from_content_type(format.content_type()), Some(format));
            // One byte less, and it is none.
            if !matches!(head, [0xff, 0xfb, ..]) {
                assert_eq!(Format::of(&head[..head.len() - 1]), None, "{head:?}");
            }
        }
        let others: [&[u8]; 21] = [
            b"",
            b"hello",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\">",
            b"BM\x36\0\0\0",
            b"RIFF\x24\0\0\0WEBP",
            b"RIFF\x24\0\0\0WEBPVP9 ",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"<!--ftypmp42",
            b"%\0\0\x18ftyp3g2a",
            b"\0\0\0\x18ftypheic",
            b"\0\0\0\x18ftypavif",
            b"\0\0\0\x18ftypqt  ",
            b"\0\0\0\x18ftypM4A ",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\x01",
            b"GIF89a\0\0\x01\0",
            b"GIF88a\x01\0\x01\0",
            b"\xff\xd8\xff\xff",
            b"\xff\xfb\xf0\0",
            b"\xff\xfb\x9c\0",
            b"\xff\xeb\x90\0",
            b"\xff\xfd\x90\0",
        ];
        for other in others {
            assert_eq!(Format::of(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_kind_takes_its_formats_up_to_its_size() {
        for kind in MediaKind::ALL {
            assert_eq!(MediaKind::from_word(kind.word()), Some(kind));
            for (format, head) in HEADS {
                let takes = kind.formats().contains(&format);
                let expected = if takes { Ok(format) } else { Err(Errcode::InvalidFileType) };
                assert_eq!(kind.admit(head, kind.size_max()), expected, "{kind:?} {format:?}");
            }
            let head =
                HEADS.iter().find(|(format, _)| kind.formats().contains(format)).map_or(&[][..], |it| it.1);
            let refused = if kind.size_max() < limits::FILE_MAX {
                Errcode::InvalidMediaSize
            } else {
                Errcode::MediaSize
            };
            assert_eq!(kind.admit(head, kind.size_max() + 1), Err(refused), "{kind:?}");
            assert_eq!(kind.admit(head, limits::FILE_MAX + 1), Err(Errcode::MediaSize));
            assert_eq!(kind.admit(b"", 0), Err(Errcode::EmptyMediaData));
        }
        assert_eq!(MediaKind::from_word("file"), None);
    }

    #[test]
    fn pages_take_webp_and_every_picture_that_programs_may_upload() {
        for (format, head) in HEADS {
            let takes = format == Format::Webp || MediaKind::Image.formats().contains(&format);
            let expected = if takes { Ok(format) } else { Err(Errcode::InvalidFileType) };
            assert_eq!(admit_from_page(head, limits::IMAGE_MAX), expected, "{format:?}");
        }
        assert_eq!(admit_from_page(HEADS[0].1, limits::IMAGE_MAX + 1), Err(Errcode::MediaSize));
        assert_eq!(admit_from_page(b"", 0), Err(Errcode::EmptyMediaData));
    }

    #[test]
    fn an_agents_picture_is_a_jpeg_or_a_png_of_five_megabytes_at_most() {
        let (png, gif) = (HEADS[0].1, HEADS[2].1);
        assert_eq!(admit_headimg(png, limits::HEADIMG_MAX), Ok(Format::Png));
        assert_eq!(admit_headimg(png, limits::HEADIMG_MAX + 1), Err(Errcode::InvalidMediaSize));
        assert_eq!(admit_headimg(gif, 10), Err(Errcode::InvalidFileType));
        assert_eq!(admit_headimg(b"", 0), Err(Errcode::MediaDataMissing));
    }
}
