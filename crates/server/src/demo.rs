//! The demo: one well-known account, with one agent and its worker.

use crate::desk::{Desk, account, administrator, agent, invitation, worker};
use crate::error::Error;
use model::account::{Compat, Principal, QueueRules, Reception};
use model::{Account, Appid, KfAccount, WechatId};
use protocol::{AccountKind, Errcode};
use std::path::Path;

/// The demo's account.
pub const APPID: &str = "wx0123456789abcdef";
/// The token of the demo's developer's server, unless another one is chosen.
pub const TOKEN: &str = "kefudemo";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const WORKER: &str = "kf_demo";
const PASSWORD: &str = "demo";
const AGENT: &str = "kf1@demo";

/// Whether the data holds the demo account.
///
/// # Errors
/// Internal only.
pub async fn is_there(desk: &Desk) -> Result<bool, Error> {
    Ok(desk.store.head(APPID).await?.is_some())
}

/// Creates the parts of the demo that are missing. A demo whose worker has an agent stays as people left it.
///
/// # Errors
/// Internal only.
pub async fn make(desk: &Desk) -> Result<(), Error> {
    let (name, agent) = (WechatId::parse(WORKER)?, KfAccount::parse(AGENT)?);
    if is_there(desk).await? && !worker::links(desk, &name).await?.bindings.is_empty() {
        return Ok(());
    }
    match worker::create(desk, &name, PASSWORD).await {
        Ok(()) | Err(Error::Refused(Errcode::NameTaken)) => {}
        Err(error) => return Err(error),
    }
    let appid = Appid::parse(APPID)?;
    let demo = Account {
        appid: appid.clone(),
        name: "Kefu Demo".into(),
        kind: AccountKind::Service,
        principal: Principal::Enterprise,
        certified: true,
        feature: true,
        alias: "demo".into(),
        original_id: "gh_0123456789ab".into(),
        reception: Reception::Automatic,
        capacity: 10,
        queue: QueueRules::default(),
        compat: Compat::default(),
    };
    if !is_there(desk).await? {
        let created = account::create(desk, &demo, SECRET).await?;
        created.map_err(|why| anyhow::anyhow!("{why}; use another --data, or --memory"))?;
    }
    administrator::grant(desk, &appid, &name).await?;
    match agent::add(desk, &appid, AGENT.into(), "客服1".into()).await {
        Ok(()) | Err(Error::Refused(Errcode::AgentExists)) => {}
        Err(error) => return Err(error),
    }
    invitation::bind_without_asking(desk, &name, &appid, &agent).await
}

/// The greeting: addresses, credentials and first commands. `callback` is the address of the developer's server.
#[must_use]
pub fn welcome(base: &str, folder: Option<&Path>, callback: Option<(&str, &str)>) -> String {
    let push = callback.map_or_else(
        || "nowhere; to a program of yours with --callback http://127.0.0.1:3000/wx".to_owned(),
        |(url, token)| format!("{url}, token {token}"),
    );
    let kept = folder.map_or("nowhere: it goes when this ends".into(), |folder| folder.display().to_string());
    format!(
        "\
Kefu {version} is running. Stop it with Ctrl-C.

  API base URL    {base}
  appid           {APPID}
  secret          {SECRET}

  Workbench       {base}/desk/      log in as {WORKER}, password {PASSWORD}
  Customer page   {base}/chat/{APPID}
  Try the API     {base}/debug
  Data            {kept}
  Messages go     {push}

Call the API:

  TOKEN=$(curl -s '{base}/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')
  curl \"{base}/cgi-bin/customservice/getkflist?access_token=$TOKEN\"; echo
  curl \"{base}/customservice/kfaccount/add?access_token=$TOKEN\" -d '{{\"kf_account\":\"kf2@demo\",\"nickname\":\"客服2\"}}'; echo
  curl \"{base}/cgi-bin/customservice/getonlinekflist?access_token=$TOKEN\"; echo
  curl \"{base}/customservice/kfsession/getsessionlist?access_token=$TOKEN&kf_account={AGENT}\"; echo
",
        version = env!("CARGO_PKG_VERSION")
    )
}
