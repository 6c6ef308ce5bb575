//! Aliases: each belongs to one account, because the ids of its agents end in it.

use crate::actors::TestApp;
use futures_util::future::join_all;
use kefu::admin::Command;
use kefu::config::{Rules, Settings};
use serde_json::Value;

fn creates(alias: &str) -> Command {
    let settings = kefu::desk::account::AccountChanges {
        name: Some(format!("the shop {alias}")),
        alias: Some(alias.to_owned()),
        ..Default::default()
    };
    Command::AccountCreate { appid: None, settings }
}

fn sets(appid: &str, alias: &str) -> Command {
    let settings =
        kefu::desk::account::AccountChanges { alias: Some(alias.to_owned()), ..Default::default() };
    Command::AccountSet { appid: appid.to_owned(), settings, new_secret: false }
}

fn appid(account: &Value) -> String {
    account["appid"].as_str().unwrap().to_owned()
}

on_both_engines! {
    a_taken_alias_is_refused_with_the_name_of_its_account,
    of_many_concurrent_requests_for_an_alias_one_succeeds,
}

async fn a_taken_alias_is_refused_with_the_name_of_its_account(app: TestApp) {
    let first = appid(&app.command(creates("one")).await.unwrap());
    let second = appid(&app.command(creates("two")).await.unwrap());
    for command in [creates("one"), sets(&second, "one")] {
        let said = app.command(command).await.unwrap_err();
        assert!(said.contains(&first) && said.contains("the shop one"), "{said}");
    }
    let accounts = app.command(Command::AccountList).await.unwrap();
    assert_eq!(accounts.as_array().unwrap().len(), 2, "a refused one is not there: {accounts}");
    assert!(app.command(sets(&first, "one")).await.is_ok(), "its own");
    assert!(app.command(sets(&second, "One")).await.is_ok(), "to the letter");
    assert!(app.command(sets(&first, "three")).await.is_ok());
    assert!(app.command(sets(&second, "one")).await.is_ok(), "which is free again");
    for _ in 0..2 {
        assert!(app.command(creates("")).await.is_ok(), "several accounts may have no alias");
    }
}

async fn of_many_concurrent_requests_for_an_alias_one_succeeds(app: TestApp) {
    let nodes = match app.inner.desk.store.is_shared() {
        true => {
            let (settings, rules) = (Settings::default(), Rules::default());
            vec![app.clone(), TestApp::start_with(app.fresh.clone(), 9, settings, rules).await]
        }
        false => vec![app.clone()],
    };
    let mut accounts = Vec::new();
    for number in 0..8 {
        accounts.push(appid(&app.command(creates(&format!("shop{number}"))).await.unwrap()));
    }
    for round in 0..5 {
        let alias = format!("wanted{round}");
        let commands = accounts.iter().enumerate().map(|(number, appid)| {
            let command = if number % 2 == 0 { creates(&alias) } else { sets(appid, &alias) };
            nodes[number / 2 % nodes.len()].command(command)
        });
        let outcomes = join_all(commands).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().flat_map(|it| it.as_ref().err()).all(|said| said.contains(&alias)));
    }
    nodes.iter().skip(1).for_each(|node| node.inner.stop.cancel());
}
