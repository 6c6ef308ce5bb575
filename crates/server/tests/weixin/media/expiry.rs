//! How long uploaded files are kept.

use crate::actors::form::{GIF, MP4, PNG};
use crate::actors::{BEGIN, TestApp, code, until};

const DAY: i64 = 86_400_000;

on_both_engines! {
    a_file_lives_three_days_to_the_millisecond,
    equal_content_is_stored_once_and_as_long_as_it_is_used,
    files_left_by_a_crash_are_deleted_after_a_day,
}

async fn a_file_lives_three_days_to_the_millisecond(app: TestApp) {
    let account = app.account().await;
    let (first, film) = (account.media("image", PNG).await, account.media("video", MP4).await);
    app.clock.advance(1);
    let second = account.media("image", GIF).await;
    let url = account.get("/cgi-bin/media/get", &[("media_id", &film)]).await["video_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let status = || async { app.http.get(&url).send().await.unwrap().status().as_u16() };
    app.clock.advance(3 * DAY - 2);
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(
        (account.fetch_code(&first).await, account.fetch_code(&second).await, status().await),
        (0, 0, 200)
    );
    app.clock.advance(1);
    assert_eq!(
        (account.fetch_code(&first).await, account.fetch_code(&second).await, status().await),
        (40007, 0, 404)
    );
    app.advance(0).await;
    assert_eq!(app.files(), 1, "the ones that are over are gone, too");
    app.clock.advance(1);
    assert_eq!(account.fetch_code(&second).await, 40007);
    app.advance(0).await;
    assert_eq!(app.files(), 0);
}

async fn equal_content_is_stored_once_and_as_long_as_it_is_used(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    account.adds("a1").await;
    let first = account.media("image", PNG).await;
    assert_eq!(code(&account.pictures("a1", PNG).await), 0);
    app.clock.advance(DAY);
    let other = other.with_token(&other.fetch_token().await);
    let second = other.media("image", PNG).await;
    until("one object is left", || async { app.files() == 1 }).await;
    app.advance(2 * DAY).await;
    let (account, other) =
        (account.with_token(&account.fetch_token().await), other.with_token(&other.fetch_token().await));
    assert_eq!((account.fetch_code(&first).await, other.fetch_code(&second).await), (40007, 0));
    app.advance(DAY).await;
    assert_eq!(app.files(), 1, "it is an agent's picture");
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(
        code(&account.get("/customservice/kfaccount/del", &[("kf_account", &account.kf("a1"))]).await),
        0
    );
    app.advance(0).await;
    assert_eq!(app.files(), 0);
    // Uploading the same content again creates the object again.
    let third = account.media("image", PNG).await;
    assert_eq!(account.fetches(&third).await.bytes().await.unwrap(), PNG);
}

async fn files_left_by_a_crash_are_deleted_after_a_day(app: TestApp) {
    let account = app.account().await;
    let media_id = account.media("image", PNG).await;
    let folder = app.fresh.folder_of_files();
    let lies = |name: &str, modified: i64| {
        std::fs::create_dir_all(folder.join("aa")).unwrap();
        let file = std::fs::File::create(folder.join("aa").join(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_millis(modified as u64)).unwrap();
    };
    let (old, young) = ("aa000000000000000000000000000001", "aa000000000000000000000000000002");
    for (name, age) in [(old, 1), (young, 0), ("half#1", 1), ("half#2", 0), ("aa is not ours", 1)] {
        lies(name, BEGIN - age);
    }
    app.advance(DAY).await;
    let mut left: Vec<_> = folder.join("aa").read_dir().unwrap().map(|it| it.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["aa is not ours", young, "half#2"]);
    let account = account.with_token(&account.fetch_token().await);
    assert_eq!(account.fetch_code(&media_id).await, 0);
    app.advance(DAY).await;
    assert_eq!(app.files(), 2, "the file that is named, and the file that is not Kefu's");
}
