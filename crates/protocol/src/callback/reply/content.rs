//! What a clear answer says.

use super::error::{ReplyError, beginning};
use super::tree::{Branch, ITEM, Node, Path};
use super::{AnsweredPush, Reply, Warning};
use crate::limits::{CONTENT_MAX, EVENT_REPLY_ARTICLES_MAX, REPLY_ARTICLES_MAX, TEXT_MAX};
use crate::message::{Article, Content, File, Music, News, Text, Video};
use crate::text::is_blank;

/// Reads a passive reply. `CreateTime` is not read, because SDKs send it in seconds or milliseconds.
///
/// # Errors
/// What is wrong with it.
pub(super) fn reply(
    tree: &Branch,
    push: &AnsweredPush<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Reply, ReplyError> {
    let msg_type = tree.required(Path("MsgType"))?;
    check_names(tree, push, warnings)?;
    let content = match msg_type {
        "transfer_customer_service" => {
            warnings.extend(push.is_event.then_some(Warning::TransferOfEvent));
            return transfer(tree);
        }
        "text" => Content::Text(text(tree)?),
        "image" => Content::Image(File { media_id: file(tree, Path("Image"), Path("Image.MediaId"))? }),
        "voice" => Content::Voice(File { media_id: file(tree, Path("Voice"), Path("Voice.MediaId"))? }),
        "video" => Content::Video(video(tree)?),
        "music" => Content::Music(music(tree)?),
        "news" => Content::News(news(tree, push.is_event, warnings)?),
        other => return Err(ReplyError::MsgType { found: beginning(other) }),
    };
    let bytes = content.body().to_string().len();
    if bytes > CONTENT_MAX { Err(ReplyError::ContentSize { bytes }) } else { Ok(Reply::Message(content)) }
}

/// A message for another customer is refused. A wrong sender changes nothing, because the account sends the message.
fn check_names(
    tree: &Branch,
    push: &AnsweredPush<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<(), ReplyError> {
    match tree.text(Path("ToUserName"))? {
        "" => warnings.push(Warning::NoToUserName),
        to if to == push.openid => {}
        other => {
            let (expected, found) = (push.openid.to_owned(), beginning(other));
            return Err(ReplyError::ToUserName { expected, found });
        }
    }
    let from = tree.text(Path("FromUserName"))?;
    if from != push.original_id {
        let (expected, found) = (push.original_id.to_owned(), beginning(from));
        warnings.push(Warning::FromUserName { expected, found });
    }
    Ok(())
}

fn transfer(tree: &Branch) -> Result<Reply, ReplyError> {
    let kf_account = match tree.branch(Path("TransInfo"))? {
        Some(info) => info.text(Path("TransInfo.KfAccount"))?,
        None => "",
    };
    Ok(Reply::Transfer { kf_account: (!kf_account.is_empty()).then(|| kf_account.to_owned()) })
}

fn text(tree: &Branch) -> Result<Text, ReplyError> {
    let content = tree.raw_text(Path("Content"))?;
    if is_blank(content) {
        return Err(ReplyError::Missing { member: "Content" });
    }
    if content.len() > TEXT_MAX {
        return Err(ReplyError::TooLong { member: "Content", bytes: content.len(), most: TEXT_MAX });
    }
    Ok(Text { content: content.to_owned() })
}

fn file(tree: &Branch, around: Path, media_id: Path) -> Result<String, ReplyError> {
    Ok(tree.required_branch(around)?.required(media_id)?.to_owned())
}

fn video(tree: &Branch) -> Result<Video, ReplyError> {
    let video = tree.required_branch(Path("Video"))?;
    Ok(Video {
        media_id: video.required(Path("Video.MediaId"))?.to_owned(),
        thumb_media_id: video.text(Path("Video.ThumbMediaId"))?.to_owned(),
        title: video.text(Path("Video.Title"))?.to_owned(),
        description: video.text(Path("Video.Description"))?.to_owned(),
    })
}

/// The table of Weixin's page writes `MusicURL`, its sample `MusicUrl`. SDKs send no thumb.
fn music(tree: &Branch) -> Result<Music, ReplyError> {
    let music = tree.required_branch(Path("Music"))?;
    let musicurl = match music.text(Path("Music.MusicUrl"))? {
        "" => music.text(Path("Music.MusicURL"))?,
        url => url,
    };
    let hqmusicurl = music.text(Path("Music.HQMusicUrl"))?;
    if musicurl.is_empty() && hqmusicurl.is_empty() {
        return Err(ReplyError::Missing { member: "Music.MusicUrl" });
    }
    Ok(Music {
        musicurl: musicurl.to_owned(),
        hqmusicurl: hqmusicurl.to_owned(),
        thumb_media_id: music.text(Path("Music.ThumbMediaId"))?.to_owned(),
        title: music.text(Path("Music.Title"))?.to_owned(),
        description: music.text(Path("Music.Description"))?.to_owned(),
    })
}

/// Articles behind the limit are not sent, as at Weixin. `ArticleCount` is not read.
fn news(tree: &Branch, is_event: bool, warnings: &mut Vec<Warning>) -> Result<News, ReplyError> {
    let most = if is_event { EVENT_REPLY_ARTICLES_MAX } else { REPLY_ARTICLES_MAX };
    let mut articles = Vec::new();
    add_articles(tree.required_branch(Path("Articles"))?, &mut articles)?;
    if articles.is_empty() {
        return Err(ReplyError::Missing { member: ARTICLE });
    }
    if articles.len() > most {
        warnings.push(Warning::ArticlesCut { found: articles.len(), sent: most });
        articles.truncate(most);
    }
    Ok(News { articles })
}

const ARTICLE: &str = "Articles.item";

/// The articles: elements called `item` in XML; in JSON a list, or an object with a list called `item`.
fn add_articles(tree: &Branch, articles: &mut Vec<Article>) -> Result<(), ReplyError> {
    for (_, node) in tree.0.iter().filter(|(name, _)| name == ITEM) {
        match node {
            Node::Branch(inner) if inner.0.iter().any(|(name, _)| name == ITEM) => {
                add_articles(inner, articles)?;
            }
            Node::Branch(members) => articles.push(article(members)?),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(_) => return Err(ReplyError::Shape { member: ARTICLE }),
        }
    }
    Ok(())
}

fn article(members: &Branch) -> Result<Article, ReplyError> {
    Ok(Article {
        title: members.text(Path("Articles.item.Title"))?.to_owned(),
        description: members.text(Path("Articles.item.Description"))?.to_owned(),
        url: members.text(Path("Articles.item.Url"))?.to_owned(),
        picurl: members.text(Path("Articles.item.PicUrl"))?.to_owned(),
    })
}
