import { expect, it } from "vitest";
import type { Note } from "../wire";
import { addHistory, foldChange, groupName, loadDesk, notesOf, ownGroups, removeUnneeded } from "./feed";
import { account, change, desk, ME, message, open, session } from "./feed_fixture";

const group = (id: number, more = {}) => ({ id, name: `group ${id}`, menu_id: "", members: [ME], ...more });
const note = (id: number, of: number): Note => ({
  id,
  session: of,
  openid: `o${of}`,
  kf_account: ME,
  nickname: "Ann",
  text: `note ${id}`,
  at: id * 1000,
  to_agent: "",
  to_nickname: "",
  to_group: 1,
});
const ids = (list: { id: number }[]) => list.map((one) => one.id);

it("follows groups as they are made, renamed and deleted, and their customers", () => {
  let state = desk({ groups: [group(1)], waiting: [session(5, { group: 1 }), session(6, { group: 2 })] });
  state = foldChange(state, change(11, { group: group(2, { members: [] }) }, { group: group(1, { name: "new" }) }));
  expect([groupName(account(state), 1), groupName(account(state), 0)]).toEqual(["new", ""]);
  expect(ids(ownGroups(account(state)))).toEqual([1]);
  state = foldChange(state, change(12, { group_gone: 1 }));
  expect(ids(account(state).groups)).toEqual([2]);
  expect(Object.values(account(state).sessions).map((one) => one.group)).toEqual([0, 2]);
});

it("shows notes between the messages that are here, in the order of their numbers", () => {
  let state = desk({ sessions: [open(1)], messages: [message(20, 1)], notes: [note(25, 1)] });
  state = foldChange(state, change(30, { message: message(30, 1) }, { note: note(31, 1) }, { note: note(31, 1) }));
  expect(ids(notesOf(account(state), "o1"))).toEqual([25, 31]);
  state = addHistory(state, "wx1", "o1", { messages: [message(10, 1)], notes: [note(5, 1), note(15, 1)] }, false);
  expect(ids(notesOf(account(state), "o1")), "one before the first message has its page to come").toEqual([15, 25, 31]);
  state = addHistory(state, "wx1", "o1", { messages: [], notes: [] }, true);
  expect(ids(notesOf(account(state), "o1"))).toEqual([5, 15, 25, 31]);
});

it("keeps no notes of a session whose messages are not here", () => {
  let state = desk({ waiting: [session(1)] });
  state = foldChange(state, change(11, { note: note(11, 1) }));
  expect(account(state).notes).toEqual({});
  state = foldChange(state, change(12, { message: message(12, 1) }, { note: note(13, 1) }));
  expect(ids(notesOf(account(state), "o1"))).toEqual([13]);
  state = foldChange(state, change(14, { session: open(1, { kf_account: "kf2@demo" }) }));
  expect(account(removeUnneeded(state, "wx1", null)).notes).toEqual({});
});

it("keeps loaded notes over a new snapshot of the same store alone", () => {
  const before = desk({ sessions: [open(1)], messages: [message(20, 1)], notes: [note(15, 1)] });
  const { accounts: _, ...rest } = before;
  const worker = { name: "ann", administers: false };
  const snapshot = {
    ...account(desk({ sessions: [open(1)] })),
    ...{ waiting: [], others: [], drafts: [], messages: [message(20, 1)], notes: [note(25, 1)] },
    sessions: [open(1)],
  };
  const load = (epoch: string) =>
    account(loadDesk({ ...rest, worker, since: "", epoch, accounts: [snapshot] }, before)).notes["o1"]!;
  expect(ids(load("e"))).toEqual([15, 25]);
  expect(ids(load("other"))).toEqual([25]);
});
