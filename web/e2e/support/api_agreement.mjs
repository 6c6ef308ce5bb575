import assert from "node:assert/strict";
import { eventually } from "./eventually.mjs";
import { customerName } from "./people.mjs";

const PRESENCE = { 1: "Online", 0: "Away" };
const TALKING = (nickname) => `Your agent: ${nickname}`;
const WAITING = (before) => `Message received. ${before > 0 ? `${before} before you` : "You’re next"}`;
const CLOSED = "Conversation ended. Write us anytime";

/** Checks that five lists of the API agree with the pages of one agent and of these customers. */
export function checkListsAgree(stage, server, kf_account, worker, customers) {
  return eventually(`${stage}: the API's lists agree with the pages`, async () => {
    const [agents, online, open, waiting, shown] = await Promise.all([
      server.agents(),
      server.online(),
      server.sessions(kf_account),
      server.waiting(),
      worker.shown(),
    ]);
    const agent = agents.find((one) => one.kf_account === kf_account);
    const there = online.filter((one) => one.kf_account === kf_account);
    const mine = open.map((one) => customerName(one.openid));
    assert.deepEqual(
      { nickname: shown.nickname, worker: shown.worker, presence: shown.presence },
      { nickname: agent.kf_nick, worker: agent.kf_wx, presence: PRESENCE[there[0]?.status] },
      "getkflist and getonlinekflist",
    );
    assert.equal(there.length, 1, "getonlinekflist has the agent once");
    assert.equal(there[0].kf_id, agent.kf_id, "both lists of agents give one kf_id");
    assert.equal(there[0].accepted_case, mine.length, "accepted_case counts the agent's sessions");
    assert.deepEqual(shown.mine.names.toSorted(), mine.toSorted(), "getsessionlist");
    assert.equal(shown.mine.count, mine.length, "the count above the agent's sessions");
    const listed = waiting.waitcaselist.map((one) => customerName(one.openid));
    assert.deepEqual(shown.waiting, { names: listed, count: waiting.count }, "getwaitcase");
    for (const customer of customers) await agreeOn(customer, server, agent, open, waiting.waitcaselist);
  });
}

async function agreeOn(customer, server, agent, open, waiting) {
  const [session, standing] = await Promise.all([server.session(customer.openid), customer.standing()]);
  const served = open.find((one) => one.openid === customer.openid);
  const before = waiting.findIndex((one) => one.openid === customer.openid);
  assert.equal(session.kf_account, served ? agent.kf_account : "", "getsession and getsessionlist name one agent");
  assert.equal(session.createtime, served?.createtime ?? 0, "getsession and getsessionlist give one createtime");
  assert.equal(standing, served ? TALKING(agent.kf_nick) : before >= 0 ? WAITING(before) : CLOSED, "getsession");
}
