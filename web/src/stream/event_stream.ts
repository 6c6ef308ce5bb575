/**
 * Server-Sent Events over `fetch`. `EventSource` hides the status of a refusal and the heartbeat's bytes, and gives up
 * for good on anything but 200; here each attempt goes on from the last id, with growing waits.
 */
import { refusalOf, type Refused } from "../api";

export interface Frame {
  /** The event's name. */
  type: string;
  /** The cursor to go on from, or "" when this frame does not move it. */
  id: string;
  data: string;
}

const SILENCE_MS = 15_000;
const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 10_000;

/** Takes the text of a stream in pieces of any size and hands out whole frames. */
export function reader(hear: (frame: Frame) => void): (piece: string) => void {
  let rest = "";
  let frame: Frame = { type: "message", id: "", data: "" };
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (frame.data !== "") hear(frame);
        frame = { type: "message", id: "", data: "" };
        continue;
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === "event") frame.type = value ?? "";
      if (field === "id") frame.id = value ?? "";
      if (field === "data") frame.data += (frame.data && "\n") + value;
    }
  };
}

/** Whether frames flow: true; false when the stream has to be opened again; null when newer ones have replaced it. */
export type Up = boolean | null;

export interface StreamOptions {
  path: (since: string) => string;
  since: string;
  hear: (frame: Frame) => void;
  live: (up: Up) => void;
  /** The server answered 4xx: trying again would not help. */
  refused: (cause: Refused) => void;
}

/** Keeps a stream open until `close` is called or the server refuses it. */
export function openStream(options: StreamOptions): { close: () => void } {
  let closed = false;
  let attempt = new AbortController();
  let since = options.since;
  let wait = WAIT_MIN_MS;
  /** What `live` is told when this attempt ends. */
  let down: Up = false;

  const hear = (frame: Frame) => {
    if (closed) return;
    if (frame.id) since = frame.id;
    if (frame.type === "replaced") down = null;
    else options.hear(frame);
  };

  async function once(): Promise<void> {
    const current = (attempt = new AbortController());
    let timer = setTimeout(() => current.abort(), SILENCE_MS);
    try {
      const answer = await fetch(options.path(since), {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: current.signal,
      });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        closed = true;
        options.refused(refusalOf(answer, await answer.json().catch(() => null)));
        return;
      }
      if (!answer.ok || !answer.body) return;
      const read = reader(hear);
      const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      options.live(true);
      wait = WAIT_MIN_MS;
      for (let piece = await text.read(); !piece.done; piece = await text.read()) {
        clearTimeout(timer);
        timer = setTimeout(() => current.abort(), SILENCE_MS);
        read(piece.value);
      }
    } catch {
      // Cut off, silent or unreachable: the loop below tries again.
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(): Promise<void> {
    while (!closed) {
      await once();
      if (closed) return;
      options.live(down);
      await (down === null ? attended() : pause(wait * (0.75 + Math.random() / 2)));
      down = false;
      wait = Math.min(wait * 2, WAIT_MAX_MS);
    }
  }

  void run();
  return {
    close: () => {
      closed = true;
      attempt.abort();
    },
  };
}

/** Waits until the page is used. Of many pages one is, so pages do not replace each other's streams for ever. */
export const attended = (): Promise<void> => first(["focus", "visibilitychange", "click", "keydown"]);

/** Waits, but not past the moment the network is said to be back or the page is looked at again. */
export const pause = (ms: number): Promise<void> => first(["online", "visibilitychange"], ms);

/** Waits for one of these events, for the page to be looked at, or for this long. */
function first(types: string[], ms?: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (event?: Event) => {
      if (event && document.hidden) return;
      types.forEach((type) => removeEventListener(type, done, true));
      resolve();
    };
    if (ms) setTimeout(done, ms);
    types.forEach((type) => addEventListener(type, done, true));
  });
}
