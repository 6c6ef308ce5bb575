//! Files: uploadTempMedia and getMedia, and the addresses at which files are fetched.

use super::route::{merged, on};
use crate::desk::media;
use crate::http::edge::caller::Caller;
use crate::http::edge::file::{self, RangeHeader};
use crate::http::edge::guard::Base;
use crate::http::edge::upload::Upload;
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use model::{Appid, SECOND};
use protocol::Errcode;
use protocol::endpoint::{GET_MEDIA, UPLOAD_TEMP_MEDIA};
use protocol::media::{GetMedia, MediaKind, UploadTempMedia, UploadedMedia, VideoAddress};

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([on(app, &UPLOAD_TEMP_MEDIA, upload), on(app, &GET_MEDIA, get)])
}

/// `/cgi-bin/media/upload`.
pub async fn upload(State(app): State<App>, posted: Upload) -> Answer {
    let appid = posted.caller.account()?.clone();
    let UploadTempMedia { kind } = posted.read();
    let kind = kind.and_then(|word| MediaKind::from_word(&word)).ok_or(Errcode::InvalidMediaType)?;
    let file = posted.file.ok_or(Errcode::MediaDataMissing)?;
    let format = kind.admit(&file.bytes.head, file.bytes.size)?;
    let media = media::add(&app.desk, &appid, kind, &file.name, file.bytes.end(format).await?).await?;
    let media_id = media.media_id.as_str();
    Reply::json(&UploadedMedia {
        kind: kind.word(),
        media_id,
        thumb_media_id: (kind == MediaKind::Thumb).then_some(media_id),
        created_at: media.created_at / SECOND,
    })
}

/// `/cgi-bin/media/get`: the file itself; of a video the address at which it is fetched.
pub async fn get(State(app): State<App>, caller: Caller, base: Base, asked: RangeHeader) -> Answer<Response> {
    let appid = caller.account()?;
    let GetMedia { media_id } = caller.query.read();
    let media_id = media_id.ok_or(Errcode::MediaIdMissing)?;
    let media = media::get(&app.desk, appid, media_id).await?;
    if media.kind == MediaKind::Video {
        let video_url = format!("{}/media/{appid}/{}", base.0, media::ticket(&media.media_id));
        return Ok(Reply::json(&VideoAddress { video_url })?.into_response());
    }
    let mut response = file::serve(&app, &media.content, &asked).await?;
    let name = format!("attachment; filename=\"{}.{}\"", media.media_id, media.content.format.extension());
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::try_from(name)?);
    Ok(response)
}

/// `GET /media/{appid}/{ticket}`: the address of a video, while it lives.
pub async fn video(
    State(app): State<App>,
    Path((appid, ticket)): Path<(String, String)>,
    asked: RangeHeader,
) -> Answer<Response> {
    let appid = Appid::parse(&appid).map_err(|_| Errcode::NotFound)?;
    let content = media::of_ticket(&app.desk, &appid, &ticket).await?;
    let mut response = file::serve(&app, &content, &asked).await?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// `GET /headimg/{sha256}`: an agent's or a sub-merchant's picture. Its address is its content, which never changes.
pub async fn headimg(
    State(app): State<App>,
    Path(sha256): Path<String>,
    asked: RangeHeader,
) -> Answer<Response> {
    let content = media::headimg(&app.desk, &sha256).await?;
    let mut response = file::serve(&app, &content, &asked).await?;
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(CACHE_CONTROL, forever);
    Ok(response)
}
