import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refused } from "../../api";
import { SAVE_LATEST_MS, SAVE_AFTER_MS, ServerDrafts } from "./server_drafts.svelte";
import { fromServer } from "./merge_drafts";

const KEY = "wx1:1";
const LOST = new Refused(0, 0, "lost");

let stored: Map<string, string>;
/** What the server has, by key, and the texts of all posts. */
let server: Record<string, { text: string; at: number }>;
let posted: string[];
let refusal: Refused | null;
let ended: number;
/** Posts of these texts reach the server only when their promise is fulfilled. */
let held: Record<string, Promise<void>>;
let receivers: ((note: unknown) => void)[];
/** The page whose box has the focus. */
let inBox: ServerDrafts | null;

/** Notes reach all tabs but the sender at once. */
class FakeChannel {
  #receiver: ((note: unknown) => void) | undefined;
  addEventListener(_: string, receive: (event: { data: unknown }) => void) {
    this.#receiver = (note) => receive({ data: note });
    receivers.push(this.#receiver);
  }
  postMessage = (note: unknown) =>
    receivers.filter((other) => other !== this.#receiver).forEach((receive) => receive(note));
}

function page(worker = "ann"): ServerDrafts {
  const drafts: ServerDrafts = new ServerDrafts({
    send: async ({ worker, appid, session, text }) => {
      posted.push(text);
      await (held[text] ?? Promise.resolve());
      if (refusal) throw refusal;
      server[`${worker} ${appid}:${session}`] = { text, at: Date.now() };
      return { at: Date.now() };
    },
    isShown: () => inBox === drafts,
    onLoginEnded: () => (ended += 1),
  });
  load(drafts, worker);
  return drafts;
}

function load(drafts: ServerDrafts, worker = "ann", asked = performance.now()) {
  const own = Object.entries(server).filter(([key, { text }]) => key === `${worker} ${KEY}` && text);
  const saved = own.map(([, { text, at }]) => ({ session: 1, openid: "o1", text, at }));
  drafts.load(worker, fromServer("wx1", saved), asked);
}

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [stored, server, posted, refusal, ended, held, receivers, inBox] = [new Map(), {}, [], null, 0, {}, [], null];
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

it("saves a draft after a pause, and leaves nothing in the browser", async () => {
  const drafts = page();
  drafts.write(KEY, "ha", "o1");
  await advance(SAVE_AFTER_MS - 1);
  drafts.write(KEY, "half", "o1");
  expect([posted, stored.size]).toEqual([[], 1]);
  await advance(SAVE_AFTER_MS);
  expect([posted, stored.size, drafts.textOf(KEY)]).toEqual([["half"], 0, "half"]);
  await advance(60_000);
  expect(posted).toHaveLength(1);
});

it("saves a draft while a person goes on typing", async () => {
  const drafts = page();
  for (let ms = 0; ms <= SAVE_LATEST_MS; ms += 100) {
    drafts.write(KEY, `typed for ${ms}`);
    await advance(100);
  }
  expect(posted).toHaveLength(1);
});

it("deletes a draft at once when its message is sent", async () => {
  const drafts = page();
  drafts.write(KEY, "half");
  await advance(SAVE_AFTER_MS);
  drafts.write(KEY, "");
  await advance(0);
  expect([posted.at(-1), stored.size, page().textOf(KEY)]).toEqual(["", 0, ""]);
});

it("keeps a draft for its worker without a connection, until the connection is back", async () => {
  refusal = LOST;
  const drafts = page();
  drafts.write(KEY, "half");
  await advance(60_000);
  expect(posted.length).toBeGreaterThan(3);
  drafts.close();
  const [bob, again] = [page("bob"), page()];
  expect([bob.all, again.textOf(KEY)]).toEqual([{}, "half"]);
  refusal = null;
  again.reconnected();
  await advance(0);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["half", 0]);
});

it("remembers without a connection that a draft is to be deleted", async () => {
  const drafts = page();
  drafts.write(KEY, "half");
  await advance(SAVE_AFTER_MS);
  refusal = LOST;
  drafts.write(KEY, "");
  await advance(0);
  drafts.close();
  const again = page();
  expect([again.textOf(KEY), again.all]).toEqual(["", {}]);
  refusal = null;
  await advance(SAVE_AFTER_MS);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["", 0]);
});

it("keeps showing what the server refuses, and does not send it again", async () => {
  refusal = new Refused(990004, 404, "gone");
  const drafts = page();
  drafts.write(KEY, "half");
  await advance(600_000);
  load(drafts);
  await advance(600_000);
  expect([posted, drafts.textOf(KEY), stored.size, ended]).toEqual([["half"], "half", 1, 0]);
  refusal = null;
  drafts.write(KEY, "shorter");
  await advance(SAVE_AFTER_MS);
  expect([posted.at(-1), stored.size]).toEqual(["shorter", 0]);
});

it("keeps drafts of an ended login until the worker is back", async () => {
  refusal = new Refused(990002, 401, "log in");
  const drafts = page();
  drafts.write(KEY, "half");
  await advance(60_000);
  expect([ended, posted]).toEqual([1, ["half"]]);
  drafts.close();
  expect(drafts.all).toEqual({});
  refusal = null;
  load(drafts);
  await advance(SAVE_AFTER_MS);
  expect([drafts.textOf(KEY), server[`ann ${KEY}`]?.text, stored.size]).toEqual(["half", "half", 0]);
});

it("shows what another tab types unless a person types in this one", async () => {
  const [first, second, bob] = [page(), page(), page("bob")];
  first.write(KEY, "half");
  expect([second.textOf(KEY), bob.textOf(KEY)]).toEqual(["half", ""]);
  inBox = second;
  second.write(KEY, "half a sentence");
  expect(first.textOf(KEY)).toBe("half a sentence");
  first.write(KEY, "no, wait");
  expect(second.textOf(KEY)).toBe("half a sentence");
  inBox = null;
  await advance(SAVE_AFTER_MS);
  second.write(KEY, "");
  expect(first.textOf(KEY)).toBe("");
  await advance(60_000);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["", 0]);
});

it.each(["half a sentence", ""])(
  "saves the newest text (%j) again where a post of an older one came last",
  async (newest) => {
    for (const late of [1, 0]) {
      const [first, second] = [page(), page()];
      let arrive = () => {};
      held = { half: new Promise((resolve) => (arrive = resolve)) };
      first.write(KEY, "half");
      await advance(SAVE_AFTER_MS);
      second.write(KEY, newest);
      await advance(SAVE_AFTER_MS);
      expect(server[`ann ${KEY}`]?.text).toBe(newest);
      await advance(late);
      arrive();
      await advance(0);
      expect(server[`ann ${KEY}`]?.text).toBe("half");
      await advance(SAVE_AFTER_MS);
      expect([server[`ann ${KEY}`]?.text, first.textOf(KEY), second.textOf(KEY)]).toEqual([newest, newest, newest]);
      const count = posted.length;
      await advance(60_000);
      expect([posted.length, stored.size]).toEqual([count, 0]);
      [first, second].forEach((drafts) => drafts.close());
    }
  },
);

it("does not save again what another tab has replaced", async () => {
  const [first, second] = [page(), page()];
  first.write(KEY, "half");
  inBox = first;
  await advance(1);
  second.write(KEY, "other words");
  await advance(60_000);
  expect([first.textOf(KEY), server[`ann ${KEY}`]?.text, posted.length]).toEqual(["half", "other words", 2]);
});

it("shows what another browser saved at the next snapshot, but nothing older", async () => {
  const drafts = page();
  server[`ann ${KEY}`] = { text: "from afar", at: Date.now() };
  load(drafts);
  expect(drafts.textOf(KEY)).toBe("from afar");
  const asked = performance.now();
  await advance(1);
  drafts.write(KEY, "from here");
  await advance(SAVE_AFTER_MS);
  server[`ann ${KEY}`] = { text: "from afar", at: Date.now() - SAVE_AFTER_MS };
  load(drafts, "ann", asked);
  expect(drafts.textOf(KEY)).toBe("from here");
  server = {};
  await advance(1);
  load(drafts);
  expect(drafts.textOf(KEY)).toBe("");
});

it("takes over what older pages stored in the browser", async () => {
  const old = { id: "x", text: "long ago", at: Date.now(), openid: "o1" };
  stored.set("kefu.drafts desk ann", JSON.stringify({ [KEY]: old }));
  const drafts = page();
  expect(drafts.textOf(KEY)).toBe("long ago");
  await advance(SAVE_AFTER_MS);
  expect([server[`ann ${KEY}`]?.text, stored.size]).toEqual(["long ago", 0]);
});

it("saves everything when the page is closed, also while an older post is under way", async () => {
  const drafts = page();
  drafts.write(KEY, "ha");
  void drafts.flush();
  drafts.write(KEY, "half");
  drafts.flushNow();
  await advance(0);
  expect(server[`ann ${KEY}`]?.text).toBe("half");
});

it("keeps drafts as long as the page where the browser stores nothing", async () => {
  vi.stubGlobal("localStorage", undefined);
  refusal = LOST;
  const drafts = page();
  drafts.write(KEY, "half");
  await advance(SAVE_AFTER_MS);
  expect(drafts.textOf(KEY)).toBe("half");
});
