//! Adding agents durably: `kfaccount/add` over HTTP, spread over many accounts, and its statements without a server.

use crate::Bench;
use crate::data::ground::{Census, Ground};
use crate::data::seed::Shop;
use crate::measure::child::{self, Server};
use crate::measure::load::{self, Script, Until};
use crate::measure::machine::{self, Watch};
use crate::measure::pushing::{self, Pushing};
use crate::measure::round::{Spread, Turn};
use model::{Fact, KfAccount};
use std::path::PathBuf;
use std::sync::Arc;

/// An agent to be added.
pub(crate) struct Add {
    /// The number of the account.
    pub(crate) shop: usize,
    pub(crate) appid: String,
    pub(crate) kf_account: String,
    pub(crate) nickname: String,
    /// The facts of the change row.
    pub(crate) facts: String,
}

impl Add {
    /// The `n`th agent. The accounts take turns, so that all get as many agents.
    pub(crate) fn number(n: usize, appids: &[&str]) -> Self {
        let shop = n % appids.len();
        let kf_account = format!("k{n}@shop{shop}");
        let fact = Fact::Agent { kf_account: KfAccount::stored(kf_account.clone()) };
        Add {
            shop,
            appid: appids[shop].to_owned(),
            nickname: format!("客服{n}"),
            facts: serde_json::json!([fact]).to_string(),
            kf_account,
        }
    }

    fn request(&self, shops: &[Shop]) -> bytes::Bytes {
        let path = format!("/customservice/kfaccount/add?access_token={}", shops[self.shop].token);
        let body = serde_json::json!({ "kf_account": self.kf_account, "nickname": self.nickname });
        load::post(&path, &body.to_string())
    }
}

/// The agents to add, and the data to add them to.
pub(crate) struct Plan<'b> {
    bench: &'b Bench,
    ground: Ground<'b>,
    before: Census,
    /// A file with one appid per line.
    appids: PathBuf,
    /// One read with every token in use, so that the server has cached all tokens.
    tokens: Arc<Script>,
    adds: Arc<Script>,
    warm: usize,
    pub(crate) calls: usize,
}

impl<'b> Plan<'b> {
    /// A plan to add agents to these shops; `name` is part of the names of its files.
    pub(crate) fn make(
        bench: &'b Bench,
        name: &str,
        ground: Ground<'b>,
        shops: &[Shop],
    ) -> anyhow::Result<Self> {
        let names: Vec<&str> = shops.iter().map(|shop| shop.appid.as_str()).collect();
        let appids = bench.folder.join(format!("{name}-appids"));
        std::fs::write(&appids, names.join("\n"))?;
        let (warm, calls) = if bench.quick { (1000, 8000) } else { (4000, 40_000) };
        let adds = (0..warm + calls).map(|n| Add::number(n, &names).request(shops)).collect();
        let used = shops.iter().take(warm + calls);
        let reads = used.map(|shop| {
            load::get(&format!("/cgi-bin/customservice/getonlinekflist?access_token={}", shop.token))
        });
        let done = r#"{"errcode":0,"errmsg":"ok"}"#;
        Ok(Plan {
            bench,
            before: Census::of(&ground.fresh()?)?,
            ground,
            appids,
            tokens: Arc::new(Script {
                requests: reads.collect(),
                answers: vec![r#"{"kf_online_list":[]}"#.into()],
                ..Script::default()
            }),
            adds: Arc::new(Script { requests: adds, answers: vec![done.into()], ..Script::default() }),
            warm,
            calls,
        })
    }

    /// The number of agents that a turn adds.
    pub(crate) fn all(&self) -> usize {
        self.warm + self.calls
    }

    /// One turn of the product, over so many connections, and beside these pushes.
    pub(crate) async fn product(
        &self,
        connections: usize,
        pushing: Option<&Pushing>,
    ) -> anyhow::Result<Turn> {
        // Wait before connecting, because the server closes idle connections.
        machine::wait_for_silence(self.bench.patience()).await?;
        let place = self.ground.fresh()?;
        let server = Server::behind_proxy(&self.bench.kefu, &place)?;
        let callers = load::connect(server.address, connections, &self.tokens).await?;
        let (mut callers, _) = load::run(callers, Until::Number(0, self.tokens.requests.len())).await?;
        for caller in &mut callers {
            caller.follow(&self.adds);
        }
        let (callers, _) = load::run(callers, Until::Number(0, self.warm)).await?;
        let writing = pushing::begin(pushing, server.address).await?;
        let beside = self.ground.database().or(pushing.map(Pushing::pid));
        let watch = Watch::start(server.pid(), beside)?;
        let (callers, tally) = load::run(callers, Until::Number(self.warm, self.all())).await?;
        let spent = watch.stop()?;
        drop(callers);
        let pushed = pushing::end(writing).await?;
        server.stop()?;
        Census::of(&place)?.check(self.before, self.all(), pushed)?;
        Ok(Turn::new(&tally, &spent))
    }

    /// One turn of a baseline, which writes without a server in a process of its own. `role` names the baseline, and
    /// `flag` is one of its flags.
    pub(crate) async fn writers(
        &self,
        role: &str,
        callers: usize,
        calls: usize,
        flag: (&str, usize),
    ) -> anyhow::Result<Turn> {
        machine::wait_for_silence(self.bench.patience()).await?;
        let place = self.ground.fresh()?;
        let mut numbers = vec![("--callers", callers), ("--warm", self.warm), ("--calls", calls), flag];
        if let Some(pid) = self.ground.database() {
            numbers.push(("--database", usize::try_from(pid)?));
        }
        let turn = child::writers(role, &place, &self.appids, &numbers)?;
        Census::of(&place)?.check(self.before, self.warm + calls, 0)?;
        Ok(turn)
    }

    pub(crate) fn note(&self) -> String {
        format!("rows      {} agents a turn, counted after each", self.all())
    }
}

/// The median of a figure over turns without a counterpart.
pub(crate) fn median(turns: &[Turn], figure: impl Fn(&Turn) -> f64) -> f64 {
    Spread::of(turns.iter().map(figure)).median
}
