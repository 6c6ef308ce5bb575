//! Checks that files can be stored at their place.

use super::finding::Findings;
use crate::clock::Rng;
use crate::config::{Bucket, FilesPlace, Place, is_foreign};
use crate::files::{Files, free};
use crate::store::health;
use futures_util::{StreamExt, stream};
use http::Uri;
use http::uri::Scheme;
use std::path::Path;

/// The newest files that are checked in a folder.
const LOOKED_FOR: &str = "select object from content order by created_at desc limit 100000";
/// The same for a bucket, where each check is a request.
const LOOKED_FOR_IN_A_BUCKET: &str = "select object from content order by created_at desc limit 1000";
/// Files that are checked at the same time.
const AT_ONCE: usize = 16;

/// Checks the place by a test file. Returns the place if that works and there may be files.
pub(super) async fn examine(
    place: anyhow::Result<FilesPlace>,
    least_free: u64,
    findings: &mut Findings,
) -> Option<FilesPlace> {
    let place = match place {
        Ok(place) => place,
        Err(error) => {
            findings.problem("files", format!("{error:#}"));
            return None;
        }
    };
    if let FilesPlace::Folder(folder) = &place {
        examine_room(folder, least_free, findings);
    }
    let shown = match &place {
        FilesPlace::Folder(folder) if !folder.exists() => {
            findings
                .ok("files", format!("there is no {} yet: it is made for the first file", folder.display()));
            return Some(place);
        }
        FilesPlace::Folder(folder) => folder.display().to_string(),
        FilesPlace::Bucket(bucket) => bucket.to_string(),
    };
    let object = format!("doctor-{}", Rng::system().hex::<16>());
    match Files::at(place.clone(), 0).probe(&object).await {
        Err(error) => {
            findings.problem("files", format!("{shown}: {error:#}"));
            return None;
        }
        Ok(()) => match &place {
            FilesPlace::Bucket(bucket) if is_in_clear(bucket) => findings.warn(
                "files",
                format!(
                    "{shown} can be written and read, by anybody on the way, too: use an https:// \
                    --files-endpoint, unless the network is yours"
                ),
            ),
            _ => findings.ok("files", format!("{shown} can be written and read")),
        },
    }
    Some(place)
}

/// Checks that the newest files of messages and agents exist.
pub(super) async fn find_gone(data: Place, place: FilesPlace, findings: &mut Findings) {
    let question = if matches!(place, FilesPlace::Bucket(_)) { LOOKED_FOR_IN_A_BUCKET } else { LOOKED_FOR };
    // The check of the database reports what fails here.
    let Ok(Ok(rows)) = tokio::task::spawn_blocking(move || health::ask(&data, question)).await else {
        return;
    };
    let (files, objects) = (Files::at(place, 0), rows.into_iter().flatten());
    let looked = stream::iter(objects)
        .map(|object| async { (files.has(&object).await, object) })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    let looked = looked.await;
    let gone: Vec<_> = looked.iter().filter(|(there, _)| matches!(there, Ok(false))).collect();
    let unknown = looked.iter().filter(|(there, _)| there.is_err()).count();
    match gone.first() {
        Some((_, one)) => findings.problem(
            "gone files",
            format!(
                "{} of {} files are gone, {one} for one: put them back from a copy of the files; one whose bytes are \
                 sent again is mended by that",
                gone.len(),
                looked.len()
            ),
        ),
        None if unknown > 0 => findings.warn(
            "gone files",
            format!("of {} files {unknown} could not be looked for: try again", looked.len()),
        ),
        None => findings.ok("gone files", format!("none of the newest {}", looked.len())),
    }
}

/// Checks the free space of a folder's disk; warns below four times the required space.
fn examine_room(folder: &Path, least_free: u64, findings: &mut Findings) {
    let Some(left) = free(folder) else { return };
    let (left, least) = (left >> 20, least_free >> 20);
    let says = format!(
        "{left} MiB are left of the files' disk; below {least} MiB (--files-free-mib) files are refused"
    );
    if left < least {
        findings.problem(
            "room",
            format!("{says}: make room, or keep files of messages for some days only (--message-files-days)"),
        );
    } else if left < 4 * least {
        findings.warn("room", says);
    } else {
        findings.ok("room", says);
    }
}

/// Whether traffic to the bucket is readable outside this machine and private networks.
fn is_in_clear(bucket: &Bucket) -> bool {
    let url = bucket.endpoint.as_ref().and_then(|url| url.parse::<Uri>().ok());
    let Some(url) = url.filter(|url| url.scheme() == Some(&Scheme::HTTP)) else { return false };
    is_foreign(url.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::is_in_clear;
    use crate::config::{Bucket, Key};

    #[test]
    fn what_goes_in_clear_over_networks_of_others_is_told() {
        for (endpoint, is) in [
            ("http://127.0.0.1:9000", false),
            ("http://192.168.1.2", false),
            ("http://[::1]:9000", false),
            ("http://[fd00::1]", false),
            ("http://minio:9000", false),
            ("https://s3.example.com", false),
            ("http://s3.example.com", true),
            ("http://203.0.113.1:9000", true),
            ("http://[2001:db8::1]", true),
        ] {
            let bucket = Bucket {
                name: "desk".to_owned(),
                prefix: String::new(),
                region: String::new(),
                endpoint: Some(endpoint.to_owned()),
                is_host: false,
                key: Key { id: String::new(), secret: String::new() },
            };
            assert_eq!(is_in_clear(&bucket), is, "{endpoint}");
        }
    }
}
