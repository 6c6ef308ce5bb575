import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refused } from "../../api";
import { GATHER_MS, ReadMarks, type ReadMark } from "./read_marks";

let sent: string[];
let refusal: Refused | null;
let read: string[];
let ended: number;
let stored: Map<string, string>;

const inWords = ({ worker, appid, session, message }: ReadMark) => `${worker} ${appid}:${session} ${message}`;

function page(worker = "ann") {
  const marks = new ReadMarks({
    send: (mark) => {
      sent.push(inWords(mark));
      return refusal ? Promise.reject(refusal) : Promise.resolve({});
    },
    onRead: (mark) => read.push(inWords(mark)),
    onLoginEnded: () => (ended += 1),
  });
  marks.open(worker);
  return marks;
}

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [sent, refusal, read, ended, stored] = [[], null, [], 0, new Map()];
  const receivers: ((event: { data: unknown }) => void)[] = [];
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      #own: unknown;
      addEventListener = (_: string, receive: (event: { data: unknown }) => void) =>
        receivers.push((this.#own = receive) && receive);
      postMessage = (data: unknown) =>
        receivers.filter((receive) => receive !== this.#own).forEach((receive) => receive({ data }));
    },
  );
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    removeItem: (key: string) => stored.delete(key),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("sends marks of a short time together, and none twice", async () => {
  const marks = page();
  marks.mark("wx1", 1, 5);
  marks.mark("wx1", 1, 7);
  marks.mark("wx1", 2, 6);
  marks.mark("wx1", 1, 6);
  await advance(GATHER_MS);
  marks.mark("wx1", 1, 7);
  await advance(60_000);
  expect(sent).toEqual(["ann wx1:1 7", "ann wx1:2 6"]);
});

it("shares marks with other tabs of the worker, which do not send them again", async () => {
  const [first, second] = [page(), page()];
  page("bob");
  first.mark("wx1", 1, 7);
  expect(read).toEqual(["ann wx1:1 7"]);
  second.mark("wx1", 1, 7);
  await advance(60_000);
  expect([sent, second.upTo("wx1", 1)]).toEqual([["ann wx1:1 7"], 7]);
});

it("sends a mark again after a failure, but not where the session is gone", async () => {
  refusal = new Refused(0, 0, "lost");
  const marks = page();
  marks.mark("wx1", 1, 7);
  await advance(GATHER_MS);
  refusal = new Refused(990004, 404, "gone");
  await marks.flush();
  await advance(60_000);
  expect(sent).toHaveLength(2);
  refusal = new Refused(990002, 401, "log in");
  marks.mark("wx1", 1, 8);
  await advance(60_000);
  expect([sent.length, ended]).toEqual([3, 1]);
});

it("sends once the marks that older pages stored, for sessions that exist", async () => {
  stored.set("kefu.read", JSON.stringify({ "wx1:1": 7, "wx1:2": 8, "wx9:3": 9 }));
  refusal = new Refused(0, 0, "lost");
  const marks = page();
  const there = [
    { appid: "wx1", session: 1 },
    { appid: "wx1", session: 4 },
    { appid: "wx9", session: 3 },
  ];
  expect([await marks.sendOldMarks(there), stored.size]).toEqual([false, 1]);
  refusal = null;
  sent = [];
  expect([await marks.sendOldMarks(there), stored.size, sent]).toEqual([true, 0, ["ann wx1:1 7", "ann wx9:3 9"]]);
  expect([await marks.sendOldMarks(there), sent.length]).toEqual([false, 2]);
});
