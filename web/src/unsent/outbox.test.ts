import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refused } from "../api";
import type { OutboxStorage, OutboxRecord } from "./outbox_storage";
import { Outbox, RETRIES_MS, type Unsent, type OutboxOptions } from "./outbox";
import type { Message } from "../wire";

const LOST = new Refused(0, 0, "lost");
const MINUTE = 60_000;

let stored: Map<string, OutboxRecord>;
/** What each attempt to send gets, by text; without one it succeeds. */
let refusals: Record<string, Refused[]>;
let sent: string[];
let tried: string[];
let mayWrite: boolean;
let now: Unsent[];

const storage: OutboxStorage = {
  all: <T extends OutboxRecord>(owner: string) =>
    Promise.resolve([...stored.values()].filter((one) => one.owner === owner) as T[]),
  put: (one) => Promise.resolve(stored.set(one.client_id, one) && one.client_id),
  remove: (id) => Promise.resolve(void stored.delete(id)),
};

/** A note of one tab reaches the others at once. */
let receivers: ((event: { data: unknown }) => void)[];
class FakeChannel {
  #own: ((event: { data: unknown }) => void) | undefined;
  addEventListener(_: string, receive: (event: { data: unknown }) => void) {
    receivers.push((this.#own = receive));
  }
  postMessage = (data: unknown) =>
    receivers.filter((other) => other !== this.#own).forEach((receive) => receive({ data }));
}

const outbox = (onChange: OutboxOptions["onChange"] = (all) => (now = all)) =>
  new Outbox(
    {
      send: (unsent) => {
        tried.push(unsent.text);
        const refusal = refusals[unsent.text]?.shift();
        return refusal ? Promise.reject(refusal) : Promise.resolve({ client_id: unsent.client_id } as Message);
      },
      onSent: (unsent) => sent.push(unsent.text),
      mayWrite: () => mayWrite,
      onChange,
    },
    storage,
  );

const draft = (text: string, session = 1) => ({ appid: "wx1", session, openid: "o1", text });
const texts = () => now.map((one) => one.text);
const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [stored, refusals, sent, tried, mayWrite, now, receivers] = [new Map(), {}, [], [], true, [], []];
  vi.stubGlobal("BroadcastChannel", FakeChannel);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("sends in order, and keeps nothing that was sent", async () => {
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  box.add(draft("two"));
  expect(texts()).toEqual(["one", "two"]);
  expect(stored.size).toBe(2);
  await advance(0);
  expect([sent, texts(), stored.size]).toEqual([["one", "two"], [], 0]);
});

it("sends again by itself, before what was written later, and marks it meanwhile", async () => {
  refusals = { one: [LOST, LOST, LOST] };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(0);
  expect(now.map(({ error, needsUser }) => [error, needsUser])).toEqual([[0, false]]);
  box.add(draft("two"));
  box.add(draft("elsewhere", 2));
  await advance(0);
  expect(sent).toEqual(["elsewhere"]);
  await advance(MINUTE);
  expect(sent).toEqual(["elsewhere", "one", "two"]);
  expect(tried.filter((text) => text === "one")).toHaveLength(4);
});

it("needsUser after ten minutes, and goes on when the owner says so", async () => {
  refusals = { one: Array<Refused>(1000).fill(LOST) };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(RETRIES_MS + MINUTE);
  expect(now[0]?.needsUser).toBe(true);
  const tries = tried.length;
  await advance(60 * MINUTE);
  expect(tried).toHaveLength(tries);
  refusals = {};
  box.reconnected();
  await advance(MINUTE);
  expect(sent).toEqual([]);
  box.retry(now[0]!.client_id);
  await advance(0);
  expect(sent).toEqual(["one"]);
});

it("has ten minutes more from when the line is back", async () => {
  refusals = { one: Array<Refused>(1000).fill(LOST) };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(RETRIES_MS - MINUTE);
  box.reconnected();
  await advance(RETRIES_MS - MINUTE);
  expect(now[0]?.needsUser).toBe(false);
  refusals = {};
  box.reconnected();
  await advance(0);
  expect(sent).toEqual(["one"]);
});

it("needsUser at once where trying again does not help, and lets the next go", async () => {
  refusals = { one: [new Refused(990015, 409, "closed")] };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  box.add(draft("two"));
  await advance(0);
  expect(now.map(({ text, error, needsUser }) => [text, error, needsUser])).toEqual([["one", 990015, true]]);
  expect(sent).toEqual(["two"]);
  box.drop(now[0]!.client_id);
  expect([now, stored.size]).toEqual([[], 0]);
});

it("sends nothing in a session that is mayWrite no more", async () => {
  refusals = { one: [LOST] };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(0);
  mayWrite = false;
  await advance(MINUTE);
  expect([tried, now[0]?.needsUser]).toEqual([["one"], true]);
});

it("is shown to its owner only, after a reload and after another has been here", async () => {
  refusals = { one: Array<Refused>(5).fill(new Refused(990002, 401, "log in")) };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(0);
  box.close();
  expect(now).toEqual([]);
  const next = outbox();
  await next.open("bob");
  await advance(MINUTE);
  expect([now, tried]).toEqual([[], ["one"]]);
  refusals = {};
  await next.open("ann");
  await advance(0);
  expect([sent, stored.size]).toEqual([["one"], 0]);
});

it("needsUser about what is found late", async () => {
  refusals = { one: [LOST] };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(0);
  box.close();
  await advance(RETRIES_MS + 1);
  const next = outbox();
  await next.open("ann");
  await advance(MINUTE);
  expect([now[0]?.needsUser, sent]).toEqual([true, []]);
});

it("forgets what the server turns out to have", async () => {
  refusals = { one: [LOST] };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(0);
  box.confirm([{ client_id: "" } as Message, { client_id: now[0]!.client_id } as Message]);
  await advance(MINUTE);
  expect([now, stored.size, tried]).toEqual([[], 0, ["one"]]);
});

it("has another tab of the same owner ask too, and send what one gave up, once", async () => {
  let [other, bobs]: Unsent[][] = [[], []];
  const [box, second, bob] = [outbox(), outbox((all) => (other = all)), outbox((all) => (bobs = all))];
  await Promise.all([box.open("ann"), second.open("ann"), bob.open("bob")]);
  refusals = { one: [new Refused(990015, 409, "closed")], two: Array<Refused>(1000).fill(LOST) };
  box.add(draft("one"));
  await advance(1);
  box.add(draft("two"));
  await advance(RETRIES_MS + MINUTE);
  expect(other!.map(({ text, error, needsUser }) => [text, error, needsUser])).toEqual([
    ["one", 990015, true],
    ["two", 0, true],
  ]);
  refusals = {};
  second.retry(other![0]!.client_id);
  await advance(0);
  expect([sent, texts(), other!.length]).toEqual([["one"], ["two"], 1]);
  second.drop(other![0]!.client_id);
  await advance(0);
  expect([texts(), other, bobs, stored.size]).toEqual([[], [], [], 0]);
});

it("needsUser after a reload about what was refused, and does not try by itself", async () => {
  refusals = { one: [new Refused(990015, 409, "closed")] };
  const box = outbox();
  await box.open("ann");
  box.add(draft("one"));
  await advance(0);
  const next = outbox();
  await next.open("ann");
  await advance(MINUTE);
  expect([now.map(({ error, needsUser }) => [error, needsUser]), tried]).toEqual([[[990015, true]], ["one"]]);
});
