//! Sub-merchants: register, update, get, list. They are looked up by programs alone, so nobody hears of a change.

use crate::Desk;
use crate::message::media;
use model::media::picture_address;
use model::{AccountName, Appid, BusinessNickname};
use protocol::Errcode;
use protocol::business::{BusinessChanges, BusinessInfo, BusinessPage, NamedBusiness, RegisterBusiness};
use protocol::media::MediaKind;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// registerbusiness: the new sub-merchant's number.
///
/// # Errors
/// 45091 → 45078 → 40007, 40004 → 45070 → 45077.
pub async fn register(desk: &Desk, appid: &Appid, asked: RegisterBusiness) -> Result<i64, Error> {
    let most = i64::from(desk.rules.businesses_max);
    desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        let account_name = AccountName::parse(&asked.account_name)?;
        let nickname = BusinessNickname::parse(&asked.nickname)?;
        let icon = icon(tx, appid, &asked.icon_media_id)?;
        let id = tx.number(SELECT_LAST, bind![appid])? + 1;
        let transfer = asked.transfer_to_commkf.unwrap_or(false);
        let values = bind![appid, id, &account_name, &nickname, &icon, transfer, now];
        if tx.run(INSERT, values)? == 0 {
            return Err(Errcode::BusinessExists.into());
        }
        // None is ever deleted: the last number is how many there are.
        if id > most { Err(Errcode::BusinessLimit.into()) } else { Ok(id) }
    })
    .await
}

/// updatebusiness.
///
/// # Errors
/// 45071 → 45078 → 40007, 40004.
pub async fn update(desk: &Desk, appid: &Appid, asked: BusinessChanges) -> Result<(), Error> {
    desk.write_silent(appid, move |tx, appid| {
        let old = find(tx, appid, &NamedBusiness::Id(asked.business_id))?;
        if let Some(nickname) = &asked.nickname {
            let nickname = BusinessNickname::parse(nickname)?;
            tx.run(UPDATE_NICKNAME, bind![appid, old.id, &nickname])?;
        }
        if let Some(media_id) = &asked.icon_media_id {
            let icon = icon(tx, appid, media_id)?;
            tx.run(UPDATE_ICON, bind![appid, old.id, &icon])?;
            media::schedule_cleanup(tx, &old.icon)?;
        }
        Ok(())
    })
    .await
}

/// getbusiness. Addresses of pictures begin with `base`.
///
/// # Errors
/// 45071.
pub async fn get(
    desk: &Desk,
    appid: &Appid,
    named: NamedBusiness,
    base: &str,
) -> Result<BusinessInfo, Error> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| Ok(find(tx, appid, &named)?.on_wire(&base))).await
}

/// listbusiness, in order of their numbers. Addresses of pictures begin with `base`.
///
/// # Errors
/// Internal only.
pub async fn list(
    desk: &Desk,
    appid: &Appid,
    page: BusinessPage,
    base: &str,
) -> Result<Vec<BusinessInfo>, Error> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| {
        let rows = tx.all(SELECT_PAGE, bind![appid, page.offset, page.count])?;
        Ok(rows.iter().map(|row| business(row).on_wire(&base)).collect())
    })
    .await
}

/// Looks for the sub-merchant that a call about agents names, if it names one. Agents of sub-merchants do not exist
/// yet, so nothing else comes of it.
///
/// # Errors
/// 40097.
pub async fn must_exist(desk: &Desk, appid: &Appid, business_id: Option<i64>) -> Result<(), Error> {
    let Some(id) = business_id else { return Ok(()) };
    let is_there = desk.read(appid, move |tx, appid| Ok(tx.one(SELECT, bind![appid, id])?.is_some()));
    if is_there.await? { Ok(()) } else { Err(Errcode::InvalidArgs.into()) }
}

/// A sub-merchant as stored.
struct Business {
    id: i64,
    account_name: String,
    nickname: String,
    icon: String,
}

impl Business {
    fn on_wire(self, base: &str) -> BusinessInfo {
        BusinessInfo {
            business_id: self.id,
            account_name: self.account_name,
            nickname: self.nickname,
            icon_url: format!("{base}{}", picture_address(&self.icon)),
        }
    }
}

fn business(row: &Row) -> Business {
    Business { id: row.int(0), account_name: row.text(1), nickname: row.text(2), icon: row.text(3) }
}

fn find(tx: &mut Tx<'_>, appid: &Appid, named: &NamedBusiness) -> Result<Business, Error> {
    let row = match named {
        NamedBusiness::Id(id) => tx.one(SELECT, bind![appid, *id])?,
        NamedBusiness::AccountName(account_name) => tx.one(SELECT_NAMED, bind![appid, account_name])?,
    };
    row.map(|row| business(&row)).ok_or(Error::Refused(Errcode::NoBusiness))
}

/// The content of a picture that was uploaded as a temporary file, and which lives on as long as it is named.
fn icon(tx: &mut Tx<'_>, appid: &Appid, media_id: &str) -> Result<String, Error> {
    let media = media::find(tx, appid, media_id)?.ok_or(Errcode::InvalidMediaId)?;
    if media.kind == MediaKind::Image {
        Ok(media.content.sha256)
    } else {
        Err(Errcode::InvalidMediaType.into())
    }
}

const INSERT: &str =
    "insert into business (appid, business_id, account_name, nickname, icon, transfer_to_commkf, created_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (appid, account_name) do nothing";
const SELECT_LAST: &str = "select coalesce(max(business_id), 0) from business where appid = $1";
const SELECT: &str =
    "select business_id, account_name, nickname, icon from business where appid = $1 and business_id = $2";
const SELECT_NAMED: &str =
    "select business_id, account_name, nickname, icon from business where appid = $1 and account_name = $2";
const SELECT_PAGE: &str = "select business_id, account_name, nickname, icon from business where appid = $1
    order by business_id limit $3 offset $2";
const UPDATE_NICKNAME: &str = "update business set nickname = $3 where appid = $1 and business_id = $2";
const UPDATE_ICON: &str = "update business set icon = $3 where appid = $1 and business_id = $2";
