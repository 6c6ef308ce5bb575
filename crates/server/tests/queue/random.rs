//! Random days at the desk: after every step, whom each agent serves and who waits, in which order, is what the rules
//! in memory say (`model::session::rehearsal`), and nothing of the queue's promises is broken.

mod program;

use super::group::group;
use crate::actors::{Stream, TestAccount, TestAgent, TestApp, TestCustomer, until};
use crate::cluster::on_two_nodes;
use model::account::QueueRules;
use model::session::actor::Target;
use model::session::leave::Cause;
use model::session::queue::Candidate;
use model::session::rehearsal::Rehearsal;
use model::{KfAccount, Openid};
use serde_json::{Value, json};

const AGENTS: usize = 3;
const CUSTOMERS: usize = 9;
const STEPS: usize = 500;

on_both_engines! {
    a_random_day_goes_as_the_rules_say,
}

async fn a_random_day_goes_as_the_rules_say(app: TestApp) {
    Day::begins(vec![app], 7).await.goes_on(STEPS).await;
}

#[test]
fn a_random_day_on_two_nodes_goes_as_the_rules_say() {
    on_two_nodes(async |here, there| Day::begins(vec![here, there], 11).await.goes_on(STEPS / 2).await);
}

struct Day {
    nodes: Vec<TestApp>,
    account: TestAccount,
    agents: Vec<TestAgent>,
    customers: Vec<TestCustomer>,
    /// The numbers of the groups that the rules call 1 and 2; menu choices have the same names.
    groups: [i64; 2],
    /// The menus that customers have and have not chosen from.
    menus: Vec<Option<Value>>,
    /// The streams of agents who are connected, each with its node.
    streams: Vec<Option<(usize, Stream)>>,
    rules: Rehearsal,
    dice: u64,
    /// What happened, for a failure to tell.
    story: Vec<String>,
}

impl Day {
    async fn begins(nodes: Vec<TestApp>, seed: u64) -> Day {
        let account = nodes[0]
            .account_with(|settings| {
                settings.capacity = Some(2);
                settings.answer_s = Some(240);
            })
            .await;
        let (mut agents, mut candidates) = (Vec::new(), Vec::new());
        for (kf_id, prefix) in (1..).zip(["a1", "b1", "c1"]) {
            let agent = account.agent(prefix).await;
            candidates.push(Candidate::new(KfAccount::stored(agent.kf_account.clone()), kf_id, 2));
            agents.push(agent);
        }
        let rules = QueueRules { answer_s: 240, ..QueueRules::default() };
        let rules = Rehearsal::begin(nodes[0].inner.desk.now(), rules, candidates);
        let customers = (0..CUSTOMERS).map(|_| account.customer()).collect();
        let groups = [group(&account, "1", "1", &[]).await, group(&account, "2", "2", &[]).await];
        let (streams, menus) = ((0..AGENTS).map(|_| None).collect(), vec![None; CUSTOMERS]);
        Day {
            nodes,
            account,
            agents,
            customers,
            groups,
            menus,
            streams,
            rules,
            dice: seed,
            story: Vec::new(),
        }
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.dice >> 33).unwrap() % sides
    }

    async fn goes_on(mut self, steps: usize) {
        for _ in 0..steps {
            let pause = i64::try_from(self.roll(997)).unwrap() + 1;
            self.passes(pause).await;
            self.step().await;
            self.rules.assert_invariants();
            self.agrees().await;
        }
        let served = self.rules.sessions.len();
        assert!(served > steps / 40, "only {served} sessions in {steps} steps");
    }

    /// Something happens at one of the nodes.
    async fn step(&mut self) {
        let (node, agent, customer) = (self.roll(self.nodes.len()), self.roll(AGENTS), self.roll(CUSTOMERS));
        let act = self.roll(31);
        self.story.push(format!("{act} by {agent} or {customer} at {node}"));
        match act {
            0..=4 => self.writes(customer, node).await,
            5 | 6 => self.comes_online(agent, node).await,
            7 => self.leaves(agent).await,
            8 => {
                let away = self.roll(2) == 0;
                self.at(node, agent).sets_away(away).await;
                self.rules.set_away(kf_id(agent), away);
            }
            9 => {
                let limit = i64::try_from(self.roll(3)).unwrap() + 1;
                self.account.set(|settings| settings.capacity = Some(limit)).await;
                self.rules.set_limit(limit);
            }
            10 => {
                let long = i64::try_from(self.roll(20 * 60_000)).unwrap() + 1;
                self.passes(long).await;
            }
            11..=17 | 27.. => self.acts(act, agent, node).await,
            _ => self.is_changed(act, agent, customer, node).await,
        }
    }

    async fn writes(&mut self, customer: usize, node: usize) {
        let customer = self.customers[customer].at(&self.nodes[node]);
        customer.says(&self.story.len().to_string()).await;
        self.rules.write(&Openid::stored(customer.openid()));
    }

    async fn comes_online(&mut self, agent: usize, node: usize) {
        if self.streams[agent].is_none() {
            self.streams[agent] = Some((node, self.at(node, agent).comes_online().await));
            self.rules.connect(kf_id(agent));
        }
    }

    async fn leaves(&mut self, agent: usize) {
        let Some((node, stream)) = self.streams[agent].take() else { return };
        let streams = self.nodes[node].inner.streams.clone();
        let before = streams.agents();
        drop(stream);
        until("the agent's stream is closed", || async { streams.agents() < before }).await;
        self.rules.now += 5_000;
        self.rules.disconnect(kf_id(agent));
        self.rules.advance(0);
        self.lets_pass(5_000).await;
    }

    /// An agent does something with a session.
    async fn acts(&mut self, act: usize, agent: usize, node: usize) {
        let name = self.agents[agent].kf_account.clone();
        let (which, other, group) = (self.roll(8), self.roll(AGENTS), self.roll(3));
        let to = self.agents[other].kf_account.clone();
        let list = if act == 11 { self.rules.waiting() } else { self.rules.served_by(&name) };
        let Some(known) = list.get(which % list.len().max(1)).map(|session| (*session).clone()) else {
            return;
        };
        let by = self.at(node, agent);
        let id = self.session_of(&by, known.openid.as_str()).await;
        let body = json!({"appid": by.appid, "session": id});
        let (status, done) = match act {
            11 => (by.takes(id).await.0, self.rules.take(&name, known.id)),
            12 | 13 => {
                (by.replies(id, &self.story.len().to_string()).await.0, self.rules.reply(&name, known.id))
            }
            14 => {
                (by.sends("/desk/api/session/answered", body).await.0, self.rules.answered(&name, known.id))
            }
            15 => {
                let moved = self.rules.transfer(&name, &Target::Agent(to.clone()), known.id);
                (by.moves(id, &name, &to).await.0, moved)
            }
            16 => {
                let to = if group == 0 { 0 } else { self.groups[group - 1] };
                let body = json!({"appid": by.appid, "session": id, "from": name, "group": to});
                let moved = self.rules.transfer(&name, &Target::Group(group as i64), known.id);
                (by.sends("/desk/api/session/transfer", body).await.0, moved)
            }
            _ if act > 17 || which % 2 == 0 => {
                (by.closes(id).await.0, self.rules.release_own(&name, known.id, Cause::End))
            }
            _ => (
                by.sends("/desk/api/session/hand_back", body).await.0,
                self.rules.release_own(&name, known.id, Cause::HandBack),
            ),
        };
        assert_eq!(status == 200, done, "{status} {:?}", self.story.last());
    }

    async fn session_of(&self, agent: &TestAgent, openid: &str) -> i64 {
        for _ in 0..500 {
            if let Some(id) = agent.session_with(openid).await {
                return id;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{} does not see the session of {openid}: {:#?}", agent.kf_account, self.story);
    }

    fn at(&self, node: usize, agent: usize) -> TestAgent {
        self.agents[agent].moved_to(&self.nodes[node])
    }

    async fn passes(&mut self, ms: i64) {
        self.rules.advance(ms);
        self.lets_pass(ms).await;
    }

    async fn lets_pass(&mut self, ms: i64) {
        for node in &self.nodes {
            node.clock.advance(ms);
        }
        for node in &self.nodes {
            node.advance(0).await;
        }
        self.account = self.account.with_token(&self.account.fetch_token().await);
    }

    /// Compares the desk with the rules. Another node may learn of a change a moment later.
    async fn agrees(&self) {
        let group = |number: i64| if number == 0 { 0 } else { self.groups[number as usize - 1] };
        let shown = |sessions: Vec<&model::Session>| -> Vec<(String, i64)> {
            sessions.iter().map(|session| (session.openid.to_string(), group(session.group))).collect()
        };
        let waiting = shown(self.rules.waiting());
        let served: Vec<_> =
            self.agents.iter().map(|agent| shown(self.rules.served_by(&agent.kf_account))).collect();
        let mut found = (Vec::new(), Vec::new());
        for _ in 0..500 {
            found = (Vec::new(), Vec::new());
            for agent in &self.agents {
                let account = agent.first_account().await;
                found.0 = listed(&account["waiting"]);
                found.1.push(listed(&account["sessions"]));
            }
            if found == (waiting.clone(), served.clone()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the desk has {found:#?}, the rules {:#?} after {:#?}", (waiting, served), self.story);
    }
}

/// The customers and groups of a list of the workbench.
fn listed(list: &Value) -> Vec<(String, i64)> {
    let list = list.as_array().unwrap().iter();
    list.map(|it| (it["openid"].as_str().unwrap().to_owned(), it["group"].as_i64().unwrap())).collect()
}

fn kf_id(agent: usize) -> i64 {
    i64::try_from(agent).unwrap() + 1
}
