import { describe, expect, it } from "vitest";
import { addMissed, foldChange, ownSessions, removeUnneeded, waitingSessions } from "./feed";
import { account, change, desk } from "./feed_fixture";

/** The desk of a supervisor, without sessions. */
const supervised = () => desk({ agent: { ...account(desk()).agent, supervisor: true } });

describe("customers who were missed", () => {
  it("have a closed session that is shown only while it is looked at", () => {
    const missed = { session: 7, openid: "o7", since: 5000, at: 9000, reason: "window" } as const;
    const state = addMissed(supervised(), "wx1", missed);
    expect(account(state).sessions[7]).toMatchObject({ openid: "o7", state: "closed", waiting_since: 5000 });
    expect([waitingSessions(account(state)), ownSessions(account(state))]).toEqual([[], []]);
    expect(account(removeUnneeded(state, "wx1", 7)).sessions[7]).toBeDefined();
    expect(account(removeUnneeded(state, "wx1", null)).sessions).toEqual({});
  });

  it("are on a list that is to be loaded after a snapshot and after each change of it", () => {
    const seen = [supervised()];
    for (const next of [change(11, { counts: { waiting: 1 } }), change(12, { missed: 7 }), change(12, { missed: 7 })])
      seen.push(foldChange(seen.at(-1)!, next));
    expect(seen.map((state) => account(state).missed_seq)).toEqual([10, 10, 12, 12]);
  });
});
