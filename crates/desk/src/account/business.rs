//! Sub-merchants (businesses): register, update, get, list. Only programs read them, so changes are not in the feed.

use crate::{Desk, Result, content};
use model::media::picture_address;
use model::{AccountName, Appid, BusinessNickname};
use protocol::Errcode;
use protocol::business::{BusinessChanges, BusinessInfo, BusinessPage, NamedBusiness, RegisterBusiness};
use protocol::media::MediaKind;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// registerbusiness. Returns the number of the new sub-merchant.
///
/// # Errors
/// 45091 → 45078 → 40007, 40004 → 45070 → 45077.
pub async fn register(desk: &Desk, appid: &Appid, asked: RegisterBusiness) -> Result<i64> {
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
        // Sub-merchants are never deleted, so the last number is also their count.
        if id > most { Err(Errcode::BusinessLimit.into()) } else { Ok(id) }
    })
    .await
}

/// updatebusiness.
///
/// # Errors
/// 45071 → 45078 → 40007, 40004.
pub async fn update(desk: &Desk, appid: &Appid, asked: BusinessChanges) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        let old = find(tx, appid, &NamedBusiness::Id(asked.business_id))?;
        if let Some(nickname) = &asked.nickname {
            let nickname = BusinessNickname::parse(nickname)?;
            tx.run(UPDATE_NICKNAME, bind![appid, old.id, &nickname])?;
        }
        if let Some(media_id) = &asked.icon_media_id {
            let icon = icon(tx, appid, media_id)?;
            tx.run(UPDATE_ICON, bind![appid, old.id, &icon])?;
            content::schedule_cleanup(tx, &old.icon)?;
        }
        Ok(())
    })
    .await
}

/// getbusiness. `base` is prepended to the addresses of pictures.
///
/// # Errors
/// 45071.
pub async fn get(desk: &Desk, appid: &Appid, named: NamedBusiness, base: &str) -> Result<BusinessInfo> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| Ok(find(tx, appid, &named)?.on_wire(&base))).await
}

/// listbusiness, sorted by number. `base` is prepended to the addresses of pictures.
///
/// # Errors
/// Internal only.
pub async fn list(desk: &Desk, appid: &Appid, page: BusinessPage, base: &str) -> Result<Vec<BusinessInfo>> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| {
        let rows = tx.all(SELECT_PAGE, bind![appid, page.offset, page.count])?;
        Ok(rows.iter().map(|row| business(row).on_wire(&base)).collect())
    })
    .await
}

/// Checks that the sub-merchant named in a call about agents exists. Agents of sub-merchants are not implemented, so
/// the sub-merchant has no other effect.
///
/// # Errors
/// 40097.
pub async fn must_exist(desk: &Desk, appid: &Appid, business_id: Option<i64>) -> Result<()> {
    let Some(id) = business_id else { return Ok(()) };
    let is_there = desk.read(appid, move |tx, appid| Ok(tx.one(SELECT, bind![appid, id])?.is_some()));
    if is_there.await? { Ok(()) } else { Err(Errcode::InvalidArgs.into()) }
}

/// A row of `business`.
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

fn find(tx: &mut Tx<'_>, appid: &Appid, named: &NamedBusiness) -> Result<Business> {
    let row = match named {
        NamedBusiness::Id(id) => tx.one(SELECT, bind![appid, *id])?,
        NamedBusiness::AccountName(account_name) => tx.one(SELECT_NAMED, bind![appid, account_name])?,
    };
    row.map(|row| business(&row)).ok_or(Error::Refused(Errcode::NoBusiness))
}

/// Returns the content hash of a picture that was uploaded as a temporary file. The content is kept while a row names
/// it.
///
/// # Errors
/// 40007 if there is no such file, 40004 if it is not an image.
fn icon(tx: &mut Tx<'_>, appid: &Appid, media_id: &str) -> Result<String> {
    match content::of_media(tx, appid, media_id)? {
        Some((MediaKind::Image, sha256)) => Ok(sha256),
        Some(_) => Err(Errcode::InvalidMediaType.into()),
        None => Err(Errcode::InvalidMediaId.into()),
    }
}

/// The columns that [`business`] reads.
macro_rules! select {
    ($which:literal) => {
        concat!("select business_id, account_name, nickname, icon from business where appid = $1 ", $which)
    };
}

const INSERT: &str =
    "insert into business (appid, business_id, account_name, nickname, icon, transfer_to_commkf, created_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (appid, account_name) do nothing";
const SELECT_LAST: &str = "select coalesce(max(business_id), 0) from business where appid = $1";
const SELECT: &str = select!("and business_id = $2");
const SELECT_NAMED: &str = select!("and account_name = $2");
const SELECT_PAGE: &str = select!("order by business_id limit $3 offset $2");
const UPDATE_NICKNAME: &str = "update business set nickname = $3 where appid = $1 and business_id = $2";
const UPDATE_ICON: &str = "update business set icon = $3 where appid = $1 and business_id = $2";
