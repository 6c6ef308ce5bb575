//! Settings for the place of files: a folder, or a bucket of an S3-compatible store.

use anyhow::{Context, bail, ensure};
use clap::Args;
use http::Uri;
use std::path::PathBuf;
use store::place::{Bucket, FilesPlace, Key, SCHEME, value_or_file};

/// Replaced by the bucket's name in an endpoint.
const HOST: &str = "{bucket}";

/// Settings of a bucket.
#[derive(Args, Clone, Debug, Default)]
pub struct BucketArgs {
    /// Endpoint of the store of the bucket, when it is not AWS: http://HOST:PORT or https://HOST. Where buckets are
    /// hosts, {bucket} stands for the bucket's name: https://{bucket}.s3.example.com.
    #[arg(long, env = "KEFU_FILES_ENDPOINT", value_name = "URL")]
    pub files_endpoint: Option<String>,
    /// The region of the bucket, when it is not us-east-1.
    #[arg(long, env = "KEFU_FILES_REGION", value_name = "NAME")]
    pub files_region: Option<String>,
    /// The key for the bucket, ID:SECRET, or file:PATH of a file that holds it.
    #[arg(long, env = "KEFU_FILES_KEY", value_name = "KEY", hide_env_values = true)]
    pub files_key: Option<String>,
}

impl BucketArgs {
    /// The place of the settings.
    ///
    /// # Errors
    /// When it is neither a folder nor a complete bucket, or the file that holds the key cannot be read.
    pub fn place(&self, place: PathBuf) -> anyhow::Result<FilesPlace> {
        match place.to_str() {
            Some(text) if text.starts_with(SCHEME) => Ok(FilesPlace::Bucket(self.bucket(text)?)),
            Some(text) if text.contains("://") => {
                bail!("--files takes a folder or s3://BUCKET/PREFIX, and {text} is neither")
            }
            _ => {
                for (flag, given) in [
                    ("endpoint", &self.files_endpoint),
                    ("region", &self.files_region),
                    ("key", &self.files_key),
                ] {
                    let folder = place.display();
                    ensure!(
                        given.is_none(),
                        "--files-{flag} is for a bucket, and files are in the folder {folder}: set --files s3://BUCKET"
                    );
                }
                Ok(FilesPlace::Folder(place))
            }
        }
    }

    fn bucket(&self, place: &str) -> anyhow::Result<Bucket> {
        let rest = place.strip_prefix(SCHEME).unwrap_or_default();
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        ensure!(
            !name.is_empty() && name.chars().all(is_name),
            "--files s3://BUCKET/PREFIX: {name:?} cannot be a bucket's name"
        );
        let prefix = prefix.trim_end_matches('/');
        let is_part = |part: &str| !["", ".", ".."].contains(&part) && part.chars().all(is_name);
        ensure!(
            prefix.is_empty() || prefix.split('/').all(is_part),
            "--files s3://BUCKET/PREFIX: {prefix:?} cannot be a prefix; use letters, digits, - . _ and single slashes"
        );
        let endpoint = self.files_endpoint.as_deref().map(endpoint).transpose()?;
        // AWS addresses buckets by host; its certificates do not cover a name with a dot.
        let is_host = endpoint.as_ref().map_or(!name.contains('.'), |url| url.contains(HOST));
        Ok(Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            region: self.files_region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            endpoint: endpoint.map(|url| url.replace(HOST, name)),
            is_host,
            key: key(self.files_key.as_deref())?,
        })
    }
}

/// Checks an endpoint: a scheme and a host, perhaps a port, and nothing else.
fn endpoint(given: &str) -> anyhow::Result<String> {
    let url = given.trim_end_matches('/');
    let parsed = url.replace(HOST, "bucket").parse::<Uri>().ok();
    let is_plain = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.authority().is_some_and(|it| !it.as_str().contains('@'))
            && uri.path_and_query().is_none_or(|it| it.as_str() == "/")
    };
    ensure!(
        parsed.is_some_and(|uri| is_plain(&uri)),
        "--files-endpoint takes http://HOST:PORT or https://HOST, and {given:?} is neither"
    );
    Ok(url.to_owned())
}

fn key(given: Option<&str>) -> anyhow::Result<Key> {
    let given =
        given.context("a bucket needs its key: --files-key file:PATH, a file that holds ID:SECRET")?;
    match value_or_file(given, "the key for the bucket")?.trim().split_once(':') {
        Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
            Ok(Key { id: id.to_owned(), secret: secret.to_owned() })
        }
        // The value may be a secret, so the error does not repeat it.
        _ => bail!("--files-key holds no key for a bucket: it is ID:SECRET"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, BucketArgs, FilesPlace};

    fn args(endpoint: Option<&str>, key: Option<&str>) -> BucketArgs {
        BucketArgs {
            files_endpoint: endpoint.map(str::to_owned),
            files_region: None,
            files_key: key.map(str::to_owned),
        }
    }

    fn bucket(place: &str, endpoint: Option<&str>) -> Result<Bucket, String> {
        match args(endpoint, Some("id:a:secret")).place(place.into()) {
            Ok(FilesPlace::Bucket(bucket)) => Ok(bucket),
            Ok(FilesPlace::Folder(folder)) => Err(folder.display().to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_bucket_is_called_by_path_by_host_or_as_aws_does() {
        let found = bucket("s3://desk/a/b/", Some("http://minio:9000/")).unwrap();
        assert_eq!(
            (found.name.as_str(), found.prefix.as_str(), found.region.as_str()),
            ("desk", "a/b", "us-east-1")
        );
        assert_eq!((found.endpoint.as_deref(), found.is_host), (Some("http://minio:9000"), false));
        assert_eq!((found.key.id.as_str(), found.key.secret.as_str()), ("id", "a:secret"));
        let found = bucket("s3://desk", Some("https://{bucket}.s3.example.com")).unwrap();
        assert_eq!((found.endpoint.as_deref(), found.is_host), (Some("https://desk.s3.example.com"), true));
        let found = bucket("s3://desk", None).unwrap();
        assert_eq!((found.endpoint, found.is_host), (None, true));
        assert!(!bucket("s3://desk.example.com", None).unwrap().is_host);
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_would_be() {
        for place in [
            "s3://",
            "s3:///a",
            "s3://a b",
            "s3://a//b",
            "s3://a/../b",
            "s3://a/b?c",
            "gs://a",
            "https://a/b",
        ] {
            let said = bucket(place, None).unwrap_err();
            assert!(said.contains("s3://BUCKET/PREFIX"), "{place}: {said}");
        }
        for endpoint in
            ["minio:9000", "ftp://a", "http://", "http://a/b", "http://a?b", "http://u:p@a", "http://a b"]
        {
            let said = bucket("s3://desk", Some(endpoint)).unwrap_err();
            assert!(said.contains("--files-endpoint takes"), "{endpoint}: {said}");
        }
        assert!(bucket("/srv/files", None).unwrap_err().contains("--files-key is for a bucket"));
    }

    #[test]
    fn a_key_is_needed_and_never_shown() {
        let named = |key| args(None, key).place("s3://desk".into());
        for key in [None, Some("hunter2"), Some(":hunter2"), Some("hunter2:"), Some("file:/nowhere/hunter3")]
        {
            let said = format!("{:#}", named(key).unwrap_err());
            assert!(said.contains("key") && !said.contains("hunter2"), "{said}");
        }
        let shown = format!("{:?}", named(Some("id:hunter2")).unwrap());
        assert!(shown.contains("id:(hidden)") && !shown.contains("hunter2"), "{shown}");
    }
}
