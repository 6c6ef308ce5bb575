//! The networks that calls of an account or a component may come from. An empty list allows every address.

use crate::{Desk, Result};
use model::{Appid, Fact, Network, NetworkInvalid};
use protocol::Errcode;
use std::net::IpAddr;
use std::sync::Arc;
use store::Tx;
use store::bind;

/// The most networks that one owner may list.
pub const NETWORKS_MAX: usize = 200;

/// The networks that calls may come from. `None` allows every address.
#[derive(Clone, Debug, Default)]
pub struct IpAllowlist(Option<Arc<[Network]>>);

impl IpAllowlist {
    /// Whether the list restricts calls.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Whether calls may come from `address`.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.0.as_ref().is_none_or(|networks| networks.iter().any(|network| network.contains(address)))
    }
}

/// Reads an owner's list.
pub(crate) fn get(tx: &mut Tx<'_>, owner: &Appid) -> Result<IpAllowlist> {
    let networks: Vec<Network> = listed(tx, owner)?.iter().filter_map(|it| it.parse().ok()).collect();
    Ok(IpAllowlist((!networks.is_empty()).then(|| networks.into())))
}

fn listed(tx: &mut Tx<'_>, owner: &Appid) -> Result<Vec<String>> {
    let mut list: Vec<_> = tx.all(SELECT, bind![owner])?.iter().map(|row| row.text(0)).collect();
    list.sort_unstable();
    Ok(list)
}

/// Adds networks to an owner's list and removes others. Returns the list. It applies from the next call on.
///
/// # Errors
/// 40013. `BadRequest` if a text is no network or the list becomes too long.
pub async fn change(desk: &Desk, owner: &Appid, add: &[String], remove: &[String]) -> Result<Vec<String>> {
    let parse = |texts: &[String]| {
        let networks = texts.iter().map(|text| text.parse::<Network>().map(|it| it.to_string()));
        networks.collect::<Result<Vec<_>, NetworkInvalid>>().map_err(|_| Errcode::BadRequest)
    };
    let (add, remove) = (parse(add)?, parse(remove)?);
    if add.is_empty() && remove.is_empty() {
        let listed = desk.read(owner, |tx, owner| {
            tx.head()?.ok_or(Errcode::InvalidAppid)?;
            listed(tx, owner)
        });
        return listed.await;
    }
    desk.write(owner, move |tx, owner| {
        for network in &add {
            tx.run(INSERT, bind![owner, network])?;
        }
        for network in &remove {
            tx.run(DELETE, bind![owner, network])?;
        }
        let list = listed(tx, owner)?;
        if list.len() > NETWORKS_MAX {
            return Err(Errcode::BadRequest.into());
        }
        tx.record(Fact::Access);
        Ok(list)
    })
    .await
}

const SELECT: &str = "select network from allowed_ip where owner = $1";
const INSERT: &str =
    "insert into allowed_ip (owner, network) values ($1, $2) on conflict (owner, network) do nothing";
const DELETE: &str = "delete from allowed_ip where owner = $1 and network = $2";
