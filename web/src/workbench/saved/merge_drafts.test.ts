import { expect, it } from "vitest";
import { fromServer, mergeDrafts, type Draft } from "./merge_drafts";

const typed = (text: string, more: Partial<Draft> = {}): Draft => ({
  text,
  at: 100,
  openid: "o1",
  base: 0,
  pending: true,
  ...more,
});
const saved = (text: string, at: number) => typed(text, { at, base: at, pending: false });

/** What the box shows once a local draft meets one of the server. */
function meet(local: Draft | null, server: Draft | null, isNewer = false) {
  const merged = mergeDrafts(local ? { a: local } : {}, server ? { a: server } : {}, () => isNewer).a;
  return merged ? [merged.text, merged.pending] : null;
}

it("takes the server's draft where none is pending in the browser", () => {
  expect(meet(null, saved("theirs", 50))).toEqual(["theirs", false]);
  expect(meet(saved("ours", 40), saved("theirs", 50))).toEqual(["theirs", false]);
  expect(meet(saved("ours", 40), null)).toBeNull();
});

it("keeps a pending draft that continues the server's, however clocks differ", () => {
  for (const at of [100, 10_000])
    expect(meet(typed("ours", { base: at }), saved("theirs", at))).toEqual(["ours", true]);
  expect(meet(typed("", { base: 50 }), saved("sent", 50))).toEqual(["", true]);
  expect(meet(typed("ours"), null)).toEqual(["ours", true]);
});

it("takes the newer draft where both have changed", () => {
  expect(meet(typed("ours", { base: 40 }), saved("theirs", 99))).toEqual(["ours", true]);
  expect(meet(typed("ours", { base: 40 }), saved("theirs", 101))).toEqual(["theirs", false]);
  expect(meet(typed("", { base: 40 }), saved("theirs", 101))).toEqual(["theirs", false]);
});

it("loses no text when the draft was sent elsewhere meanwhile", () => {
  expect(meet(typed("ours", { base: 40 }), null)).toEqual(["ours", true]);
});

it("has nothing pending where the server has the same text", () => {
  expect(meet(typed("same", { base: 40 }), saved("same", 50))).toEqual(["same", false]);
  expect(meet(typed("", { base: 40 }), null)).toBeNull();
});

it("ignores an answer that is older than the draft", () => {
  expect(meet(saved("ours", 60), saved("older", 50), true)).toEqual(["ours", false]);
  expect(meet(saved("ours", 60), null, true)).toEqual(["ours", false]);
  expect(meet(null, saved("sent meanwhile", 50), true)).toBeNull();
});

it("reads the server's drafts by account and session", () => {
  const draft = { session: 7, openid: "o1", text: "half", at: 5 };
  expect(fromServer("wx1", [draft])).toEqual({ "wx1:7": { ...saved("half", 5) } });
});
