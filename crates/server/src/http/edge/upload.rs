//! Uploads: a form whose file is stored while it arrives, and its other fields. The sender decides from which pool the
//! file gets memory and a place: that of the token's account, or the small one of strangers.

mod incoming;

pub use incoming::Incoming;

use crate::desk::content::{self, StoredFile};
use crate::error::Error;
use crate::files::{Sender, Writing, Written};
use crate::http::Refusal;
use crate::http::edge::caller::{Caller, TokenAccess, called};
use crate::http::edge::client_address::address;
use crate::http::edge::multipart::{FormParser, Malformed, PartHeaders, Piece};
use crate::http::edge::query::Query;
use crate::state::App;
use crate::throttle::place;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use model::picture::{Filter, Filtered, NoPicture};
use protocol::media::Format;
use protocol::parameter::FromTexts;
use protocol::{Endpoint, Errcode, limits};
use std::net::IpAddr;

/// The fields that hold a file.
const FILE_FIELDS: [&str; 2] = ["media", "file"];
/// Maximum number of text fields that are kept of a form.
const FIELDS_MAX: usize = 16;
/// Bytes of a form or an image that are read at once; each upload holds as many.
pub const READ_MAX: usize = 16 << 10;
/// Maximum bytes of a text field that are kept.
const FIELD_MAX: usize = 1024;

/// A caller's upload. The token and other parameters are in the query, else in the form.
pub struct Upload {
    /// The caller.
    pub caller: Caller,
    /// The uploaded file.
    pub file: Option<UploadedFile>,
    fields: Vec<(String, String)>,
}

/// An uploaded file.
pub struct UploadedFile {
    /// Its name at the sender's, empty without one.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytestream,
}

/// Bytes that are stored as they arrive, as long as they can be a file. Of an image from a page only the parts that
/// draw it are stored.
pub struct Bytestream {
    writing: Option<Writing>,
    filter: Filter,
    /// For an image from a page: the application and the sender.
    page: Option<(App, Sender)>,
    /// The first bytes.
    pub head: Vec<u8>,
    /// Number of bytes.
    pub size: u64,
}

impl Upload {
    /// The parameters of a wire type: each in the query, else in the form.
    #[must_use]
    pub fn read<T: FromTexts>(&self) -> T {
        T::from_texts(|name| self.caller.query.get(name).or_else(|| field(&self.fields, name)))
    }
}

fn field(fields: &[(String, String)], name: &str) -> Option<String> {
    fields.iter().find(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.clone())
}

impl FromRequest<App> for Upload {
    type Rejection = Refusal;

    /// As [`Caller`]; a token that is not in the query is read from the form.
    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let call = PendingCall { app, parts: &parts };
        let endpoint = called(&parts)?;
        let asked = Query::of_request(&parts);
        let known = match asked.get("access_token") {
            Some(token) => Some(call.admit(endpoint, &token).await?),
            None => None,
        };
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut form =
            UploadForm { endpoint, access: known, fields: Vec::new(), file: None, part: FormPart::Nothing };
        if let Some(parser) = content_type.and_then(FormParser::of) {
            form.read(&call, parser, body).await?;
        }
        let UploadForm { access, fields, file, .. } = form;
        let access = access.ok_or(Errcode::AccessTokenMissing)?;
        Ok(Upload { caller: Caller::of(asked, access, endpoint), file, fields })
    }
}

/// A call whose body was not read yet.
struct PendingCall<'a> {
    app: &'a App,
    parts: &'a Parts,
}

impl PendingCall<'_> {
    fn from(&self) -> IpAddr {
        address(&self.parts.headers, &self.parts.extensions, self.app)
    }

    async fn admit(&self, endpoint: &'static Endpoint, token: &str) -> Result<TokenAccess, Error> {
        Caller::admit(self.app, endpoint, token, || self.from()).await
    }
}

/// A form while it is read.
struct UploadForm {
    endpoint: &'static Endpoint,
    access: Option<TokenAccess>,
    fields: Vec<(String, String)>,
    file: Option<UploadedFile>,
    part: FormPart,
}

/// The part that is being read.
enum FormPart {
    Nothing,
    Field(String, Vec<u8>),
    File,
}

impl UploadForm {
    /// Reads the form to its end or its first fault, and skips the rest. A form that breaks off has no file.
    async fn read(
        &mut self,
        call: &PendingCall<'_>,
        mut parser: FormParser,
        body: Body,
    ) -> Result<(), Refusal> {
        let mut incoming = Incoming::new(body);
        while let Some(bytes) = self.next(&mut incoming).await? {
            for bytes in bytes.chunks(READ_MAX) {
                parser.feed(bytes);
                loop {
                    match parser.piece() {
                        Ok(None) => break,
                        Ok(Some(Piece::Closed)) => {
                            incoming.drain().await;
                            return Ok(());
                        }
                        Ok(Some(piece)) => self.take(call, piece).await?,
                        Err(Malformed) => {
                            self.file = None;
                            incoming.drain().await;
                            return Ok(());
                        }
                    }
                }
            }
        }
        if self.file.as_ref().is_some_and(|file| file.bytes.size < u64::MAX) {
            self.file = None;
        }
        Ok(())
    }

    /// The next bytes. A form beyond the size limit ends, with a file of an unacceptable size.
    async fn next(&mut self, incoming: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
        match incoming.next().await {
            Err(Error::Refused(Errcode::MediaSize)) => {
                if let Some(file) = &mut self.file {
                    file.bytes.size = u64::MAX;
                }
                Ok(None)
            }
            Err(Error::Refused(Errcode::UploadSlow)) => Err(Refusal::closing(Errcode::MediaDataMissing)),
            Err(error) => Err(Refusal::closing(error)),
            Ok(next) => Ok(next),
        }
    }

    async fn take(&mut self, call: &PendingCall<'_>, piece: Piece) -> Result<(), Refusal> {
        match (piece, &mut self.part) {
            (Piece::Part(part), _) => self.begin(call, part),
            (Piece::Data(bytes), FormPart::Field(_, value)) if value.len() + bytes.len() <= FIELD_MAX => {
                value.extend(bytes);
            }
            (Piece::Data(bytes), FormPart::File) => {
                if let Some(file) = &mut self.file {
                    file.bytes.append(&bytes).await?;
                }
            }
            (Piece::Data(_), _) | (Piece::Closed, _) => {}
            (Piece::End, _) => self.end(call).await?,
        }
        Ok(())
    }

    fn begin(&mut self, call: &PendingCall<'_>, part: PartHeaders) {
        self.part = FormPart::Nothing;
        if FILE_FIELDS.contains(&part.name.as_str()) {
            if self.file.is_none() {
                let sender = match &self.access {
                    Some((access, _)) => Sender::program(access.owner.as_str()),
                    None => Sender::stranger(&place(call.from())),
                };
                let bytes = Bytestream::begin(call.app, sender);
                self.file = Some(UploadedFile { name: part.file_name.unwrap_or_default(), bytes });
                self.part = FormPart::File;
            }
        } else if self.fields.len() < FIELDS_MAX {
            self.part = FormPart::Field(part.name, Vec::new());
        }
    }

    /// Ends a part. A token is checked as soon as its field is complete: a file behind it belongs to the account.
    async fn end(&mut self, call: &PendingCall<'_>) -> Result<(), Refusal> {
        let FormPart::Field(name, value) = std::mem::replace(&mut self.part, FormPart::Nothing) else {
            return Ok(());
        };
        let value = String::from_utf8_lossy(&value).replace('\0', "\u{fffd}");
        if name == "access_token" && !value.is_empty() && self.access.is_none() {
            self.access = Some(call.admit(self.endpoint, &value).await?);
        }
        self.fields.push((name, value));
        Ok(())
    }
}

impl Bytestream {
    /// Begins to store bytes of a sender.
    #[must_use]
    pub fn begin(app: &App, sender: Sender) -> Self {
        let writing = Some(app.desk.files.write(content::new_object(&app.desk), sender));
        Bytestream { writing, filter: Filter::new(), page: None, head: Vec::new(), size: 0 }
    }

    /// Begins to store an image that a page sends.
    #[must_use]
    pub fn of_page(app: &App, sender: Sender) -> Self {
        Bytestream { page: Some((app.clone(), sender.clone())), ..Bytestream::begin(app, sender) }
    }

    /// Appends bytes. Storing stops as soon as they cannot be a file.
    ///
    /// # Errors
    /// `SystemError`, `FilesFull`.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        let room = Format::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let is_none = self.head.len() >= Format::HEAD && Format::of(&self.head).is_none();
        if is_none || self.size > limits::FILE_MAX {
            self.writing = None;
        }
        let filtered = self.filter.push(bytes);
        match &mut self.writing {
            Some(writing) => writing.append(if self.page.is_some() { &filtered } else { bytes }).await,
            None => Ok(()),
        }
    }

    /// Ends the file, whose format is known now.
    ///
    /// # Errors
    /// `InvalidFileType` for an image from a page that only begins like one.
    pub async fn end(self, format: Format) -> Result<StoredFile, Error> {
        let mut writing = self.writing.ok_or(Errcode::InvalidFileType)?;
        let filtered = self.filter.end();
        let pixels = filtered.as_ref().ok().and_then(|filtered| filtered.size);
        let Some((app, sender)) = self.page else {
            return Ok(StoredFile { written: writing.end().await?, format, pixels });
        };
        let Filtered { tail, head, .. } = filtered.map_err(|NoPicture| Errcode::InvalidFileType)?;
        writing.append(&tail).await?;
        let mut written = writing.end().await?;
        if let Some(head) = head {
            written = rewrite(&app, sender, &written, &head).await?;
        }
        Ok(StoredFile { written, format, pixels })
    }
}

/// Writes an object again with other first bytes, which depend on what its end told.
async fn rewrite(app: &App, sender: Sender, written: &Written, head: &[u8]) -> Result<Written, Error> {
    let mut writing = app.desk.files.write(content::new_object(&app.desk), sender);
    let mut bytes = written.read(head.len() as u64).await?;
    writing.append(head).await?;
    while let Some(bytes) = bytes.try_next().await? {
        writing.append(&bytes).await?;
    }
    writing.end().await
}
