import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStream, frameParser, type Frame, type Live } from "./event_stream";

function frames(pieces: string[]): Frame[] {
  const received: Frame[] = [];
  const read = frameParser((frame) => received.push(frame));
  pieces.forEach(read);
  return received;
}

const wire = ': hello\n\nevent: change\nid: wx1:7\ndata: {"a":\ndata: 1}\n\nevent: beat\ndata: {}\n\n';
const expected = [
  { type: "change", id: "wx1:7", data: '{"a":\n1}' },
  { type: "beat", id: "", data: "{}" },
];

it("reads frames however the stream is cut", () => {
  expect(frames([wire])).toEqual(expected);
  expect(frames([...wire])).toEqual(expected);
});

it("reads every kind of line end, cut in the middle too", () => {
  expect(frames([...wire.replaceAll("\n", "\r\n")])).toEqual(expected);
  expect(frames([wire.replaceAll("\n", "\r") + ":"])).toEqual(expected);
});

it("hands out nothing before a frame is whole", () => {
  expect(frames(["event: change\ndata: {}\n"])).toEqual([]);
  expect(frames(["event: change\n\n"])).toEqual([]);
});

describe("a stream that was replaced", () => {
  /** What each opening of the stream asks for. */
  let paths: string[];
  let states: Live[];
  let received: string[];
  let page: EventTarget & { hidden?: boolean };
  const change = 'event: change\nid: wx1:7\ndata: {"seq":7}\n\n';
  const replaced = "event: replaced\ndata: {}\n\n";

  /** Opens a stream whose answers are these texts, one after the other; the last stays open. */
  function open(...answers: string[]): { close: () => void } {
    const body = (text: string, ends: boolean) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(text));
          if (ends) controller.close();
        },
      });
    vi.stubGlobal("fetch", (path: string) => {
      const text = answers[paths.length] ?? "";
      paths.push(path);
      return Promise.resolve(new Response(body(text, paths.length < answers.length)));
    });
    return openStream({
      path: (since) => since,
      since: "wx1:1",
      onFrame: (frame) => received.push(frame.type),
      onLive: (live) => states.push(live),
      onRefused: () => expect.unreachable(),
    });
  }

  const use = (type: string, hidden = false) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event(type));
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    [paths, states, received, page] = [[], [], [], new EventTarget()];
    vi.stubGlobal("document", page);
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it.each(["focus", "visibilitychange", "click", "keydown"])("is opened again by %s, and by no time", async (type) => {
    const stream = open(change + replaced, change);
    await vi.waitFor(() => expect(states).toEqual([true, null]));
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    use("online");
    use("visibilitychange", true);
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(paths).toEqual(["wx1:1"]);
    use(type);
    await vi.waitFor(() => expect(states).toEqual([true, null, true]));
    expect(paths).toEqual(["wx1:1", "wx1:7"]);
    expect(received).toEqual(["change", "change"]);
    stream.close();
  });

  it("is opened again each time the page is used, and waits each time", async () => {
    const stream = open(replaced, replaced, "");
    for (const opened of [1, 2]) {
      await vi.waitFor(() => expect(states).toHaveLength(2 * opened));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(paths).toHaveLength(opened);
      use("focus");
    }
    await vi.waitFor(() => expect(paths).toHaveLength(3));
    stream.close();
  });

  it("stays closed where the page has closed it", async () => {
    const stream = open(replaced, "");
    await vi.waitFor(() => expect(states).toHaveLength(2));
    stream.close();
    use("focus");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(paths).toHaveLength(1);
  });

  it("is not one that was cut off, which is opened again by itself", async () => {
    const stream = open(change, "");
    await vi.waitFor(() => expect(states).toEqual([true, false]));
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(paths).toEqual(["wx1:1", "wx1:7"]));
    stream.close();
  });
});
