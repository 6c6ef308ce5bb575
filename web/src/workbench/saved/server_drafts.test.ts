import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refused } from "../../api";
import { LATE_MS, QUIET_MS, ServerDrafts } from "./server_drafts.svelte";
import { fromServer } from "./merge_drafts";

const KEY = "wx1:1";
const LOST = new Refused(0, 0, "lost");

let stored: Map<string, string>;
/** What the server has, by key, and what it was told. */
let server: Record<string, { text: string; at: number }>;
let told: string[];
let refusal: Refused | null;
let ended: number;
let heard: ((note: unknown) => void)[];
/** The page whose box has the focus. */
let inBox: ServerDrafts | null;

/** Notes reach all tabs but the one that tells, at once. */
class FakeChannel {
  #hear: ((note: unknown) => void) | undefined;
  addEventListener(_: string, hear: (event: { data: unknown }) => void) {
    this.#hear = (note) => hear({ data: note });
    heard.push(this.#hear);
  }
  postMessage = (note: unknown) => heard.filter((other) => other !== this.#hear).forEach((hear) => hear(note));
}

function page(worker = "ann"): ServerDrafts {
  const drafts: ServerDrafts = new ServerDrafts({
    send: async ({ worker, appid, session, text }) => {
      told.push(text);
      await Promise.resolve();
      if (refusal) throw refusal;
      server[`${worker} ${appid}:${session}`] = { text, at: Date.now() };
      return { at: Date.now() };
    },
    isShown: () => inBox === drafts,
    ended: () => (ended += 1),
  });
  load(drafts, worker);
  return drafts;
}

function load(drafts: ServerDrafts, worker = "ann", asked = performance.now()) {
  const mine = Object.entries(server).filter(([key, { text }]) => key === `${worker} ${KEY}` && text);
  const saved = mine.map(([, { text, at }]) => ({ session: 1, openid: "o1", text, at }));
  drafts.load(worker, fromServer("wx1", saved), asked);
}

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [stored, server, told, refusal, ended, heard, inBox] = [new Map(), {}, [], null, 0, [], null];
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("document", { hasFocus: () => inBox !== null, activeElement: { tagName: "TEXTAREA" } });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("tells the server after a pause, and leaves nothing in the browser", async () => {
  const drafts = page();
  drafts.write(KEY, "ha", "o1");
  await passes(QUIET_MS - 1);
  drafts.write(KEY, "half", "o1");
  expect([told, stored.size]).toEqual([[], 1]);
  await passes(QUIET_MS);
  expect([told, stored.size, drafts.of(KEY)]).toEqual([["half"], 0, "half"]);
  await passes(60_000);
  expect(told).toHaveLength(1);
});

it("tells the server while somebody goes on typing", async () => {
  const drafts = page();
  for (let ms = 0; ms <= LATE_MS; ms += 100) {
    drafts.write(KEY, `typed for ${ms}`);
    await passes(100);
  }
  expect(told).toHaveLength(1);
});

it("tells at once that words were sent", async () => {
  const drafts = page();
  drafts.write(KEY, "half");
  await passes(QUIET_MS);
  drafts.write(KEY, "");
  await passes(0);
  expect([told.at(-1), stored.size, page().of(KEY)]).toEqual(["", 0, ""]);
});

it("keeps words without a line, for their worker alone, until the line is back", async () => {
  refusal = LOST;
  const drafts = page();
  drafts.write(KEY, "half");
  await passes(60_000);
  expect(told.length).toBeGreaterThan(3);
  drafts.close();
  const [bob, again] = [page("bob"), page()];
  expect([bob.all, again.of(KEY)]).toEqual([{}, "half"]);
  refusal = null;
  again.returned();
  await passes(0);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["half", 0]);
});

it("remembers without a line that words were sent", async () => {
  const drafts = page();
  drafts.write(KEY, "half");
  await passes(QUIET_MS);
  refusal = LOST;
  drafts.write(KEY, "");
  await passes(0);
  drafts.close();
  const again = page();
  expect([again.of(KEY), again.all]).toEqual(["", {}]);
  refusal = null;
  await passes(QUIET_MS);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["", 0]);
});

it("keeps in sight what the server refuses, and does not insist", async () => {
  refusal = new Refused(990004, 404, "gone");
  const drafts = page();
  drafts.write(KEY, "half");
  await passes(600_000);
  load(drafts);
  await passes(600_000);
  expect([told, drafts.of(KEY), stored.size, ended]).toEqual([["half"], "half", 1, 0]);
  refusal = null;
  drafts.write(KEY, "shorter");
  await passes(QUIET_MS);
  expect([told.at(-1), stored.size]).toEqual(["shorter", 0]);
});

it("keeps words of an ended login until its worker is back", async () => {
  refusal = new Refused(990002, 401, "log in");
  const drafts = page();
  drafts.write(KEY, "half");
  await passes(60_000);
  expect([ended, told]).toEqual([1, ["half"]]);
  drafts.close();
  expect(drafts.all).toEqual({});
  refusal = null;
  load(drafts);
  await passes(QUIET_MS);
  expect([drafts.of(KEY), server[`ann ${KEY}`]?.text, stored.size]).toEqual(["half", "half", 0]);
});

it("follows another tab unless somebody writes in this one", async () => {
  const [first, second, bob] = [page(), page(), page("bob")];
  first.write(KEY, "half");
  expect([second.of(KEY), bob.of(KEY)]).toEqual(["half", ""]);
  inBox = second;
  second.write(KEY, "half a sentence");
  expect(first.of(KEY)).toBe("half a sentence");
  first.write(KEY, "no, wait");
  expect(second.of(KEY)).toBe("half a sentence");
  inBox = null;
  await passes(QUIET_MS);
  second.write(KEY, "");
  expect(first.of(KEY)).toBe("");
  await passes(60_000);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["", 0]);
});

it("follows another browser at the next snapshot, but never back", async () => {
  const drafts = page();
  server[`ann ${KEY}`] = { text: "from afar", at: Date.now() };
  load(drafts);
  expect(drafts.of(KEY)).toBe("from afar");
  const asked = performance.now();
  await passes(1);
  drafts.write(KEY, "from here");
  await passes(QUIET_MS);
  server[`ann ${KEY}`] = { text: "from afar", at: Date.now() - QUIET_MS };
  load(drafts, "ann", asked);
  expect(drafts.of(KEY)).toBe("from here");
  server = {};
  await passes(1);
  load(drafts);
  expect(drafts.of(KEY)).toBe("");
});

it("takes over what older pages have kept in the browser", async () => {
  const old = { id: "x", text: "long ago", at: Date.now(), openid: "o1" };
  stored.set("kefu.drafts desk ann", JSON.stringify({ [KEY]: old }));
  const drafts = page();
  expect(drafts.of(KEY)).toBe("long ago");
  await passes(QUIET_MS);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["long ago", 0]);
});

it("tells all it knows when the page goes, also while an older word is on its way", async () => {
  const drafts = page();
  drafts.write(KEY, "ha");
  void drafts.flush();
  drafts.write(KEY, "half");
  drafts.leave();
  await passes(0);
  expect(server[`ann ${KEY}`]?.text).toBe("half");
});

it("lasts as long as the page where the browser keeps nothing", async () => {
  vi.stubGlobal("localStorage", undefined);
  refusal = LOST;
  const drafts = page();
  drafts.write(KEY, "half");
  await passes(QUIET_MS);
  expect(drafts.of(KEY)).toBe("half");
});
