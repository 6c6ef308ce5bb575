//! Every credential × every way of ending it, and the exact refusal. Once the end is answered, no credential issued
//! before it is accepted, at any node, even if it was issued while the end was running.

mod removal;
mod scene;

use crate::actors::{App, run};
use crate::fixture::engine::Fresh;
use futures_util::future::join_all;
use scene::{Credential, End, Scene};

/// What becomes of a credential at an end.
#[derive(Clone, Copy)]
enum Then {
    /// It is refused with this number.
    Ends(i64),
    /// It has nothing to do with this end, and why.
    Lives(&'static str),
}
use Then::{Ends, Lives};

/// Credentials in the order of the columns.
const COLUMNS: [Credential; 11] = [
    Credential::Login,
    Credential::Debug,
    Credential::Own,
    Credential::Stable,
    Credential::Authorizer,
    Credential::Component,
    Credential::Cookie,
    Credential::Link,
    Credential::Invitation,
    Credential::Video,
    Credential::Picture,
];

const PROGRAM: Then = Lives("programs of the account have nothing to do with a worker's access");
const CUSTOMER: Then = Lives("it is the customer's");
const FILE: Then = Lives("a file's address is no token, and lives for as long as the file");
const LINK: Then = Lives("whoever has the link has no access yet, and the name stays the worker's");
const ASKED: Then = Lives("who is asked to be an agent may answer after another log-in");
const LOGIN: Then = Lives("a login is a worker's, whatever becomes of the account");
const PLATFORM: Then = Lives("the platform's own token is no account's");
const OTHER: Then = Lives("the account grants it to somebody else");
const SECRET: Then = Lives("on the platform a new secret leaves the tokens of the old one their two hours");
const KIND: Then = Lives("only a token ends tokens of its kind");

const REVOKED: Then = Ends(40_001);
const EXPIRED: Then = Ends(42_001);
const NO_GRANT: Then = Ends(61_003);
const NO_LOGIN: Then = Ends(990_002);
const NOT_FOUND: Then = Ends(990_004);
const NO_LINK: Then = Ends(990_012);
const NO_INVITATION: Then = Ends(990_017);

/// What a worker's login ends with it: the debug tokens it made.
const LOGIN_ENDS: [Then; 11] =
    [NO_LOGIN, REVOKED, PROGRAM, PROGRAM, PROGRAM, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE];
const ADMINISTRATOR_ENDS: [Then; 11] =
    [LOGIN, REVOKED, OTHER, OTHER, OTHER, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE];

#[rustfmt::skip]
const TABLE: [(End, [Then; 11]); 19] = [
    (End::WorkerReset, LOGIN_ENDS),
    (End::OwnPassword, LOGIN_ENDS),
    (End::OneLogin, LOGIN_ENDS),
    (End::OtherLogins, LOGIN_ENDS),
    (End::AllLogins, LOGIN_ENDS),
    (End::LogOut, LOGIN_ENDS),
    (End::TokenRevoke, [LOGIN, REVOKED, REVOKED, REVOKED, REVOKED, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::TokenExpire, [LOGIN, EXPIRED, EXPIRED, EXPIRED, EXPIRED, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::ComponentTokenRevoke, [LOGIN, OTHER, OTHER, OTHER, KIND, REVOKED, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::NewTokens, [LOGIN, REVOKED, REVOKED, REVOKED, REVOKED, REVOKED, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::SecretReset, [LOGIN, OTHER, SECRET, SECRET, OTHER, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::GrantRevoke, [LOGIN, OTHER, OTHER, OTHER, NO_GRANT, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::NewGrant, [LOGIN, OTHER, OTHER, OTHER, REVOKED, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE]),
    (End::AdministratorRevoke, ADMINISTRATOR_ENDS),
    (End::AdministratorAgain, ADMINISTRATOR_ENDS),
    (End::AccountRemove,
        [LOGIN, REVOKED, REVOKED, REVOKED, NO_GRANT, PLATFORM, NOT_FOUND, LINK, NOT_FOUND, NOT_FOUND, NOT_FOUND]),
    (End::WorkerRemove,
        [NO_LOGIN, REVOKED, PROGRAM, PROGRAM, PROGRAM, PLATFORM, CUSTOMER, NO_LINK, NO_INVITATION, FILE, FILE]),
    (End::AgentDelete, [LOGIN, OTHER, OTHER, OTHER, OTHER, PLATFORM, CUSTOMER, LINK, NO_INVITATION, FILE, FILE]),
    (End::Time,
        [NO_LOGIN, EXPIRED, EXPIRED, EXPIRED, EXPIRED, EXPIRED, CUSTOMER, NO_LINK, NO_INVITATION, NOT_FOUND, FILE]),
];

/// The feature off refuses calls, and ends nothing: what was refused lives again with the feature.
const FEATURE_OFF: [i64; 4] = [65_400; 4];

/// What is issued while it is being ended, where the end also refuses to issue more, and the number it has afterwards.
/// Left out are ends that let issue go on: what came after the end lives rightly (a token after `token revoke`, a
/// sign-up link or an invitation for a name that was removed).
const RACES: [(Credential, End, i64); 16] = [
    (Credential::Login, End::WorkerReset, 990_002),
    (Credential::Login, End::OwnPassword, 990_002),
    (Credential::Debug, End::OwnPassword, 40_001),
    (Credential::Debug, End::WorkerReset, 40_001),
    (Credential::Debug, End::OneLogin, 40_001),
    (Credential::Debug, End::AllLogins, 40_001),
    (Credential::Debug, End::LogOut, 40_001),
    (Credential::Debug, End::AdministratorRevoke, 40_001),
    (Credential::Debug, End::WorkerRemove, 40_001),
    (Credential::Debug, End::AccountRemove, 40_001),
    (Credential::Own, End::AccountRemove, 40_001),
    (Credential::Stable, End::AccountRemove, 40_001),
    (Credential::Authorizer, End::GrantRevoke, 61_003),
    (Credential::Authorizer, End::AccountRemove, 61_003),
    (Credential::Cookie, End::AccountRemove, 990_004),
    (Credential::Login, End::WorkerRemove, 990_002),
];

/// How many are issued around each end, and how often that is tried.
const PAIRS: usize = 8;
const ROUNDS: usize = 3;

/// The node that observes: another one where several share the data.
async fn other_node(app: &App) -> App {
    if app.inner.desk.store.is_shared() {
        App::start_with(app.fresh.clone(), 8, Default::default(), Default::default()).await
    } else {
        app.clone()
    }
}

on_both_engines! {
    what_is_ended_is_refused_at_once_and_all_else_lives_on,
    the_feature_switched_off_refuses_calls_and_ends_nothing,
    what_is_issued_while_it_is_ended_is_dead_once_the_end_is_answered,
    what_a_right_let_issue_stays_dead_when_the_right_is_given_again,
}

async fn what_is_ended_is_refused_at_once_and_all_else_lives_on(app: App) {
    let there = other_node(&app).await;
    for (number, (end, row)) in TABLE.iter().enumerate() {
        let scene = Scene::begins(&app, &there, &format!("eve{number}")).await;
        for credential in COLUMNS.into_iter().filter(|credential| !credential.is_used_up()) {
            assert_eq!(scene.observes(credential).await, credential.alive(), "{credential:?} before {end:?}");
        }
        let scene = scene.ends(*end).await;
        for (credential, then) in COLUMNS.iter().zip(row) {
            let (expected, why) = match then {
                Ends(number) => (*number, "it has ended"),
                Lives(why) => (credential.alive(), *why),
            };
            assert_eq!(scene.observes(*credential).await, expected, "{credential:?} after {end:?}: {why}");
        }
    }
    there.inner.stop.cancel();
}

async fn the_feature_switched_off_refuses_calls_and_ends_nothing(app: App) {
    let there = other_node(&app).await;
    let scene = Scene::begins(&app, &there, "eve").await;
    let tokens = &COLUMNS[1..5];
    for (on, expected) in [(false, FEATURE_OFF), (true, [0; 4])] {
        scene.shop.set(|settings| settings.feature = Some(on)).await;
        for (credential, expected) in tokens.iter().zip(expected) {
            assert_eq!(scene.observes(*credential).await, expected, "{credential:?}");
        }
        for credential in COLUMNS.iter().filter(|it| !tokens.contains(it) && !it.is_used_up()) {
            assert_eq!(scene.observes(*credential).await, credential.alive(), "{credential:?}");
        }
    }
    there.inner.stop.cancel();
}

async fn what_is_issued_while_it_is_ended_is_dead_once_the_end_is_answered(app: App) {
    let there = other_node(&app).await;
    for (number, (credential, end, expected)) in RACES.into_iter().enumerate() {
        for round in 0..ROUNDS {
            let scene = Scene::begins(&app, &there, &format!("eve{number}_{round}")).await;
            let issue = |number| scene.issues(credential, number);
            // The end comes in the middle, a little later from round to round.
            let (before, after) = ((0..PAIRS / 2).map(issue), (PAIRS / 2..PAIRS).map(issue));
            let (before, ended, after) =
                tokio::join!(join_all(before), scene.clone().ends_after(end, round), join_all(after));
            for issued in before.into_iter().chain(after).flatten() {
                let number = ended.observes_issued(credential, &issued).await;
                // 40001: two later ones of the kind had ended it before.
                let is_dead = [expected, 40_001].contains(&number);
                assert!(is_dead, "{credential:?} issued beside {end:?}: {number}");
            }
        }
    }
    there.inner.stop.cancel();
}

async fn what_a_right_let_issue_stays_dead_when_the_right_is_given_again(app: App) {
    let rights = [
        (Credential::Debug, End::AdministratorRevoke, End::AdministratorAgain),
        (Credential::Authorizer, End::GrantRevoke, End::NewGrant),
    ];
    for (number, (credential, end, again)) in rights.into_iter().enumerate() {
        let scene = Scene::begins(&app, &app, &format!("eve{number}")).await;
        let issued = join_all((0..PAIRS).map(|number| scene.issues(credential, number)));
        let (issued, ended) = tokio::join!(issued, scene.clone().ends_after(end, 1));
        let ended = ended.ends(again).await;
        for token in issued.into_iter().flatten() {
            assert_eq!(ended.observes_issued(credential, &token).await, 40_001, "{credential:?}");
        }
        let fresh = ended.issues(credential, 0).await.expect("a token of the new right");
        assert_eq!(ended.observes_issued(credential, &fresh).await, 0, "{credential:?}");
    }
}

/// A node whose clock is ahead issues tokens that another one revokes, expires and looks at.
#[test]
fn tokens_of_a_clock_that_is_ahead_end_too() {
    run(Fresh::schema(), async |app: App| {
        let ahead = other_node(&app).await;
        ahead.clock.advance(3_600_000);
        for (end, expected) in [(End::TokenRevoke, 40_001), (End::TokenExpire, 42_001)] {
            let scene = Scene::begins(&app, &app, &format!("eve{expected}")).await;
            let shop = scene.at(&ahead).shop;
            let token = shop.fetch_token().await;
            let scene = scene.ends(end).await;
            assert_eq!(scene.observes_issued(Credential::Own, &token).await, expected);
            assert_eq!(scene.at(&ahead).observes_issued(Credential::Own, &token).await, expected);
        }
        ahead.inner.stop.cancel();
    });
}
