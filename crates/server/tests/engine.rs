//! The engines: a fresh folder, or a fresh schema of a PostgreSQL that this process starts for itself.

use crate::actors::s3::S3;
use kefu::config::{FilesPlace, Place};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Data that goes when it is dropped.
pub struct Fresh {
    pub place: Place,
    /// Where its files are, when that is a bucket.
    bucket: Option<(FilesPlace, Vec<String>)>,
    files: tempfile::TempDir,
    _folder: Option<tempfile::TempDir>,
}

impl Fresh {
    /// The flags that name this data on the command line.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = match (&self.bucket, &self.place) {
            (Some((_, flags)), _) => flags.clone(),
            (None, Place::Postgres(_)) => {
                vec!["--files".into(), self.folder_of_files().display().to_string()]
            }
            (None, Place::Folder(_)) => Vec::new(),
        };
        flags.extend(match &self.place {
            Place::Folder(folder) => ["--data".into(), folder.display().to_string()],
            Place::Postgres(url) => ["--database".into(), url.clone()],
        });
        flags
    }

    /// Where its files are.
    pub fn files(&self) -> FilesPlace {
        match &self.bucket {
            Some((place, _)) => place.clone(),
            None => FilesPlace::Folder(self.folder_of_files()),
        }
    }

    /// Where its files are, when that is a folder.
    pub fn folder_of_files(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.join("files"),
            Place::Postgres(_) => self.files.path().to_owned(),
        }
    }

    /// The same, saying nothing of files.
    pub fn without_files(self) -> Self {
        Fresh { bucket: Some((self.files(), Vec::new())), ..self }
    }

    /// The same with its files in a bucket.
    pub fn with_files_in(self, s3: &S3, place: &str) -> Self {
        Fresh { bucket: Some((s3.place(place), s3.flags(place))), ..self }
    }

    /// A place as it is, which nobody made.
    pub fn at(place: Place) -> Self {
        Fresh { place, bucket: None, files: temporary(), _folder: None }
    }

    pub fn folder() -> Self {
        let folder = temporary();
        let place = Place::Folder(folder.path().to_owned());
        Fresh { place, bucket: None, files: temporary(), _folder: Some(folder) }
    }

    pub fn schema() -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", LAST.fetch_add(1, Ordering::Relaxed));
        let server = server();
        let (url, create) = (server.to_owned(), format!("create schema {name}"));
        // A client lives and dies on a thread of its own.
        std::thread::spawn(move || {
            postgres::Client::connect(&url, postgres::NoTls)
                .expect("the test's PostgreSQL")
                .batch_execute(&create)
                .unwrap();
        })
        .join()
        .expect("a schema");
        let place = Place::Postgres(format!("{server}?options=-csearch_path%3D{name}"));
        Fresh { place, bucket: None, files: temporary(), _folder: None }
    }
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The address of the PostgreSQL of this process. It ends when its standard input closes, which is
/// when this process does, however it does.
fn server() -> &'static str {
    static SERVER: OnceLock<(String, Child)> = OnceLock::new();
    let start = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");
        let mut child =
            Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(script);
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(
            !url.is_empty(),
            "PostgreSQL is missing: `apt-get install postgresql`, or let ./check install it"
        );
        (url.trim().to_owned(), child)
    };
    &SERVER.get_or_init(start).0
}

impl Fresh {
    /// Makes the data claim that a newer program wrote its tables.
    pub fn claims_version(&self, version: i64) {
        self.runs(format!(
            "insert into refinery_schema_history (version, name, applied_on, checksum) values ({version}, 'later', '2030-01-01T00:00:00Z', '1')"
        ));
    }

    /// Runs statements as somebody who knows the tables.
    pub fn runs(&self, sql: String) {
        match self.place.clone() {
            Place::Folder(folder) => {
                rusqlite::Connection::open(folder.join("kefu.db")).unwrap().execute_batch(&sql).unwrap();
            }
            Place::Postgres(url) => {
                let run = move || {
                    postgres::Client::connect(&url, postgres::NoTls).unwrap().batch_execute(&sql).unwrap()
                };
                std::thread::spawn(run).join().unwrap();
            }
        }
    }
}
