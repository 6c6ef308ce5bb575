//! The msgtypes that programs send: how the customer's page shows each, who may send it, and what is refused.

use super::message::{menu, of_kind, shown};
use crate::actors::form::{AMR, JPEG, MP4, PNG};
use crate::actors::{TestApp, code};
use serde_json::{Value, json};

on_both_engines! {
    every_kind_of_message_arrives_as_it_was_sent,
    uploaded_files_are_sent_by_their_kind,
    each_kind_of_account_sends_what_its_page_says,
    each_fault_of_a_message_has_its_code,
}

/// Messages without files: msgtype, member as it is sent, and what the customer's page shows.
fn without_files() -> Vec<(&'static str, Value, Value)> {
    let (song, shoes) = ("https://example.com/a.mp3", "https://example.com/1");
    let (better_song, picture) = ("https://example.com/b.mp3", "https://example.com/1.png");
    let link = "您好 <a href=\"https://example.com\">here</a>";
    let music = json!({"title": "Song", "description": "She", "musicurl": song, "hqmusicurl": better_song});
    let mut shows_music = music.clone();
    shows_music["thumb_media_id"] = json!("");
    let news = json!({
        "articles": [{"title": "Shoes", "description": "new", "url": shoes, "picurl": picture}]});
    let shows_menu = json!({
        "head_content": "您对本次服务是否满意呢? ",
        "list": [{"content": "满意", "id": "101"}, {"content": "不满意", "id": "102"}],
        "tail_content": "欢迎再次光临"});
    let page = json!({"title": "Shoes", "description": "new", "url": shoes, "thumb_url": picture});
    let (material, article) = (json!({"media_id": "MATERIAL"}), json!({"article_id": "ARTICLE"}));
    let card = json!({"card_id": "123dsdajkasd231jhksad"});
    let shows = |text: &str, body: &Value| json!({"text": text, "body": body});
    vec![
        ("text", json!({"content": link}), json!({"text": link})),
        ("music", music, shows("[music] Song", &shows_music)),
        ("news", news.clone(), shows("[news] Shoes", &news)),
        ("mpnews", material.clone(), shows("[mpnews]", &material)),
        ("mpnewsarticle", article.clone(), shows("[mpnewsarticle]", &article)),
        ("msgmenu", menu()["msgmenu"].clone(), shows("[msgmenu] 您对本次服务是否满意呢?", &shows_menu)),
        ("wxcard", card.clone(), shows("[wxcard]", &card)),
        ("link", page.clone(), shows("[link] Shoes", &page)),
    ]
}

/// A message of the account as the customer's page shows it.
fn from_account(msgtype: &str, shows: &Value) -> Value {
    let mut message = shows.clone();
    message["from"] = json!("account");
    message["kf_account"] = json!("");
    message["kind"] = json!(msgtype);
    message
}

async fn every_kind_of_message_arrives_as_it_was_sent(app: TestApp) {
    let (account, game) = (app.account().await, of_kind(&app, "mini-game").await);
    for (msgtype, member, shows) in without_files() {
        let account = if msgtype == "link" { &game } else { &account };
        let customer = account.customer();
        customer.says("hello").await;
        let message = json!({"msgtype": msgtype, msgtype: member});
        assert_eq!(code(&account.sends(&customer.openid(), message).await), 0, "{msgtype}");
        assert_eq!(shown(&customer.last().await), from_account(msgtype, &shows));
    }
}

async fn uploaded_files_are_sent_by_their_kind(app: TestApp) {
    let account = app.account().await;
    let (customer, other) = (account.customer(), app.account().await);
    customer.says("hello").await;
    let media_id =
        |answer: Value| answer["media_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let (image, voice) =
        (media_id(account.uploads("image", PNG).await), media_id(account.uploads("voice", AMR).await));
    let (video, thumb) =
        (media_id(account.uploads("video", MP4).await), media_id(account.uploads("thumb", JPEG).await));
    let foreign = media_id(other.uploads("image", PNG).await);
    let film =
        json!({"media_id": video, "thumb_media_id": thumb, "title": "Film", "description": "of shoes"});
    let song = json!({"musicurl": "https://example.com/a.mp3", "thumb_media_id": thumb});
    let page = json!({
        "title": "Page", "appid": account.appid, "pagepath": "pages/index", "thumb_media_id": image});
    let shows_song = json!({
        "title": "", "description": "", "hqmusicurl": "", "musicurl": "https://example.com/a.mp3",
        "thumb_media_id": thumb});
    let picture = json!({"media_id": image});
    let spoken = json!({"media_id": voice});
    for (msgtype, member, shows) in [
        ("image", &picture, json!({"text": "[image]", "body": picture, "width": 1, "height": 1})),
        ("voice", &spoken, json!({"text": "[voice]", "body": spoken})),
        ("video", &film, json!({"text": "[video] Film", "body": film})),
        ("music", &song, json!({"text": "[music]", "body": shows_song})),
        ("miniprogrampage", &page, json!({"text": "[miniprogrampage] Page", "body": page})),
    ] {
        let message = json!({"msgtype": msgtype, msgtype: member});
        assert_eq!(code(&account.sends(&customer.openid(), message).await), 0, "{msgtype}");
        assert_eq!(shown(&customer.last().await), from_account(msgtype, &shows));
    }
    account.customer_says(&customer.openid(), "and?").await;
    // A file of another kind or account counts as unknown. Some SDKs send videos without a thumb.
    for (word, member, expected) in [
        ("image", json!({"media_id": voice}), 40007),
        ("image", json!({"media_id": thumb}), 40007),
        ("image", json!({"media_id": foreign}), 40007),
        ("voice", json!({"media_id": image}), 40007),
        ("video", json!({"media_id": image}), 40007),
        ("video", json!({"media_id": video, "thumb_media_id": voice}), 40007),
        ("video", json!({"media_id": video}), 0),
    ] {
        assert_eq!(
            code(&account.sends(&customer.openid(), json!({"msgtype": word, word: member})).await),
            expected,
            "{word} {member}"
        );
    }
    app.advance(3 * 24 * 3_600_000).await;
    let account = account.with_token(&account.fetch_token().await);
    account.customer_says(&customer.openid(), "and now?").await;
    let late = json!({"msgtype": "image", "image": {"media_id": image}});
    assert_eq!(code(&account.sends(&customer.openid(), late).await), 40007, "its three days are over");
}

async fn each_kind_of_account_sends_what_its_page_says(app: TestApp) {
    let words = [
        "text",
        "image",
        "voice",
        "video",
        "music",
        "news",
        "mpnews",
        "mpnewsarticle",
        "msgmenu",
        "wxcard",
        "miniprogrampage",
        "link",
    ];
    for (kind, may) in [
        ("subscription", &words[..11]),
        ("service", &words[..11]),
        ("mini-program", &["text", "image", "miniprogrampage", "link"][..]),
        ("mini-game", &["text", "image", "miniprogrampage", "link"][..]),
    ] {
        let account = of_kind(&app, kind).await;
        for word in words {
            // Where the msgtype is allowed, its member is missing.
            let answer = code(&account.sends("o", json!({"msgtype": word})).await);
            assert_eq!(answer, if may.contains(&word) { 47001 } else { 48008 }, "{word} by a {kind}");
        }
        assert_eq!(code(&account.sends("o", json!({"msgtype": "poem", "poem": {}})).await), 40008);
    }
}

async fn each_fault_of_a_message_has_its_code(app: TestApp) {
    let (account, game) = (app.account().await, of_kind(&app, "mini-game").await);
    let openid = account.creates_customer().await;
    account.customer_says(&openid, "hello").await;
    let choice = |text: String| json!({"id": "1", "content": text});
    let menu_of = |list: Vec<Value>| json!({"list": list});
    for (word, member, expected) in [
        ("text", json!({"content": ""}), 44004),
        ("text", json!({"content": " \n"}), 44004),
        ("text", json!({"content": "客".repeat(683)}), 45002),
        ("text", json!({"content": 1}), 47001),
        ("text", json!("hello"), 47001),
        ("text", Value::Null, 47001),
        ("image", json!({"media_id": ""}), 40007),
        ("image", json!({"media_id": "unknown"}), 40007),
        ("image", json!({}), 47001),
        ("voice", json!({"media_id": "unknown"}), 40007),
        ("video", json!({"media_id": "unknown"}), 40007),
        ("video", json!({"thumb_media_id": "unknown"}), 47001),
        ("music", json!({"musicurl": "https://example.com", "thumb_media_id": "unknown"}), 40007),
        ("music", json!({"title": "silence"}), 44004),
        ("news", json!({"articles": []}), 44003),
        ("news", json!({"articles": [{"title": "1"}, {"title": "2"}]}), 45008),
        ("news", json!({"articles": [{"title": "1", "description": "d".repeat(16 * 1024)}]}), 45002),
        ("news", json!({}), 47001),
        ("mpnews", json!({"media_id": ""}), 40007),
        ("mpnewsarticle", json!({"article_id": ""}), 44004),
        ("wxcard", json!({"card_id": ""}), 44004),
        ("msgmenu", menu_of(vec![]), 45098),
        ("msgmenu", menu_of(vec![choice("a".into()); 11]), 45098),
        ("msgmenu", menu_of(vec![choice("字".repeat(51))]), 45099),
        ("msgmenu", menu_of(vec![choice(String::new())]), 45099),
        ("msgmenu", json!({"list": [{"id": [], "content": "a"}]}), 47001),
        ("miniprogrampage", json!({"title": "t", "pagepath": "p"}), 47001),
        ("miniprogrampage", json!({"thumb_media_id": "unknown"}), 40007),
    ] {
        let answer = code(&account.sends(&openid, json!({"msgtype": word, word: member})).await);
        assert_eq!(answer, expected, "{word} {member}");
    }
    assert_eq!(code(&game.sends("o", json!({"msgtype": "link", "link": {"url": ""}})).await), 44004);
    // Refused messages used up nothing; messages at the limit arrive.
    for (word, member) in [
        ("text", json!({"content": "客".repeat(682)})),
        ("msgmenu", menu_of(vec![choice("字".repeat(50)); 10])),
    ] {
        assert_eq!(code(&account.sends(&openid, json!({"msgtype": word, word: member})).await), 0, "{word}");
    }
    for _ in 0..3 {
        assert_eq!(account.sends_text(&openid, "more").await, 0);
    }
    assert_eq!(account.sends_text(&openid, "too many").await, 45047);
}
