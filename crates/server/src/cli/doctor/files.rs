//! Whether files can be kept where they are to be.

use super::Findings;
use crate::clock::Chance;
use crate::config::{Bucket, FilesPlace, is_foreign};
use crate::files::{Files, free};
use http::Uri;
use http::uri::Scheme;
use std::path::Path;

/// Looks at the place, and tries it.
pub(super) async fn examine(place: anyhow::Result<FilesPlace>, least_free: u64, findings: &mut Findings) {
    let place = match place {
        Ok(place) => place,
        Err(error) => return findings.problem("files", format!("{error:#}")),
    };
    if let FilesPlace::Folder(folder) = &place {
        examine_room(folder, least_free, findings);
    }
    let shown = match &place {
        FilesPlace::Folder(folder) if !folder.exists() => {
            return findings
                .ok("files", format!("there is no {} yet: it is made for the first file", folder.display()));
        }
        FilesPlace::Folder(folder) => folder.display().to_string(),
        FilesPlace::Bucket(bucket) => bucket.to_string(),
    };
    let object = format!("doctor-{}", Chance::system().hex::<16>());
    match Files::at(place.clone(), 0).probe(&object).await {
        Err(error) => findings.problem("files", format!("{shown}: {error:#}")),
        Ok(()) => match place {
            FilesPlace::Bucket(bucket) if is_in_clear(&bucket) => findings.warn(
                "files",
                format!("{shown} can be written and read, by anybody on the way, too: use an https:// --files-endpoint, unless the network is yours"),
            ),
            _ => findings.ok("files", format!("{shown} can be written and read")),
        },
    }
}

/// Whether the disk of a folder has room: a warning below four times what must stay free.
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

/// Whether what is sent could be seen outside this machine and networks like one's own.
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
