//! Customers' messages that are neither texts nor pictures, which operators enter with their files.

use crate::content::{self, StoredFile};
use crate::message::draft::{Draft, Upload};
use crate::message::storage::{self, StorageLimits};
use crate::message::{self, MessageView};
use crate::people::customer;
use crate::{Desk, Result, account};
use model::picture::Filter;
use model::{Appid, Openid};
use protocol::media::{Format, MediaKind};
use protocol::message::CustomerContent;
use store::files::{Sender, Written};

/// The bytes of a message's files.
#[derive(Debug, Default)]
pub struct UploadedBytes {
    /// The file.
    pub file: Option<Vec<u8>>,
    /// The thumb.
    pub thumb: Option<Vec<u8>>,
}

/// Stores a customer's message that is neither a text nor a picture, which the operator enters with its files. Creates
/// the customer if necessary.
///
/// # Errors
/// 40013, 40003, those of [`CustomerContent::check`] and [`MediaKind::admit`], 41005 without a file that the message
/// needs, `FilesOfDay`, `FilesOfAccount`.
pub async fn receive_from_operator(
    desk: &Desk,
    appid: &Appid,
    openid: &str,
    mut content: CustomerContent,
    bytes: UploadedBytes,
) -> Result<MessageView> {
    let (openid, mut uploads, mut stored) = (Openid::parse(openid)?, Vec::new(), Vec::new());
    let kind = desk.read(appid, |tx, appid| Ok(account::get(tx, appid)?.kind)).await?;
    content.check(kind)?;
    let thumb = content.thumb_mut().map(|_| MediaKind::Thumb);
    for (kind, bytes) in [(content.file(), bytes.file), (thumb, bytes.thumb)] {
        let Some(kind) = kind else { continue };
        let bytes = bytes.ok_or(protocol::Errcode::MediaDataMissing)?;
        let file = store(desk, appid, kind, &bytes).await?;
        uploads.push(Upload { kind, content: file.content(), media_id: desk.rng.media_id() });
        stored.push(file.written);
    }
    for upload in &uploads {
        match (upload.kind, content.thumb_mut()) {
            (MediaKind::Thumb, Some(thumb)) => thumb.clone_from(&upload.media_id),
            _ => content.set_format(upload.content.format),
        }
    }
    let draft = Draft::of_customer(&content, uploads, desk.rng.hex::<16>(), StorageLimits::of(desk));
    let sent = desk.write(appid, move |tx, appid| {
        customer::create_if_absent(tx, appid, &openid)?;
        message::store_received(tx, appid, &openid, &draft).map(|(message, _)| message)
    });
    keep_if_named(desk, stored, storage::log_full(desk, sent.await)).await
}

/// Ends the uploads of a message. See [`content::keep_if_named`].
async fn keep_if_named<T>(desk: &Desk, stored: Vec<Written>, mut named: Result<T>) -> Result<T> {
    for written in stored {
        named = content::keep_if_named(desk, written, named).await;
    }
    named
}

/// Stores the bytes of a file of this kind.
async fn store(desk: &Desk, appid: &Appid, kind: MediaKind, bytes: &[u8]) -> Result<StoredFile> {
    let head = &bytes[..bytes.len().min(Format::HEAD)];
    let format = kind.admit(head, u64::try_from(bytes.len())?)?;
    let mut writing = desk.files.write(content::new_object(desk), Sender::program(appid.as_str()));
    writing.append(bytes).await?;
    let mut filter = Filter::new();
    filter.push(bytes);
    let pixels = filter.end().ok().and_then(|filtered| filtered.size);
    Ok(StoredFile { written: writing.end().await?, format, pixels })
}
