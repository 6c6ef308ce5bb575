//! A store of buckets, as small as one can be and as strict as they are. What real ones think of us is tried elsewhere.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use kefu::config::{BucketArgs, FilesPlace};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The one bucket there is.
pub const BUCKET: &str = "desk";
/// Whom it knows.
pub const KEY: &str = "kefu:hunter2";
/// The least a part has, but the last.
const PART_LEAST: usize = 5 << 20;
/// Objects of a page of a list.
const PAGE: usize = 2;

/// How it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    #[default]
    Well,
    /// It hears and never answers.
    Silent,
    /// It says that something is wrong with it.
    Failing,
}

/// What is in it.
#[derive(Default)]
pub struct Held {
    pub objects: BTreeMap<String, (Bytes, String)>,
    pub uploads: HashMap<String, BTreeMap<usize, Bytes>>,
    pub mood: Mood,
    /// What was asked, each as its method and the names in its query.
    pub asked: Vec<String>,
    begun: usize,
}

/// It runs until it is dropped, or goes.
pub struct S3 {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl S3 {
    pub fn start() -> S3 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let s3 =
            S3 { address: listener.local_addr().unwrap(), held: Arc::default(), running: Mutex::default() };
        s3.runs(listener);
        s3
    }

    fn runs(&self, listener: std::net::TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let router =
            Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(self.held.clone());
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! { served = axum::serve(listener, router) => served.unwrap(), _ = stopped => {} }
            });
        };
        *self.running.lock().unwrap() = Some((stop, std::thread::spawn(run)));
    }

    /// It is gone, with all its connections.
    pub fn goes(&self) {
        if let Some((stop, thread)) = self.running.lock().unwrap().take() {
            drop(stop);
            thread.join().unwrap();
        }
    }

    /// It is there again, with what it had.
    pub fn comes_back(&self) {
        self.runs(std::net::TcpListener::bind(self.address).unwrap());
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The flags that name a place in it.
    pub fn flags(&self, place: &str) -> Vec<String> {
        ["--files", place, "--files-endpoint", &self.endpoint(), "--files-key", KEY].map(str::to_owned).into()
    }

    /// A place in it.
    pub fn place(&self, place: &str) -> FilesPlace {
        let args = BucketArgs {
            files_endpoint: Some(self.endpoint()),
            files_region: None,
            files_key: Some(KEY.to_owned()),
        };
        args.place(place.into()).unwrap()
    }

    /// An object lies there since a day.
    pub fn lies(&self, name: &str, since: &str) {
        let what = (Bytes::from_static(b"left"), format!("{since}T00:00:00.000Z"));
        self.held().objects.insert(name.to_owned(), what);
    }

    /// The names of all objects.
    pub fn names(&self) -> Vec<String> {
        self.held().objects.keys().cloned().collect()
    }

    /// How many objects there are, and how many are half written.
    pub fn counts(&self) -> (usize, usize) {
        let held = self.held();
        (held.objects.len(), held.uploads.len())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.goes();
    }
}

fn refuses(status: StatusCode, code: &str, message: &str) -> Response {
    let xml =
        format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    (status, xml).into_response()
}

async fn answer(
    State(held): State<Arc<Mutex<Held>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let mood = {
        let mut held = held.lock().unwrap();
        let names: Vec<_> = query.keys().cloned().collect();
        held.asked.push(format!("{method} {}", names.join(",")));
        held.mood
    };
    match mood {
        Mood::Well => {}
        Mood::Silent => std::future::pending().await,
        Mood::Failing => {
            return refuses(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Reduce your request rate.");
        }
    }
    let signed = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    let Some(rest) = signed.strip_prefix("AWS4-HMAC-SHA256 Credential=") else {
        return refuses(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied.");
    };
    if !rest.starts_with("kefu/") || !rest.contains("/us-east-1/s3/aws4_request") {
        return refuses(StatusCode::FORBIDDEN, "InvalidAccessKeyId", "The key Id does not exist.");
    }
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        return refuses(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist");
    }
    let mut held = held.lock().unwrap();
    if key.is_empty() { list(&held, &query) } else { object(&mut held, &method, key, &query, &headers, body) }
}

fn list(held: &Held, query: &BTreeMap<String, String>) -> Response {
    let of = |name: &str| query.get(name).map_or("", String::as_str);
    assert_eq!(of("list-type"), "2");
    let (prefix, after) = (of("prefix"), of("continuation-token"));
    let all: Vec<_> =
        held.objects.iter().filter(|(name, _)| name.starts_with(prefix) && name.as_str() > after).collect();
    let page = &all[..all.len().min(PAGE)];
    let mut xml = String::from("<ListBucketResult>");
    for (name, (bytes, since)) in page {
        let size = bytes.len();
        xml += &format!(
            "<Contents><Key>{name}</Key><LastModified>{since}</LastModified><ETag>x</ETag><Size>{size}</Size></Contents>"
        );
    }
    if let Some((name, _)) = page.last().filter(|_| page.len() < all.len()) {
        xml += &format!("<NextContinuationToken>{name}</NextContinuationToken>");
    }
    (StatusCode::OK, xml + "</ListBucketResult>").into_response()
}

fn object(
    held: &mut Held,
    method: &Method,
    key: &str,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    // It is the day on which the tests begin.
    let whole = |bytes: Bytes| (bytes, "2027-01-15T08:00:00.000Z".to_owned());
    let etag = |tag: &str| (StatusCode::OK, [("etag", format!("\"{tag}\""))], "").into_response();
    let upload = query.get("uploadId").cloned();
    match (method.as_str(), upload) {
        ("GET" | "HEAD", _) => match held.objects.get(key) {
            Some((bytes, _)) => give(bytes, headers),
            None => refuses(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
        },
        ("PUT", None) => {
            held.objects.insert(key.to_owned(), whole(body));
            etag("whole")
        }
        ("DELETE", None) => {
            held.objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        ("POST", None) => {
            held.begun += 1;
            let id = format!("{key}-{}", held.begun);
            held.uploads.insert(id.clone(), BTreeMap::new());
            let xml = format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            );
            (StatusCode::OK, xml).into_response()
        }
        ("PUT", Some(id)) => {
            let number = query["partNumber"].parse().unwrap();
            held.uploads.get_mut(&id).expect("an upload").insert(number, body);
            etag(&number.to_string())
        }
        ("DELETE", Some(id)) => {
            held.uploads.remove(&id).expect("an upload");
            StatusCode::NO_CONTENT.into_response()
        }
        ("POST", Some(id)) => {
            let parts: Vec<_> = held.uploads.remove(&id).expect("an upload").into_values().collect();
            if parts.iter().rev().skip(1).any(|part| part.len() < PART_LEAST) {
                return refuses(StatusCode::BAD_REQUEST, "EntityTooSmall", "A part is too small.");
            }
            held.objects.insert(key.to_owned(), whole(parts.concat().into()));
            let xml = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>";
            (StatusCode::OK, xml).into_response()
        }
        other => panic!("nobody asks {other:?}"),
    }
}

fn give(bytes: &Bytes, headers: &HeaderMap) -> Response {
    let range = headers
        .get("range")
        .and_then(|range| range.to_str().unwrap().strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range else {
        return (StatusCode::OK, [("etag", "\"x\"")], bytes.clone()).into_response();
    };
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let said = format!("bytes {first}-{last}/{}", bytes.len());
    let headers = [("etag", "\"x\"".to_owned()), ("content-range", said)];
    (StatusCode::PARTIAL_CONTENT, headers, bytes.slice(first..=last)).into_response()
}
