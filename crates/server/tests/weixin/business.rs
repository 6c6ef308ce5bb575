//! Sub-merchants of Mini Programs: register, update, get, list, and refusals.

mod agent;

use crate::actors::form::{GIF, JPEG, PNG};
use crate::actors::{TestAccount, TestApp, code};
use crate::edge::limits::set;
use kefu::config::{Rules, Settings};
use serde_json::{Value, json};

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
business/register | POST | /cgi-bin/business/register
    | mini-program | none | - | - | 0
    | {"account_name":"called_$cell","nickname":"name","icon_media_id":"$icon"}
business/update | POST | /cgi-bin/business/update
    | mini-program | none | - | - | 0
    | {"business_id":1,"nickname":"other"}
business/get | POST | /cgi-bin/business/get
    | mini-program | none | - | - | 0
    | {"business_id":1}
business/list | POST | /cgi-bin/business/list
    | mini-program | none | - | - | 0
    | {"offset":0,"count":1}
"#;

const DAY: i64 = 86_400_000;

/// A certified Mini Program.
async fn mini(app: &TestApp) -> TestAccount {
    app.account_with(|settings| settings.kind = Some("mini-program".into())).await
}

/// registerbusiness with a new picture.
async fn registers(account: &TestAccount, account_name: &str, nickname: &str) -> Value {
    let icon = account.media("image", PNG).await;
    account.post("/cgi-bin/business/register", registration(account_name, nickname, &icon)).await
}

/// The body of registerbusiness.
fn registration(account_name: &str, nickname: &str, icon_media_id: &str) -> Value {
    json!({"account_name": account_name, "nickname": nickname, "icon_media_id": icon_media_id})
}

async fn updates(account: &TestAccount, body: Value) -> Value {
    account.post("/cgi-bin/business/update", body).await
}

async fn gets(account: &TestAccount, body: Value) -> Value {
    account.post("/cgi-bin/business/get", body).await
}

async fn lists(account: &TestAccount, offset: i64, count: i64) -> Value {
    account.post("/cgi-bin/business/list", json!({"offset": offset, "count": count})).await
}

async fn picture(app: &TestApp, url: &str) -> (u16, Vec<u8>) {
    let response = app.http.get(url).send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

async fn icon_url(account: &TestAccount, id: i64) -> String {
    let found = gets(account, json!({"business_id": id})).await;
    found["business_info"]["icon_url"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned()
}

on_both_engines! {
    a_sub_merchant_is_registered_changed_and_looked_up,
    a_number_may_be_sent_as_a_text_as_the_pages_tables_have_it,
    pages_of_a_list_follow_each_other_and_the_last_one_is_short,
    each_refusal_has_its_code_and_its_place,
    an_icon_outlives_its_temporary_file_and_is_deleted_with_its_last_use,
    accounts_have_numbers_names_and_files_of_their_own,
    the_operator_sets_the_limit_of_sub_merchants,
    concurrent_registrations_of_one_name_succeed_once,
    bodies_and_tokens_are_checked_as_at_other_endpoints,
}

async fn a_sub_merchant_is_registered_changed_and_looked_up(app: TestApp) {
    let account = mini(&app).await;
    let icon = account.media("image", PNG).await;
    let body = json!({
        "account_name": "apple_store", "nickname": "苹果商店", "icon_media_id": icon, "transfer_to_commkf": true
    });
    let answer = account.post("/cgi-bin/business/register", body).await;
    assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok", "business_id": 1}));
    let answer = registers(&account, "Pear_2", "pear").await;
    assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok", "business_id": 2}));
    let answer = updates(&account, json!({"business_id": 2, "nickname": "雪梨", "icon_media_id": ""})).await;
    assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok"}));
    // Both uploaded the same picture.
    let icon = "36c907715b80d7cdad0e196256966a3353b771387aefb1116d8769dacc81b675";
    let merchant = |id: i64, name: &str, nickname: &str| {
        let icon_url = format!("{}/headimg/{icon}", app.base);
        json!({"account_name": name, "business_id": id, "icon_url": icon_url, "nickname": nickname})
    };
    let (apple, pear) = (merchant(1, "apple_store", "苹果商店"), merchant(2, "Pear_2", "雪梨"));
    let answer = gets(&account, json!({"business_id": 1})).await;
    assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok", "business_info": apple}));
    let answer = gets(&account, json!({"account_name": "Pear_2"})).await;
    assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok", "business_info": pear}));
    let answer = lists(&account, 0, 100).await;
    assert_eq!(answer, json!({"errcode": 0, "errmsg": "ok", "list": [apple, pear]}));
}

async fn a_number_may_be_sent_as_a_text_as_the_pages_tables_have_it(app: TestApp) {
    let account = mini(&app).await;
    registers(&account, "apple_store", "apple").await;
    assert_eq!(code(&updates(&account, json!({"business_id": "1", "nickname": "pear"})).await), 0);
    let found = gets(&account, json!({"business_id": "1"})).await;
    assert_eq!(
        (&found["business_info"]["business_id"], &found["business_info"]["nickname"]),
        (&json!(1), &json!("pear"))
    );
    assert_eq!(
        gets(&account, json!({"business_id": 1, "account_name": "nobody"})).await,
        found,
        "the number counts"
    );
    assert_eq!(gets(&account, json!({"business_id": "", "account_name": "apple_store"})).await, found);
    for unknown in [
        json!({"business_id": 2}),
        json!({"business_id": 0}),
        json!({"business_id": "one"}),
        json!({"account_name": "Apple_store"}),
    ] {
        assert_eq!(code(&gets(&account, unknown.clone()).await), 45071, "{unknown}");
    }
}

async fn pages_of_a_list_follow_each_other_and_the_last_one_is_short(app: TestApp) {
    let account = mini(&app).await;
    assert_eq!(lists(&account, 0, 1).await, json!({"errcode": 0, "errmsg": "ok", "list": []}));
    for number in 1..=5 {
        assert_eq!(registers(&account, &format!("shop_{number}"), "name").await["business_id"], number);
    }
    let page = async |offset, count| {
        let answer = lists(&account, offset, count).await;
        let list = answer["list"].as_array().unwrap_or_else(|| panic!("{answer}"));
        list.iter().map(|it| it["business_id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 2).await, [1, 2]);
    assert_eq!(page(2, 2).await, [3, 4]);
    assert_eq!(page(4, 2).await, [5]);
    assert_eq!(page(5, 200).await, [0; 0]);
    for (offset, count) in [(-1, 1), (0, 0), (0, 201)] {
        assert_eq!(code(&lists(&account, offset, count).await), 47001, "{offset} {count}");
    }
}

async fn each_refusal_has_its_code_and_its_place(app: TestApp) {
    let account = mini(&app).await;
    registers(&account, "apple_store", "apple").await;
    let (image, thumb) = (account.media("image", PNG).await, account.media("thumb", JPEG).await);
    for (account_name, nickname, icon, expected) in [
        ("apple", "x", "nothing", 45091),
        ("apple-store", "x", "nothing", 45091),
        ("", "x", "nothing", 45091),
        ("apple_store", "x", "nothing", 45078),
        ("apple_store", "with space", "nothing", 45078),
        ("apple_store", "苹果", "nothing", 40007),
        ("apple_store", "苹果", "", 40007),
        ("apple_store", "苹果", &thumb, 40004),
        ("apple_store", "苹果", &image, 45070),
        ("Apple_store", "苹果", &image, 0),
    ] {
        let answer =
            account.post("/cgi-bin/business/register", registration(account_name, nickname, icon)).await;
        assert_eq!(code(&answer), expected, "{account_name} {nickname} {icon}: {answer}");
    }
    for (id, nickname, icon, expected) in [
        (3, "x", "nothing", 45071),
        (1, "x", "nothing", 45078),
        (1, "other", "nothing", 40007),
        (1, "other", &thumb, 40004),
    ] {
        let answer =
            updates(&account, json!({"business_id": id, "nickname": nickname, "icon_media_id": icon})).await;
        assert_eq!(code(&answer), expected, "{id} {nickname} {icon}: {answer}");
    }
    let unchanged = gets(&account, json!({"business_id": 1})).await;
    assert_eq!(unchanged["business_info"]["nickname"], "apple", "of what is refused nothing is done");
    for neither in [json!({}), json!({"business_id": "", "account_name": ""})] {
        assert_eq!(code(&gets(&account, neither).await), 47001);
    }
}

async fn an_icon_outlives_its_temporary_file_and_is_deleted_with_its_last_use(app: TestApp) {
    let account = mini(&app).await;
    registers(&account, "apple_store", "apple").await;
    registers(&account, "pear_store", "pear").await;
    let url = icon_url(&account, 1).await;
    assert_eq!(url, icon_url(&account, 2).await, "the same picture");
    app.advance(3 * DAY + 1).await;
    let account = account.with_token(&account.fetch_token().await);
    app.advance(0).await;
    assert_eq!((picture(&app, &url).await, app.files()), ((200, PNG.to_vec()), 1));
    let other = account.media("image", GIF).await;
    assert_eq!(code(&updates(&account, json!({"business_id": 1, "icon_media_id": other})).await), 0);
    app.advance(0).await;
    assert_eq!(picture(&app, &icon_url(&account, 1).await).await, (200, GIF.to_vec()));
    assert_eq!(picture(&app, &url).await.0, 200, "the second has it still");
    assert_eq!(code(&updates(&account, json!({"business_id": 2, "icon_media_id": other})).await), 0);
    app.advance(0).await;
    assert_eq!((picture(&app, &url).await.0, app.files()), (404, 1));
}

async fn accounts_have_numbers_names_and_files_of_their_own(app: TestApp) {
    let (account, other) = (mini(&app).await, mini(&app).await);
    registers(&account, "apple_store", "apple").await;
    registers(&account, "pear_store", "pear").await;
    assert_eq!(registers(&other, "apple_store", "mine").await["business_id"], 1);
    assert_eq!(code(&gets(&other, json!({"business_id": 2})).await), 45071);
    assert_eq!(code(&gets(&other, json!({"account_name": "pear_store"})).await), 45071);
    assert_eq!(code(&updates(&other, json!({"business_id": 2, "nickname": "taken"})).await), 45071);
    assert_eq!(lists(&other, 0, 200).await["list"].as_array().unwrap().len(), 1);
    let theirs = account.media("image", PNG).await;
    assert_eq!(code(&updates(&other, json!({"business_id": 1, "icon_media_id": theirs})).await), 40007);
}

async fn the_operator_sets_the_limit_of_sub_merchants(app: TestApp) {
    let rules = Rules { businesses_max: 2, ..Rules::default() };
    let app = set(&app, Settings::default(), rules).await;
    let (account, other) = (mini(&app).await, mini(&app).await);
    assert_eq!(code(&registers(&account, "shop_1", "name").await), 0);
    assert_eq!(code(&registers(&account, "shop_2", "name").await), 0);
    assert_eq!(code(&registers(&account, "shop_2", "name").await), 45070);
    assert_eq!(code(&registers(&account, "shop_3", "name").await), 45077);
    assert_eq!(lists(&account, 0, 200).await["list"].as_array().unwrap().len(), 2);
    assert_eq!(code(&registers(&other, "shop_3", "name").await), 0, "each account has its own");
    app.inner.stop.cancel();
}

async fn concurrent_registrations_of_one_name_succeed_once(app: TestApp) {
    let account = mini(&app).await;
    let asked = (0..10).map(|number| {
        let (account, name) = (account.clone(), format!("shop_{}", number / 2));
        async move { registers(&account, &name, "name").await }
    });
    let answers = futures_util::future::join_all(asked).await;
    let mut ids: Vec<i64> = answers.iter().filter_map(|answer| answer["business_id"].as_i64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert_eq!(answers.iter().filter(|answer| code(answer) == 45070).count(), 5);
}

async fn bodies_and_tokens_are_checked_as_at_other_endpoints(app: TestApp) {
    let account = mini(&app).await;
    registers(&account, "apple_store", "apple").await;
    let sound = [
        (
            "/cgi-bin/business/register",
            json!({"account_name": "pear_store", "nickname": "pear", "icon_media_id": "m"}),
        ),
        ("/cgi-bin/business/update", json!({"business_id": 1, "nickname": "pear"})),
        ("/cgi-bin/business/get", json!({"business_id": 1})),
        ("/cgi-bin/business/list", json!({"offset": 0, "count": 1})),
        ("/customservice/work/bind", json!({"corpid": "wwee11111xxxxxxx"})),
        ("/customservice/work/unbind", json!({"corpid": "wwee11111xxxxxxx"})),
    ];
    for (path, body) in sound {
        let own = format!("{path}?access_token={}", account.token);
        let large = vec![b' '; 256 * 1024 + 1];
        for (sent, expected) in
            [(b"".to_vec(), 44002), (b"[]".to_vec(), 47001), (b"{".to_vec(), 47001), (large, 45002)]
        {
            assert_eq!(code(&account.raw("POST", &own, sent).await), expected, "{path}");
        }
        for name in body.as_object().unwrap().keys() {
            for odd in [json!(1.5), json!({}), json!([1]), json!(true)] {
                let mut body = body.clone();
                body[name] = odd;
                assert_eq!(code(&account.post(path, body.clone()).await), 47001, "{path} {body}");
            }
        }
        assert_eq!(code(&account.raw("GET", &own, Vec::new()).await), 43002, "{path}");
        assert_eq!(code(&account.with_token("50_never").post(path, body.clone()).await), 40001, "{path}");
        assert_eq!(code(&account.with_token("a.b").post(path, body).await), 40014, "{path}");
    }
    let flag = json!({
        "account_name": "pear_store", "nickname": "pear", "icon_media_id": "m", "transfer_to_commkf": "yes"
    });
    assert_eq!(code(&account.post("/cgi-bin/business/register", flag).await), 47001);
    for missing in [json!({"nickname": "pear"}), json!({"business_id": null, "nickname": "pear"})] {
        assert_eq!(code(&updates(&account, missing).await), 47001);
    }
}
