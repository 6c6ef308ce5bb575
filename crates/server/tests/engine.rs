//! The engines: a fresh folder, or a fresh schema of a PostgreSQL that this process starts for itself.

use kefu::config::{FilesPlace, Place};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Data that goes when it is dropped.
pub struct Fresh {
    pub place: Place,
    files: tempfile::TempDir,
    _folder: Option<tempfile::TempDir>,
}

impl Fresh {
    /// The flags that name this data on the command line.
    pub fn flags(&self) -> Vec<String> {
        match &self.place {
            Place::Folder(folder) => vec!["--data".into(), folder.display().to_string()],
            Place::Postgres(url) => {
                let files = self.files.path().display().to_string();
                vec!["--files".into(), files, "--database".into(), url.clone()]
            }
        }
    }

    /// Where its files are.
    pub fn files(&self) -> FilesPlace {
        match &self.place {
            Place::Folder(folder) => FilesPlace::Folder(folder.join("files")),
            Place::Postgres(_) => FilesPlace::Folder(self.files.path().to_owned()),
        }
    }

    /// A place as it is, which nobody made.
    pub fn at(place: Place) -> Self {
        Fresh { place, files: temporary(), _folder: None }
    }

    pub fn folder() -> Self {
        let folder = temporary();
        Fresh { place: Place::Folder(folder.path().to_owned()), files: temporary(), _folder: Some(folder) }
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
        Fresh { place, files: temporary(), _folder: None }
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
