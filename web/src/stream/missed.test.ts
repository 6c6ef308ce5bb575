import { describe, expect, it } from "vitest";
import { addMissed, foldChange, loadDesk, ownSessions, removeUnneeded, waitingSessions, type Desk } from "./feed";
import type { AccountSnapshot, DeskFact } from "../wire";

const INTAKE = { capacity: 10, is_automatic: true, is_set_away: false };

/** The desk of a supervisor, without sessions. */
function desk(): Desk {
  const snapshot: AccountSnapshot = {
    appid: "wx1",
    seq: 10,
    name: "Shop",
    reception: "manual",
    capacity: 10,
    agent: { kf_account: "a@b", nickname: "Ann", kf_id: 1001, presence: "online", supervisor: true, ...INTAKE },
    sessions: [],
    others: [],
    others_count: 0,
    waiting: [],
    unread: {},
    drafts: [],
    waiting_count: 0,
    messages: [],
    notes: [],
    groups: [],
  };
  const worker = { name: "ann", administers: false };
  return loadDesk({ worker, epoch: "e", since: "e;wx1:10", accounts: [snapshot], invitations: [] }, null);
}

const account = (state: Desk) => state.accounts[0]!;

describe("customers who were missed", () => {
  it("have a closed session that is shown only while it is looked at", () => {
    const missed = { session: 7, openid: "o7", since: 5000, at: 9000, reason: "window" } as const;
    const state = addMissed(desk(), "wx1", missed);
    expect(account(state).sessions[7]).toMatchObject({ openid: "o7", state: "closed", waiting_since: 5000 });
    expect([waitingSessions(account(state)), ownSessions(account(state))]).toEqual([[], []]);
    expect(account(removeUnneeded(state, "wx1", 7)).sessions[7]).toBeDefined();
    expect(account(removeUnneeded(state, "wx1", null)).sessions).toEqual({});
  });

  it("are on a list that is to be loaded after a snapshot and after each change of it", () => {
    const change = (seq: number, fact: DeskFact) => ({ appid: "wx1", seq, facts: [fact] });
    const seen = [desk()];
    for (const next of [change(11, { counts: { waiting: 1 } }), change(12, { missed: 7 }), change(12, { missed: 7 })])
      seen.push(foldChange(seen.at(-1)!, next));
    expect(seen.map((state) => account(state).missed_seq)).toEqual([10, 10, 12, 12]);
  });
});
