import { expect, it } from "vitest";
import { account, desk, ME, open, session } from "../../stream/feed_fixture";
import type { Colleague, Presence } from "../../wire";
import { isFree, matches, noteLeft, targetsOf, toColleague, toGroup } from "./targets";

const agent = (name: string, presence: Presence, of = 0): Colleague => ({
  kf_account: `${name}@demo`,
  nickname: name,
  presence,
  open: of,
  limit: 3,
});
const AGENTS = [
  { ...agent("kf1", "online"), kf_account: ME },
  agent("off", "offline"),
  agent("away", "away"),
  agent("bob", "online", 3),
  agent("eve", "online"),
];
const group = (id: number, ...members: string[]) => ({
  id,
  name: `group ${id}`,
  menu_id: "",
  members: members.map((name) => `${name}@demo`),
});
const GROUPS = [group(1, "kf1", "bob", "off"), group(2, "off", "away"), group(3)];
const waiting = [session(10, { group: 1 }), session(11, { group: 1 }), session(12)];
const state = account(desk({ groups: GROUPS, waiting, sessions: [open(1)] }));
const names = (of: { colleagues: Colleague[] }) => of.colleagues.map((one) => one.nickname);

it("offers colleagues who are online, then those who are away and get none, and no one who has the session", () => {
  const { colleagues } = targetsOf(state, open(1), AGENTS);
  expect(colleagues.map((one) => [one.nickname, isFree(one)])).toEqual([
    ["bob", true],
    ["eve", true],
    ["away", false],
  ]);
  expect(names(targetsOf(state, open(1, { kf_account: "bob@demo" }), AGENTS))).toEqual(["eve", "away"]);
});

it("offers groups with their members online and their customers, and the queue of all agents", () => {
  const { groups } = targetsOf(state, open(1), AGENTS);
  expect(groups.map(({ id, online, members, waiting }) => [id, online, members, waiting])).toEqual([
    [1, 2, 3, 2],
    [2, 0, 2, 0],
    [3, 0, 0, 0],
    [0, 3, 5, 1],
  ]);
  expect(groups.map(toGroup)).toEqual(["toGroup", "toAbsent", "toEmpty", "toEveryone"]);
  expect(targetsOf(account(desk()), open(1), AGENTS).groups).toEqual([]);
});

it("offers a customer who waits no queue in which they are already", () => {
  expect(targetsOf(state, waiting[0]!, AGENTS).groups.map((one) => one.id)).toEqual([2, 3, 0]);
  expect(targetsOf(state, waiting[2]!, AGENTS).groups.map((one) => one.id)).toEqual([1, 2, 3]);
  expect(targetsOf(state, open(1, { group: 1 }), AGENTS).groups.map((one) => one.id)).toEqual([1, 2, 3, 0]);
});

it("says that a colleague is at the limit", () => {
  expect(AGENTS.map(toColleague)).toEqual(["toAgent", "toAgent", "toAgent", "toFull", "toAgent"]);
});

it("finds by any of the names, whatever the case", () => {
  expect(matches(" BO", "Bob", "kf2@demo")).toBe(true);
  expect(matches("kf2", "Bob", "kf2@demo")).toBe(true);
  expect(matches("", "Bob")).toBe(true);
  expect(matches("x", "Bob", "kf2@demo")).toBe(false);
});

it("counts the characters of a note as the server does", () => {
  expect([noteLeft(""), noteLeft(" 好😀 \n"), noteLeft("x".repeat(501))]).toEqual([500, 498, -1]);
});
