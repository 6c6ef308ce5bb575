//! What the table of endpoints says, asked as the server asks it.

use protocol::endpoint::{
    ADD_KF_ACCOUNT, ALL, BIND_KF_WORK, DEL_KF_ACCOUNT, GET_KF_SESSION, GET_STABLE_ACCESS_TOKEN,
    INVITE_KF_WORKER, at,
};
use protocol::{AccountKind, Endpoint, Errcode};

#[test]
fn a_path_leads_to_its_row_and_no_other() {
    for row in ALL {
        assert!(row.paths().eq([row.path].into_iter().chain(row.aliases.iter().copied())), "{}", row.name);
        for path in row.paths() {
            assert_eq!(at(path).map(|found| found.name), Some(row.name));
        }
    }
    assert!(at("/cgi-bin/nothing").is_none());
}

#[test]
fn a_method_is_refused_with_the_one_that_is_asked_for() {
    for (method, get, post, both) in [
        ("GET", Ok(()), Err(Errcode::RequirePost), Ok(())),
        ("POST", Err(Errcode::RequireGet), Ok(()), Ok(())),
        ("PUT", Err(Errcode::RequireGet), Err(Errcode::RequirePost), Err(Errcode::RequireGet)),
    ] {
        assert_eq!(GET_KF_SESSION.check_method(method), get, "{method}");
        assert_eq!(ADD_KF_ACCOUNT.check_method(method), post, "{method}");
        assert_eq!(DEL_KF_ACCOUNT.check_method(method), both, "{method}");
    }
}

#[test]
fn kinds_of_account_may_call_what_the_pages_say() {
    let refused = Err(Errcode::ApiUnauthorized);
    for kind in [AccountKind::Subscription, AccountKind::Service] {
        assert_eq!(
            (GET_KF_SESSION.check_account(kind, true), ADD_KF_ACCOUNT.check_account(kind, true)),
            (Ok(()), Ok(()))
        );
        assert_eq!(ADD_KF_ACCOUNT.check_account(kind, false), refused, "certified ones only");
    }
    for kind in [AccountKind::MiniProgram, AccountKind::MiniGame] {
        assert_eq!(
            (GET_KF_SESSION.check_account(kind, true), ADD_KF_ACCOUNT.check_account(kind, false)),
            (refused, Ok(()))
        );
    }
    assert_eq!(ADD_KF_ACCOUNT.check_account(AccountKind::Other, true), refused);
    assert_eq!(BIND_KF_WORK.check_account(AccountKind::MiniProgram, false), Ok(()));
    for kind in [AccountKind::Subscription, AccountKind::Service, AccountKind::MiniGame, AccountKind::Other] {
        assert_eq!(BIND_KF_WORK.check_account(kind, true), refused, "Mini Programs alone");
    }
}

#[test]
fn a_platform_needs_one_of_the_rows_sets() {
    let refused = Err(Errcode::UnauthorizedToComponent);
    assert_eq!((ADD_KF_ACCOUNT.check_sets(&[3, 19]), GET_KF_SESSION.check_sets(&[3, 19])), (Ok(()), refused));
    assert_eq!(ADD_KF_ACCOUNT.check_sets(&[]), refused);
}

#[test]
fn codes_follow_from_the_columns() {
    use Errcode::{
        ContentSize, DataFormat, EmptyPostData, FeatureOff, InvalidAccessToken, RequireGet, RequirePost,
    };
    let has = |row: &Endpoint, wanted: &[Errcode]| wanted.iter().all(|code| row.codes().contains(code));
    let none = |row: &Endpoint, odd: &[Errcode]| odd.iter().all(|code| !row.codes().contains(code));
    assert!(has(
        &ADD_KF_ACCOUNT,
        &[
            Errcode::Ok,
            Errcode::AgentLimit,
            RequirePost,
            InvalidAccessToken,
            FeatureOff,
            ContentSize,
            DataFormat,
            EmptyPostData
        ]
    ));
    assert!(none(&ADD_KF_ACCOUNT, &[RequireGet]));
    assert!(has(&GET_KF_SESSION, &[RequireGet, FeatureOff, InvalidAccessToken]));
    assert!(none(&GET_KF_SESSION, &[RequirePost, ContentSize, DataFormat, EmptyPostData]));
    assert!(has(&GET_STABLE_ACCESS_TOKEN, &[RequirePost, EmptyPostData]));
    assert!(none(&GET_STABLE_ACCESS_TOKEN, &[InvalidAccessToken, FeatureOff]), "nobody has a token yet");
    assert!(has(&DEL_KF_ACCOUNT, &[RequireGet, ContentSize, DataFormat]));
    assert!(none(&DEL_KF_ACCOUNT, &[EmptyPostData]), "its agent may stand in the query");
    assert!(none(&INVITE_KF_WORKER, &[FeatureOff]), "its page does not list it");
    assert!(ALL.iter().all(|row| row.codes().is_sorted_by_key(|code| code.number())));
}
