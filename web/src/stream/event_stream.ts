/**
 * Server-Sent Events over `fetch`. `EventSource` hides the status of a refusal and the bytes of the heartbeat, and
 * gives up on any status but 200. Here each attempt resumes from the last id, and the waits between attempts grow.
 */
import { refusalOf, type Refused } from "../api";

export interface Frame {
  /** The event's name. */
  type: string;
  /** The cursor to resume from, or "" when this frame does not move it. */
  id: string;
  data: string;
}

const SILENCE_MS = 15_000;
const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 10_000;

/** Returns a parser that takes the text of a stream in pieces of any size and passes on whole frames. */
export function frameParser(receive: (frame: Frame) => void): (piece: string) => void {
  let rest = "";
  let frame: Frame = { type: "message", id: "", data: "" };
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (frame.data !== "") receive(frame);
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

/** Whether the stream is open: true; false while it has to be opened again; null when a newer stream replaced it. */
export type Live = boolean | null;

export interface EventStreamOptions {
  path: (since: string) => string;
  since: string;
  onFrame: (frame: Frame) => void;
  onLive: (live: Live) => void;
  /** The server answered 4xx: another attempt would fail too. */
  onRefused: (cause: Refused) => void;
}

/** Keeps a stream open until `close` is called or the server refuses it. */
export function openStream(options: EventStreamOptions): { close: () => void } {
  let closed = false;
  let attempt = new AbortController();
  let since = options.since;
  let wait = WAIT_MIN_MS;
  /** What `onLive` gets when this attempt ends. */
  let liveAtEnd: Live = false;

  const receive = (frame: Frame) => {
    if (closed) return;
    if (frame.id) since = frame.id;
    if (frame.type === "replaced") liveAtEnd = null;
    else options.onFrame(frame);
  };

  async function readOnce(): Promise<void> {
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
        options.onRefused(refusalOf(answer, await answer.json().catch(() => null)));
        return;
      }
      if (!answer.ok || !answer.body) return;
      const parse = frameParser(receive);
      const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      options.onLive(true);
      wait = WAIT_MIN_MS;
      for (let piece = await text.read(); !piece.done; piece = await text.read()) {
        clearTimeout(timer);
        timer = setTimeout(() => current.abort(), SILENCE_MS);
        parse(piece.value);
      }
    } catch {
      // The connection was cut, silent or impossible: the loop below tries again.
    } finally {
      clearTimeout(timer);
    }
  }

  async function run(): Promise<void> {
    while (!closed) {
      await readOnce();
      if (closed) return;
      options.onLive(liveAtEnd);
      await (liveAtEnd === null ? whenUsed() : pause(wait * (0.75 + Math.random() / 2)));
      liveAtEnd = false;
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

/** Waits until a person uses the page. Only one page is used at a time, so pages do not replace each other for ever. */
export const whenUsed = (): Promise<void> => whenEvent(["focus", "visibilitychange", "click", "keydown"]);

/** Waits, but only until the network is back or the page comes into view. */
export const pause = (ms: number): Promise<void> => whenEvent(["online", "visibilitychange"], ms);

/** Waits for one of these events while the page is visible, at most for this time. */
function whenEvent(types: string[], ms?: number): Promise<void> {
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
