//! inviteworker, and how a worker answers.

use crate::actors::{TestAgent, TestApp, code};
use serde_json::json;

on_both_engines! {
    an_invitation_waits_until_the_person_signs_up,
    an_invitation_can_be_declined_and_sent_again,
    an_invitation_ends_after_a_day,
    each_refusal_of_an_invitation_has_its_code,
    a_worker_is_bound_to_ten_agents_at_most,
}

async fn an_invitation_waits_until_the_person_signs_up(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    assert_eq!(code(&account.invites("a1", "ann").await), 0);
    let list = account.kf_list().await;
    let expected = json!([
        {
            "invite_expire_time": 1800086400, "invite_status": "waiting", "invite_wx": "ann",
            "kf_account": "a1@shop1", "kf_headimgurl": "", "kf_id": 2001, "kf_nick": "a1"
        }
    ]);
    assert_eq!(list, expected);
    let ann = TestAgent::signs_up(&app, "ann").await.at(&account, "a1");
    let snapshot = ann.snapshot().await;
    assert_eq!(snapshot["invitations"][0]["kf_account"], account.kf("a1"));
    assert_eq!(snapshot["accounts"], json!([]));
    assert_eq!(ann.answers_invitation(true).await, 200);
    assert_eq!(ann.snapshot().await["invitations"], json!([]));
    let list = account.kf_list().await;
    assert_eq!(list[0]["kf_wx"], "ann");
    assert!(list[0].get("invite_wx").is_none() && list[0]["kf_openid"].as_str().unwrap().len() == 28);
    assert_eq!(ann.answers_invitation(true).await, 200, "safe to repeat");
}

async fn an_invitation_can_be_declined_and_sent_again(app: TestApp) {
    let account = app.account().await;
    let ann = TestAgent::signs_up(&app, "ann").await.at(&account, "a1");
    account.adds("a1").await;
    account.invites("a1", "ann").await;
    assert_eq!(ann.answers_invitation(false).await, 200);
    assert_eq!(account.kf_list().await[0]["invite_status"], "rejected");
    assert_eq!(ann.answers_invitation(true).await, 409);
    assert_eq!(ann.snapshot().await["invitations"], json!([]));
    assert_eq!(code(&account.invites("a1", "ann").await), 0);
    assert_eq!(ann.snapshot().await["invitations"].as_array().unwrap().len(), 1);
}

async fn an_invitation_ends_after_a_day(app: TestApp) {
    let account = app.account().await;
    let ann = TestAgent::signs_up(&app, "ann").await.at(&account, "a1");
    account.adds("a1").await;
    account.invites("a1", "ann").await;
    app.advance(24 * 3_600_000 - 1).await;
    assert_eq!(
        account.with_token(&account.fetch_token().await).kf_list().await[0]["invite_status"],
        "waiting"
    );
    app.advance(1).await;
    assert_eq!(
        account.with_token(&account.fetch_token().await).kf_list().await[0]["invite_status"],
        "expired"
    );
    assert_eq!(ann.answers_invitation(true).await, 409);
}

async fn each_refusal_of_an_invitation_has_its_code(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    for prefix in ["a2", "a3", "a4"] {
        account.adds(prefix).await;
    }
    assert_eq!(code(&account.invites("nobody", "!").await), 65401);
    assert_eq!(code(&account.invites("a1", "!").await), 65412);
    assert_eq!(code(&account.invites("a2", "bob").await), 0);
    assert_eq!(code(&account.invites("a2", "!").await), 65411);
    assert_eq!(code(&account.invites("a3", "no such person").await), 65409);
    assert_eq!(code(&account.invites("a3", &ann.name).await), 65407);
    assert_eq!(code(&account.invites("a3", "bob").await), 65408);
    assert_eq!(code(&account.invites("a3", "cat").await), 0);
}

async fn a_worker_is_bound_to_ten_agents_at_most(app: TestApp) {
    let ann = TestAgent::signs_up(&app, "ann").await;
    let mut last = None;
    for _ in 0..11 {
        let account = app.account().await;
        account.adds("a1").await;
        // All invitations come before the first answer, so that accepting the eleventh is refused.
        assert_eq!(code(&account.invites("a1", "ann").await), 0);
        last = Some(account);
    }
    let invitations = ann.snapshot().await["invitations"].as_array().unwrap().clone();
    assert_eq!(invitations.len(), 11);
    for (number, invitation) in invitations.iter().enumerate() {
        let answer =
            json!({"appid": invitation["appid"], "kf_account": invitation["kf_account"], "accept": true});
        let (status, answer) = ann.sends("/desk/api/invitation", answer).await;
        assert_eq!(status, if number < 10 { 200 } else { 409 }, "{answer}");
    }
    assert_eq!(ann.snapshot().await["accounts"].as_array().unwrap().len(), 10);
    let account = last.unwrap();
    account.adds("a2").await;
    let other = app.account().await;
    other.adds("a1").await;
    assert_eq!(code(&other.invites("a1", "ann").await), 65410);
    let mini = app.account_with(|settings| settings.kind = Some("mini-program".into())).await;
    assert_eq!(code(&mini.post("/customservice/kfaccount/add", json!({"kf_wx": "ann"})).await), 65410);
}
