//! Pictures that people send, and the files of messages.

use crate::actors::form::{GIF, JPEG, MP4, PNG, sized};
use crate::actors::picture::{file, replies, shows};
use crate::actors::{TestApp, code};
use serde_json::json;

on_both_engines! {
    a_picture_goes_each_way_and_is_shown_to_both,
    a_first_picture_creates_a_customer_like_a_first_text,
    a_file_that_is_no_picture_is_refused,
    only_readers_of_a_message_can_fetch_its_files,
}

async fn a_picture_goes_each_way_and_is_shown_to_both(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("look").await;
    let mut page = customer.watches().await;
    let (status, sent) = shows(&app, &account, &customer, PNG, "p1").await;
    let message = &sent["message"];
    assert_eq!(
        (status, &message["kind"], &message["from"]),
        (200, &json!("image"), &json!("customer")),
        "{sent}"
    );
    desk.sees_fact("the customer's picture", |fact| fact["message"]["kind"] == "image").await;
    let of_desk = format!("/desk/api/file?appid={}&message={}", account.appid, message["id"]);
    assert_eq!(file(&app, of_desk, &ann.cookie).await, (200, "image/png".into(), PNG.to_vec()));
    // Sending the same again returns the same message.
    assert_eq!(shows(&app, &account, &customer, PNG, "p1").await.1["message"], *message);
    let (status, reply) = replies(&app, &ann, &message["session"], GIF, "r1").await;
    assert_eq!((status, &reply["message"]["from"]), (200, &json!("agent")), "{reply}");
    page.sees_fact("the agent's", |fact| fact["message"]["client_id"] == "r1").await;
    let of_chat = format!("/chat/api/{}/file?message={}", account.appid, reply["message"]["id"]);
    assert_eq!(file(&app, of_chat, &customer.cookie()).await, (200, "image/gif".into(), GIF.to_vec()));
    // A program may answer it like any other message.
    assert_eq!(account.sends_text(&customer.openid(), "nice").await, 0);
}

async fn a_first_picture_creates_a_customer_like_a_first_text(app: TestApp) {
    let account = app.account().await;
    let (status, sent) = shows(&app, &account, &account.customer(), JPEG, "p1").await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!(account.waiting().await, [sent["message"]["openid"].as_str().unwrap()]);
    assert!(sent["since"].as_str().unwrap().contains(&account.appid));
}

async fn a_file_that_is_no_picture_is_refused(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("look").await;
    for (bytes, status, expected) in [
        (Vec::new(), 400, 990_023),
        (b"hello".to_vec(), 400, 990_023),
        (MP4.to_vec(), 400, 990_023),
        (b"<svg onload='alert(1)'>".to_vec(), 400, 990_023),
        (sized(PNG, (10 << 20) + 1), 413, 990_007),
    ] {
        let (found, answer) = shows(&app, &account, &customer, &bytes, "p1").await;
        assert_eq!((found, code(&answer)), (status, expected), "{}", bytes.len());
    }
    assert_eq!(shows(&app, &account, &customer, PNG, "").await.1["errcode"], 990_001);
    assert_eq!(customer.snapshot().await["messages"].as_array().unwrap().len(), 1);
    assert_eq!(shows(&app, &account, &customer, &sized(PNG, 10 << 20), "p1").await.0, 200);
}

async fn only_readers_of_a_message_can_fetch_its_files(app: TestApp) {
    let account = app.account().await;
    let (ann, bob) = (account.agent("a1").await, account.agent("b1").await);
    let _desk = ann.comes_online().await;
    let (customer, other) = (account.customer(), account.customer());
    customer.says("look").await;
    other.says("me too").await;
    let thumb = account.media("thumb", JPEG).await;
    let (film, with_thumb) = (
        account.media("video", MP4).await,
        json!({"media_id": account.media("video", MP4).await, "thumb_media_id": thumb}),
    );
    assert_eq!(
        code(&account.sends(&customer.openid(), json!({"msgtype": "video", "video": with_thumb})).await),
        0
    );
    let message = customer.last().await["id"].clone();
    let as_customer = |part: &str| format!("/chat/api/{}/file?message={message}{part}", account.appid);
    let as_agent = |part: &str| format!("/desk/api/file?appid={}&message={message}{part}", account.appid);
    for cookie in
        [(as_customer("&part=file"), customer.cookie()), (as_agent("&part=file"), ann.cookie.clone())]
    {
        assert_eq!(file(&app, cookie.0, &cookie.1).await, (200, "video/mp4".into(), MP4.to_vec()));
    }
    for cookie in
        [(as_customer("&part=thumb"), customer.cookie()), (as_agent("&part=thumb"), ann.cookie.clone())]
    {
        assert_eq!(file(&app, cookie.0, &cookie.1).await, (200, "image/jpeg".into(), JPEG.to_vec()));
    }
    assert_eq!(file(&app, as_customer(""), &other.cookie()).await.0, 404);
    assert_eq!(file(&app, as_agent(""), &bob.cookie).await.0, 403);
    assert_eq!(file(&app, as_customer("&part=whole"), &customer.cookie()).await.0, 400);
    // The media id expires, the message does not.
    assert_eq!(
        code(
            &account
                .sends(&customer.openid(), json!({"msgtype": "video", "video": {"media_id": film}}))
                .await
        ),
        0
    );
    let last = customer.last().await["id"].clone();
    app.advance(4 * 24 * 3_600_000).await;
    assert_eq!(file(&app, as_customer(""), &customer.cookie()).await.0, 200);
    let without = format!("/chat/api/{}/file?message={last}&part=thumb", account.appid);
    assert_eq!(file(&app, without, &customer.cookie()).await.0, 404);
}
