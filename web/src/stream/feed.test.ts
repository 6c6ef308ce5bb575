import { describe, expect, it } from "vitest";
import {
  countUnreadAfter,
  applyAnswer,
  recountUnread,
  foldChange,
  beginReadingAlong,
  loadDesk,
  ownSessions,
  addColleagueSessions,
  addHistory,
  colleagueSessions,
  markAnswered,
  markRead,
  isCutShort,
  removeUnneeded,
  waitingSessions,
  type Desk,
} from "./feed";
import { account, change, desk, INTAKE, ME, message, open, session } from "./feed_fixture";
import type { AccountSnapshot, Session } from "../wire";

describe("the desk's feed", () => {
  it("changes nothing when a frame comes twice", () => {
    const frame = change(11, { session: session(1) }, { message: message(5, 1) });
    const once = foldChange(desk(), frame);
    expect(foldChange(once, frame)).toBe(once);
  });

  it("changes nothing when a frame is older than the snapshot", () => {
    const state = desk({ sessions: [open(1)] });
    expect(foldChange(state, change(10, { session: session(1) }))).toBe(state);
    expect(foldChange(state, change(3, { session: session(7) }))).toBe(state);
  });

  it("changes nothing for an unknown account", () => {
    const state = desk();
    expect(foldChange(state, { ...change(11, { session: session(1) }), appid: "wx2" })).toBe(state);
  });

  it("lists waiting sessions in the order of the queue", () => {
    const frames = [3, 1, 2].map((id, at) => change(11 + at, { session: session(id) }));
    const last = change(20, { session: session(9, { since: 1500 }) }, { counts: { waiting: 4 } });
    const state = [...frames, last].reduce(foldChange, desk());
    expect(waitingSessions(account(state)).map((one) => one.id)).toEqual([1, 9, 2, 3]);
    expect(account(state).waiting_count).toBe(4);
  });

  it("lists a customer who was handed back at the place of before, and by number where places are equal", () => {
    const state = desk({ waiting: [session(4), session(5, { since: 6000 }), session(6)], sessions: [open(3)] });
    const next = foldChange(state, change(11, { session: session(3, { since: 3000 }) }));
    expect(waitingSessions(account(next)).map((one) => one.id)).toEqual([3, 4, 5, 6]);
    expect(ownSessions(account(next))).toEqual([]);
  });

  it("clears the unanswered mark by an answer or by no need of one, not by reading", () => {
    const state = desk({ sessions: [open(1, { since: 5000 })], messages: [message(5, 1)], unread: { 1: 1 } });
    const since = (of: Desk) => account(of).sessions[1]?.since;
    expect(since(markRead(state, "wx1", 1, 5))).toBe(5000);
    expect(since(applyAnswer(state, "wx1", [{ message: message(6, 1, { from: "agent", at: 6000 }) }]))).toBe(0);
    expect(since(markAnswered(state, "wx1", 1, 5000))).toBe(0);
    expect(since(markAnswered(state, "wx1", 1, 4000)), "the customer has written again").toBe(5000);
  });

  it("keeps the mark of a customer who wrote after the answer", () => {
    const state = desk({ sessions: [open(1, { since: 7000 })] });
    const late = message(6, 1, { from: "agent", at: 6000 });
    expect(account(applyAnswer(state, "wx1", [{ message: late }])).sessions[1]?.since).toBe(7000);
  });

  it("takes an agent for set away by the desk only until the agent is back", () => {
    const { agent } = account(desk());
    const away = desk({ agent: { ...agent, presence: "away", is_set_away: true } });
    const next = (presence: "away" | "online") =>
      account(applyAnswer(away, "wx1", [{ agent: { kf_account: ME, nickname: "Ann", presence } }])).agent;
    expect(next("away").is_set_away).toBe(true);
    expect(next("online").is_set_away).toBe(false);
  });

  it("removes a customer from the waiting list when another agent takes them", () => {
    const state = desk({ waiting: [session(1), session(2)] });
    const next = foldChange(state, change(11, { session: open(1, { kf_account: "kf2@demo" }) }));
    expect(waitingSessions(account(next)).map((one) => one.id)).toEqual([2]);
    expect(ownSessions(account(next))).toEqual([]);
  });

  it("moves a session to the own sessions when the agent takes it", () => {
    const next = foldChange(desk({ waiting: [session(1)] }), change(11, { session: open(1) }));
    expect(waitingSessions(account(next))).toEqual([]);
    expect(ownSessions(account(next)).map((one) => one.id)).toEqual([1]);
  });

  it("keeps a closed session only while it is looked at", () => {
    const state = desk({ sessions: [open(1)], messages: [message(5, 1)] });
    const closed = foldChange(state, change(11, { session: open(1, { state: "closed" }) }));
    expect(ownSessions(account(closed))).toEqual([]);
    expect(account(removeUnneeded(closed, "wx1", 1)).sessions[1]?.state).toBe("closed");
    const left = account(removeUnneeded(closed, "wx1", null));
    expect(left.sessions[1]).toBeUndefined();
    expect(left.messages).toEqual({});
  });

  it("keeps messages in order of id, and one of each", () => {
    let state = desk({ sessions: [open(1)], messages: [message(5, 1)] });
    state = foldChange(state, change(11, { message: message(8, 1) }));
    state = applyAnswer(state, "wx1", [{ message: message(7, 1) }, { message: message(8, 1) }]);
    expect(account(state).messages.o1?.map((one) => one.id)).toEqual([5, 7, 8]);
  });

  it("never lets an answer take a session back to where the stream has left it", () => {
    const closed = foldChange(desk({ sessions: [open(1)] }), change(11, { session: open(1, { state: "closed" }) }));
    expect(account(applyAnswer(closed, "wx1", [{ session: open(1) }])).sessions[1]?.state).toBe("closed");
  });

  it("counts what was not read and not answered", () => {
    const messages = [message(1, 1), message(2, 1, { from: "agent" }), message(3, 1), message(4, 1)];
    const state = account(desk({ sessions: [open(1)], messages }));
    expect([0, 3, 4].map((read) => countUnreadAfter(state, state.sessions[1]!, read))).toEqual([2, 1, 0]);
  });

  it("has the server's counts, and raises them with each customer's message in a session of one's own", () => {
    let state = desk({ sessions: [open(1)], others: [open(3, { kf_account: "kf9@demo" })], unread: { 1: 210 } });
    state = foldChange(state, change(11, { message: message(8, 1) }));
    expect(account(state).unread).toEqual({ 1: 211 });
    state = foldChange(state, change(11, { message: message(8, 1) }));
    state = foldChange(state, change(12, { message: message(8, 1) }, { message: message(9, 3) }));
    expect(account(state).unread).toEqual({ 1: 211 });
    state = foldChange(state, change(13, { message: message(10, 1, { from: "account" }) }));
    expect(account(state).unread).toEqual({ 1: 211 });
    expect(account(applyAnswer(state, "wx1", [{ message: message(11, 1, { from: "agent" }) }])).unread).toEqual({});
    expect(account(foldChange(state, change(14, { session: open(1, { state: "closed" }) }))).unread).toEqual({});
    expect(account(foldChange(state, change(14, { session: open(1, { kf_account: "kf9@demo" }) }))).unread).toEqual({});
  });

  it("counts less once read, as far as it knows what came later", () => {
    const messages = [5, 6, 7].map((id) => message(id, 1));
    const state = desk({ sessions: [open(1)], messages, unread: { 1: 3 } });
    expect([6, 7].map((mark) => account(markRead(state, "wx1", 1, mark)).unread)).toEqual([{ 1: 1 }, {}]);
    expect(account(markRead(state, "wx1", 1, 4)).unread).toEqual({ 1: 3 });
    expect(account(markRead(desk({ sessions: [open(1)], messages }), "wx1", 1, 6)).unread).toEqual({});
  });

  it("counts what is here of a session that has become one's own", () => {
    const messages = [5, 6, 7].map((id) => message(id, 1));
    const state = desk({ sessions: [open(1)], waiting: [session(2)], messages });
    expect(account(recountUnread(state, "wx1", 1, 5)).unread).toEqual({ 1: 2 });
    expect(account(recountUnread(state, "wx1", 2, 0)).unread).toEqual({});
  });

  it("puts the latest word first and shows it as the preview", () => {
    let state = desk({ sessions: [open(1), open(2)] });
    expect(ownSessions(account(state)).map((one) => one.id)).toEqual([2, 1]);
    state = foldChange(state, change(11, { message: message(9, 1, { text: "字".repeat(80) }) }));
    expect(ownSessions(account(state)).map((one) => one.id)).toEqual([1, 2]);
    expect(account(state).sessions[1]?.preview).toBe("字".repeat(60));
  });

  it("applies the agent's own presence and no other's", () => {
    const agent = { nickname: "Ann", presence: "away" as const };
    const other = foldChange(desk(), change(11, { agent: { ...agent, kf_account: "kf2@demo" } }));
    expect(account(other).agent.presence).toBe("online");
    const own = foldChange(other, change(12, { agent: { ...agent, kf_account: ME } }));
    expect(account(own).agent.presence).toBe("away");
  });

  it("takes the server's count of a waiting list that was cut short", () => {
    const list = Array.from({ length: 100 }, (_, at) => session(at + 1));
    let state = desk({ waiting: list, waiting_count: 130 });
    state = foldChange(state, change(12, { session: session(131) }, { counts: { waiting: 131 } }));
    expect(account(state).waiting_count).toBe(131);
    expect(isCutShort(account(state))).toBe(false);
    for (let id = 1; id <= 60; id++) {
      state = foldChange(state, change(20 + id, { session: open(id) }, { counts: { waiting: 131 - id } }));
    }
    expect(account(state).waiting_count).toBe(71);
    expect(isCutShort(account(state))).toBe(true);
  });

  it("keeps loaded history over a new snapshot, but no hole", () => {
    const sessions = [open(1)];
    let state = desk({ sessions, messages: [message(50, 1)] });
    state = addHistory(state, "wx1", "o1", { messages: [message(40, 1)], notes: [] }, true);
    const again = (first: number, epoch = "e") =>
      loadDesk(
        {
          worker: { name: "ann", administers: false },
          epoch,
          since: `${epoch};wx1:20`,
          invitations: [],
          accounts: [
            {
              ...account(state),
              reception: "manual",
              seq: 20,
              sessions,
              others: [],
              waiting: [],
              ...{ drafts: [], notes: [], groups: [] },
              messages: [message(first, 1), message(90, 1)],
            },
          ],
        },
        state,
      );
    const near = account(again(50));
    expect(near.messages.o1?.map((one) => one.id)).toEqual([40, 50, 90]);
    expect(near.complete.o1).toBe(true);
    const far = account(again(80));
    expect(far.messages.o1?.map((one) => one.id)).toEqual([80, 90]);
    expect(far.complete.o1).toBe(false);
    const restored = account(again(50, "other"));
    expect(restored.messages.o1?.map((one) => one.id)).toEqual([50, 90]);
    expect(restored.complete.o1).toBe(false);
  });
});

describe("a supervisor's desk", () => {
  const BOB = "kf2@demo";
  const agent = {
    kf_account: ME,
    nickname: "Sue",
    kf_id: 1001,
    presence: "online",
    supervisor: true,
    ...INTAKE,
  } as const;
  const of = (id: number, more: Partial<Session> = {}) => open(id, { kf_account: BOB, nickname: "Bob", ...more });
  const sees = (more: Partial<AccountSnapshot> = {}) => desk({ agent, ...more });
  const ids = (list: Session[]) => list.map((one) => one.id);

  it("keeps colleagues' sessions apart from the own ones", () => {
    const state = sees({ sessions: [open(1)], others: [of(2), of(3)] });
    expect(ids(ownSessions(account(state)))).toEqual([1]);
    expect(ids(colleagueSessions(account(state)))).toEqual([3, 2]);
  });

  it("follows a session through every agent that gets it", () => {
    let state = sees({ waiting: [session(1)] });
    state = foldChange(state, change(11, { session: of(1) }, { counts: { waiting: 0, open: 1 } }));
    expect(account(state)).toMatchObject({ waiting_count: 0, others_count: 1 });
    state = foldChange(state, change(12, { session: open(1) }, { counts: { waiting: 0, open: 1 } }));
    expect(ids(ownSessions(account(state)))).toEqual([1]);
    expect(account(state).others_count).toBe(0);
    state = foldChange(state, change(13, { session: of(1) }));
    const closed = change(14, { session: of(1, { state: "closed" }) }, { counts: { waiting: 0, open: 0 } });
    state = removeUnneeded(foldChange(state, closed), "wx1", null);
    expect(account(state)).toMatchObject({ others_count: 0, sessions: {} });
  });

  it("collects a colleague's messages only while the supervisor looks at them", () => {
    let state = sees({ others: [of(1)] });
    state = foldChange(state, change(11, { message: message(50, 1) }));
    expect(account(state).messages).toEqual({});
    expect(colleagueSessions(account(state))[0]!.preview).toBe("text 50");
    state = beginReadingAlong(state, "wx1", of(1));
    state = foldChange(state, change(12, { message: message(51, 1) }));
    state = addHistory(state, "wx1", "o1", { messages: [message(49, 1), message(50, 1)], notes: [] }, true);
    expect(account(state).messages["o1"]!.map((one) => one.id)).toEqual([49, 50, 51]);
    expect(account(removeUnneeded(state, "wx1", 1)).messages["o1"]).toHaveLength(3);
    expect(account(removeUnneeded(state, "wx1", null)).messages).toEqual({});
  });

  it("shows no hole where messages were missed", () => {
    let state = beginReadingAlong(sees({ others: [of(1)] }), "wx1", of(1));
    state = addHistory(state, "wx1", "o1", { messages: [message(10, 1), message(11, 1)], notes: [] }, false);
    state = foldChange(state, change(11, { message: message(31, 1) }));
    state = addHistory(state, "wx1", "o1", { messages: [message(29, 1), message(30, 1)], notes: [] }, false);
    expect(account(state).messages["o1"]!.map((one) => one.id)).toEqual([29, 30, 31]);
    state = addHistory(state, "wx1", "o1", { messages: [message(12, 1), message(29, 1)], notes: [] }, false);
    expect(account(state).messages["o1"]!.map((one) => one.id)).toEqual([12, 29, 30, 31]);
  });

  it("reads a long list page by page", () => {
    let state = sees({ others: [of(1), of(2)], others_count: 4 });
    expect(account(state).others_read).toBe(2);
    state = foldChange(state, change(11, { session: of(9) }));
    expect(account(state).others_count).toBe(4);
    state = addColleagueSessions(state, "wx1", [of(3), of(9)], true);
    expect(account(state)).toMatchObject({ others_read: 9, others_count: 4 });
  });

  it("shows an agent without the role no colleague's session", () => {
    const state = foldChange(desk({ sessions: [open(1)] }), change(11, { session: of(1) }, { session: of(2) }));
    expect(account(state)).toMatchObject({ sessions: {}, others_count: 0 });
  });
});
