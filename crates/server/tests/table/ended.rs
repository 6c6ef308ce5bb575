//! Every credential × every way of ending it, and the exact refusal. Once the end is answered, no credential issued
//! before it is accepted, at any node, even if it was issued while the end was running.

mod fixture;
mod removal;

use crate::actors::{TestApp, run};
use crate::fixture::engine::Fresh;
use fixture::{End, EndedFixture, Issued};
use futures_util::future::join_all;

/// What an ending does to a credential.
#[derive(Clone, Copy)]
enum Effect {
    /// It is refused with this errcode.
    Ends(i64),
    /// It stays valid, and why.
    Lives(&'static str),
}
use Effect::{Ends, Lives};

/// The credentials in the order of the columns.
const COLUMNS: [Issued; 11] = [
    Issued::Login,
    Issued::Debug,
    Issued::Own,
    Issued::Stable,
    Issued::Authorizer,
    Issued::Component,
    Issued::Cookie,
    Issued::Link,
    Issued::Invitation,
    Issued::Video,
    Issued::Picture,
];

const PROGRAM: Effect = Lives("programs of the account do not depend on a worker's access");
const CUSTOMER: Effect = Lives("it belongs to the customer");
const FILE: Effect = Lives("a file's address is no token, and is valid as long as the file");
const LINK: Effect = Lives("a sign-up link gives no access yet, and the worker keeps the name");
const ASKED: Effect = Lives("an invited worker may answer after another log-in");
const LOGIN: Effect = Lives("a login belongs to the worker, not to the account");
const PLATFORM: Effect = Lives("the component's own token belongs to no account");
const OTHER: Effect = Lives("it belongs to another grant");
const SECRET: Effect = Lives("on Weixin a new secret does not end the tokens of the old one");
const KIND: Effect = Lives("a token ends only tokens of its kind");

const REVOKED: Effect = Ends(40_001);
const EXPIRED: Effect = Ends(42_001);
const NO_GRANT: Effect = Ends(61_003);
const NO_LOGIN: Effect = Ends(990_002);
const NOT_FOUND: Effect = Ends(990_004);
const NO_LINK: Effect = Ends(990_012);
const NO_INVITATION: Effect = Ends(990_017);

/// The end of a worker's login also ends the debug tokens that it made.
const LOGIN_ENDS: [Effect; 11] =
    [NO_LOGIN, REVOKED, PROGRAM, PROGRAM, PROGRAM, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE];
const ADMINISTRATOR_ENDS: [Effect; 11] =
    [LOGIN, REVOKED, OTHER, OTHER, OTHER, PLATFORM, CUSTOMER, LINK, ASKED, FILE, FILE];

#[rustfmt::skip]
const TABLE: [(End, [Effect; 11]); 19] = [
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

/// Errcodes while the feature is off. Calls are refused, and the tokens are valid again with the feature.
const FEATURE_OFF: [i64; 4] = [65_400; 4];

/// Credentials issued while an ending runs that also refuses further issues, and the errcode afterwards.
/// Left out are endings after which issuing is allowed: a credential issued after them is valid (a token after `token
/// revoke`, a sign-up link or an invitation for a removed name).
const RACES: [(Issued, End, i64); 16] = [
    (Issued::Login, End::WorkerReset, 990_002),
    (Issued::Login, End::OwnPassword, 990_002),
    (Issued::Debug, End::OwnPassword, 40_001),
    (Issued::Debug, End::WorkerReset, 40_001),
    (Issued::Debug, End::OneLogin, 40_001),
    (Issued::Debug, End::AllLogins, 40_001),
    (Issued::Debug, End::LogOut, 40_001),
    (Issued::Debug, End::AdministratorRevoke, 40_001),
    (Issued::Debug, End::WorkerRemove, 40_001),
    (Issued::Debug, End::AccountRemove, 40_001),
    (Issued::Own, End::AccountRemove, 40_001),
    (Issued::Stable, End::AccountRemove, 40_001),
    (Issued::Authorizer, End::GrantRevoke, 61_003),
    (Issued::Authorizer, End::AccountRemove, 61_003),
    (Issued::Cookie, End::AccountRemove, 990_004),
    (Issued::Login, End::WorkerRemove, 990_002),
];

/// The credentials issued around each ending, and the repetitions.
const PAIRS: usize = 8;
const ROUNDS: usize = 3;

/// The node that is asked: another one if the engine allows several.
async fn other_node(app: &TestApp) -> TestApp {
    if app.inner.desk.store.is_shared() {
        TestApp::start_with(app.fresh.clone(), 8, Default::default(), Default::default()).await
    } else {
        app.clone()
    }
}

on_both_engines! {
    an_ended_credential_is_refused_at_once_and_all_others_stay_valid,
    the_feature_switched_off_refuses_calls_and_ends_nothing,
    a_credential_issued_during_an_ending_is_invalid_once_that_is_answered,
    tokens_of_a_revoked_right_stay_invalid_when_the_right_is_granted_again,
}

async fn an_ended_credential_is_refused_at_once_and_all_others_stay_valid(app: TestApp) {
    let there = other_node(&app).await;
    for (number, (end, row)) in TABLE.iter().enumerate() {
        let fixture = EndedFixture::begins(&app, &there, &format!("eve{number}")).await;
        for credential in COLUMNS.into_iter().filter(|credential| !credential.is_used_up()) {
            assert_eq!(
                fixture.observes(credential).await,
                credential.alive(),
                "{credential:?} before {end:?}"
            );
        }
        let fixture = fixture.ends(*end).await;
        for (credential, then) in COLUMNS.iter().zip(row) {
            let (expected, why) = match then {
                Ends(number) => (*number, "it was ended"),
                Lives(why) => (credential.alive(), *why),
            };
            assert_eq!(fixture.observes(*credential).await, expected, "{credential:?} after {end:?}: {why}");
        }
    }
    there.inner.stop.cancel();
}

async fn the_feature_switched_off_refuses_calls_and_ends_nothing(app: TestApp) {
    let there = other_node(&app).await;
    let fixture = EndedFixture::begins(&app, &there, "eve").await;
    let tokens = &COLUMNS[1..5];
    for (on, expected) in [(false, FEATURE_OFF), (true, [0; 4])] {
        fixture.account.set(|settings| settings.feature = Some(on)).await;
        for (credential, expected) in tokens.iter().zip(expected) {
            assert_eq!(fixture.observes(*credential).await, expected, "{credential:?}");
        }
        for credential in COLUMNS.iter().filter(|it| !tokens.contains(it) && !it.is_used_up()) {
            assert_eq!(fixture.observes(*credential).await, credential.alive(), "{credential:?}");
        }
    }
    there.inner.stop.cancel();
}

async fn a_credential_issued_during_an_ending_is_invalid_once_that_is_answered(app: TestApp) {
    let there = other_node(&app).await;
    for (number, (credential, end, expected)) in RACES.into_iter().enumerate() {
        for round in 0..ROUNDS {
            let fixture = EndedFixture::begins(&app, &there, &format!("eve{number}_{round}")).await;
            let issue = |number| fixture.issues(credential, number);
            // The ending comes in the middle, later in each round.
            let (before, after) = ((0..PAIRS / 2).map(issue), (PAIRS / 2..PAIRS).map(issue));
            let (before, ended, after) =
                tokio::join!(join_all(before), fixture.clone().ends_after(end, round), join_all(after));
            for issued in before.into_iter().chain(after).flatten() {
                let number = ended.observes_issued(credential, &issued).await;
                // 40001: two later tokens of the same kind had already ended it.
                let is_dead = [expected, 40_001].contains(&number);
                assert!(is_dead, "{credential:?} issued beside {end:?}: {number}");
            }
        }
    }
    there.inner.stop.cancel();
}

async fn tokens_of_a_revoked_right_stay_invalid_when_the_right_is_granted_again(app: TestApp) {
    let rights = [
        (Issued::Debug, End::AdministratorRevoke, End::AdministratorAgain),
        (Issued::Authorizer, End::GrantRevoke, End::NewGrant),
    ];
    for (number, (credential, end, again)) in rights.into_iter().enumerate() {
        let fixture = EndedFixture::begins(&app, &app, &format!("eve{number}")).await;
        let issued = join_all((0..PAIRS).map(|number| fixture.issues(credential, number)));
        let (issued, ended) = tokio::join!(issued, fixture.clone().ends_after(end, 1));
        let ended = ended.ends(again).await;
        for token in issued.into_iter().flatten() {
            assert_eq!(ended.observes_issued(credential, &token).await, 40_001, "{credential:?}");
        }
        let fresh = ended.issues(credential, 0).await.expect("a token of the new right");
        assert_eq!(ended.observes_issued(credential, &fresh).await, 0, "{credential:?}");
    }
}

/// A node whose clock is ahead issues tokens; another node revokes or expires them.
#[test]
fn tokens_of_a_clock_that_is_ahead_end_too() {
    run(Fresh::schema(), async |app: TestApp| {
        let ahead = other_node(&app).await;
        ahead.clock.advance(3_600_000);
        for (end, expected) in [(End::TokenRevoke, 40_001), (End::TokenExpire, 42_001)] {
            let fixture = EndedFixture::begins(&app, &app, &format!("eve{expected}")).await;
            let account = fixture.at(&ahead).account;
            let token = account.fetch_token().await;
            let fixture = fixture.ends(end).await;
            assert_eq!(fixture.observes_issued(Issued::Own, &token).await, expected);
            assert_eq!(fixture.at(&ahead).observes_issued(Issued::Own, &token).await, expected);
        }
        ahead.inner.stop.cancel();
    });
}
