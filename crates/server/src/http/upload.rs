//! Uploads: a form whose file is stored while it comes, with what else it says.

use super::Refusal;
use super::caller::{Caller, called, query};
use super::client_address::address;
use super::multipart::{Parser, Part, Piece};
use crate::desk::media;
use crate::error::Error;
use crate::files::{Writing, Written};
use crate::listen::{BODY_TIME, UPLOAD_MAX, UPLOAD_TIME};
use crate::state::App;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use protocol::media::Format;
use protocol::{Errcode, limits};
use tokio::time::{Instant, timeout, timeout_at};

/// The fields that hold a file.
const FILE_FIELDS: [&str; 2] = ["media", "file"];
/// Text fields that are kept of a form.
const FIELDS_MAX: usize = 16;
/// Bytes that are read of a form in one go.
const FED: usize = 16 << 10;
/// Most bytes of a text field that is kept.
const FIELD_MAX: usize = 1024;

/// A caller who posts a file. Her token and what else she says stand in the query, else in the form.
pub struct Posted {
    /// She.
    pub caller: Caller,
    /// What she posts.
    pub file: Option<Posting>,
    fields: Vec<(String, String)>,
}

/// A file that was posted.
pub struct Posting {
    /// The name it has at its sender's, empty without one.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytestream,
}

/// Bytes that were stored as they came: those of a file, as long as they can be one.
pub struct Bytestream {
    writing: Option<Writing>,
    /// The first of them.
    pub head: Vec<u8>,
    /// How many came.
    pub size: u64,
}

impl Posted {
    /// A parameter of the call: in the query, else in the form.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.caller.query.get(name).or_else(|| field(&self.fields, name))
    }
}

fn field(fields: &[(String, String)], name: &str) -> Option<String> {
    fields.iter().find(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.clone())
}

impl FromRequest<App> for Posted {
    type Rejection = Refusal;

    /// As [`Caller`], but a token that is not in the query is looked for in the form.
    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let from = || address(&parts.headers, &parts.extensions, app);
        let refuse = |error: Error| Refusal::new(app, error).from(from());
        let endpoint = called(&parts).map_err(|code| refuse(code.into()))?;
        let asked = query(&parts);
        let known = match asked.get("access_token") {
            Some(token) => Some(Caller::admit(app, endpoint, &token, from).await.map_err(refuse)?),
            None => None,
        };
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let form = match content_type.and_then(Parser::of) {
            Some(parser) => {
                Form { parser, fields: Vec::new(), file: None, at: At::Nothing }.read(app, body).await?
            }
            None => (Vec::new(), None),
        };
        let (fields, file) = form;
        let access = match known {
            Some(access) => access,
            None => {
                let token = field(&fields, "access_token")
                    .ok_or_else(|| refuse(Errcode::AccessTokenMissing.into()))?;
                Caller::admit(app, endpoint, &token, from).await.map_err(refuse)?
            }
        };
        Ok(Posted { caller: Caller::of(asked, access, endpoint), file, fields })
    }
}

/// A form that is being read.
struct Form {
    parser: Parser,
    fields: Vec<(String, String)>,
    file: Option<Posting>,
    at: At,
}

/// The part that is being read.
enum At {
    Nothing,
    Field(String, Vec<u8>),
    File,
}

type Read = (Vec<(String, String)>, Option<Posting>);

impl Form {
    /// Reads it to the end of the request. One that breaks off has no file.
    async fn read(mut self, app: &App, body: Body) -> Result<Read, Refusal> {
        let mut incoming = Incoming::new(body);
        let mut is_whole = false;
        loop {
            let bytes = match incoming.next().await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break,
                Err(Error::Refused(Errcode::MediaSize)) => return Ok(self.too_large()),
                Err(error) => return Err(Refusal::hang_up(app, error)),
            };
            // A little at a time, or as much again is held of each upload.
            for bytes in bytes.chunks(FED) {
                self.parser.feed(bytes);
                while let Ok(Some(piece)) = self.parser.piece() {
                    is_whole = matches!(piece, Piece::Closed);
                    self.take(app, piece).await.map_err(|error| Refusal::new(app, error))?;
                }
            }
        }
        Ok((self.fields, self.file.filter(|_| is_whole)))
    }

    /// What there is of a form that is larger than any: a file of no size that is taken.
    fn too_large(mut self) -> Read {
        if let Some(file) = &mut self.file {
            file.bytes.size = u64::MAX;
        }
        (self.fields, self.file)
    }

    async fn take(&mut self, app: &App, piece: Piece) -> Result<(), Error> {
        match (piece, &mut self.at) {
            (Piece::Part(part), _) => self.begin(app, part).await?,
            (Piece::Data(bytes), At::Field(_, value)) if value.len() + bytes.len() <= FIELD_MAX => {
                value.extend(bytes)
            }
            (Piece::Data(bytes), At::File) => {
                if let Some(file) = &mut self.file {
                    file.bytes.append(&bytes).await?;
                }
            }
            (Piece::Data(_), _) | (Piece::Closed, _) => {}
            (Piece::End, _) => self.end(),
        }
        Ok(())
    }

    async fn begin(&mut self, app: &App, part: Part) -> Result<(), Error> {
        self.at = At::Nothing;
        if FILE_FIELDS.contains(&part.name.as_str()) {
            if self.file.is_none() {
                let bytes = Bytestream::begin(app).await?;
                self.file = Some(Posting { name: part.file_name.unwrap_or_default(), bytes });
                self.at = At::File;
            }
        } else if self.fields.len() < FIELDS_MAX {
            self.at = At::Field(part.name, Vec::new());
        }
        Ok(())
    }

    fn end(&mut self) {
        if let At::Field(name, value) = std::mem::replace(&mut self.at, At::Nothing) {
            let value = String::from_utf8_lossy(&value).replace('\0', "\u{fffd}");
            self.fields.push((name, value));
        }
    }
}

impl Bytestream {
    /// Begins to store bytes.
    ///
    /// # Errors
    /// Internal only.
    pub async fn begin(app: &App) -> Result<Self, Error> {
        let writing = app.desk.files.write(media::new_object(&app.desk)).await?;
        Ok(Bytestream { writing: Some(writing), head: Vec::new(), size: 0 })
    }

    /// Takes bytes in. What can be no file is not stored any further.
    ///
    /// # Errors
    /// Internal only.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        let room = Format::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let is_none = self.head.len() >= Format::HEAD && Format::of(&self.head).is_none();
        if is_none || self.size > limits::FILE_MAX {
            self.writing = None;
        }
        match &mut self.writing {
            Some(writing) => writing.append(bytes).await,
            None => Ok(()),
        }
    }

    /// Ends it, once it is known to be a file.
    ///
    /// # Errors
    /// Internal only.
    pub async fn end(self) -> Result<Written, Error> {
        match self.writing {
            Some(writing) => writing.end().await,
            None => Err(Errcode::InvalidFileType.into()),
        }
    }
}

/// A body as it comes, within its bounds of size and time.
pub struct Incoming {
    body: Body,
    left: usize,
    until: Instant,
}

impl Incoming {
    /// The body of an upload.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Incoming { body, left: UPLOAD_MAX, until: Instant::now() + UPLOAD_TIME }
    }

    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// `MediaSize` when it is larger than any upload, `MediaDataMissing` when it breaks off or stands still.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let frame = timeout_at(self.until, timeout(BODY_TIME, self.body.frame())).await;
            let Ok(Ok(frame)) = frame else { return Err(Errcode::MediaDataMissing.into()) };
            let Some(frame) = frame else { return Ok(None) };
            let Ok(bytes) = frame.map_err(|_| Errcode::MediaDataMissing)?.into_data() else { continue };
            self.left = self.left.checked_sub(bytes.len()).ok_or(Errcode::MediaSize)?;
            return Ok(Some(bytes));
        }
    }
}
