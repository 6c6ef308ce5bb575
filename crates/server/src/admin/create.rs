//! Commands that create accounts and components.

use super::outcome::{Outcome, shown, with_secret};
use crate::desk::account::AccountChanges;
use crate::desk::{self, Desk};
use crate::error::Error;
use model::{Account, Appid};
use protocol::AccountKind;
use serde_json::json;

pub(super) async fn account(
    desk: &Desk,
    appid: Option<String>,
    settings: AccountChanges,
) -> Result<Outcome, Error> {
    let appid = appid.map_or_else(|| Ok(new_appid(desk)), |appid| Appid::parse(&appid));
    let Ok(appid) = appid else {
        return Ok(Err("an appid is wx and 16 lower-case hexadecimal digits".into()));
    };
    let blank = Account {
        appid: appid.clone(),
        name: appid.to_string(),
        kind: AccountKind::Service,
        principal: model::account::Principal::Enterprise,
        certified: false,
        feature: true,
        alias: String::new(),
        original_id: format!("gh_{}", desk.rng.hex::<6>()),
        reception: model::account::Reception::Automatic,
        capacity: 10,
        queue: model::account::QueueRules::default(),
        compat: model::account::Compat::default(),
    };
    let secret = settings.secret.clone().unwrap_or_else(|| desk.rng.hex::<16>());
    let account = settings.apply(&blank)?;
    if let Err(sentence) = account.check() {
        return Ok(Err(sentence.into()));
    }
    let created = desk::account::create(desk, &account, &secret).await?;
    Ok(created.map(|()| with_secret(shown(&account), Some(secret))))
}

fn new_appid(desk: &Desk) -> Appid {
    Appid::stored(format!("wx{}", desk.rng.hex::<8>()))
}

pub(super) async fn component(desk: &Desk, appid: Option<String>, name: &str) -> Result<Outcome, Error> {
    let appid = appid.map_or_else(|| Ok(new_appid(desk)), |appid| Appid::parse(&appid));
    let Ok(appid) = appid else {
        return Ok(Err("an appid is wx and 16 lower-case hexadecimal digits".into()));
    };
    if let Err(sentence) = model::account::check_name(name) {
        return Ok(Err(sentence.into()));
    }
    let secret = desk.rng.hex::<16>();
    match desk::component::create(desk, &appid, name, &secret).await? {
        true => Ok(Ok(json!({"component": appid, "name": name, "secret": secret}))),
        false => Ok(Err(desk::account::taken(&appid))),
    }
}
