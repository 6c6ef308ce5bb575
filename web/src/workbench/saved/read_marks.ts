/** How far a worker has read each session. The server keeps it; tabs of one browser follow each other. */
import { needsLogin, passes } from "../../api";
import { Channel } from "../../stream/tab_channel";
import { keyOf, sessionOf } from "./session_key";

export interface Mark {
  worker: string;
  appid: string;
  session: number;
  message: number;
}

interface Ways {
  send: (mark: Mark) => Promise<unknown>;
  /** Another tab has read a session. */
  read: (mark: Mark) => void;
  /** The login has ended. */
  ended: (cause: unknown) => void;
}

/** What is read within it is told at once. */
export const GATHER_MS = 500;
const WAIT_MS = 5000;
/** Where pages once kept all marks of a browser. */
const OLD = "kefu.read";

export class Marks {
  #worker = "";
  #marks = new Map<string, number>();
  /** What the server has still to be told. */
  #pending = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #channel = new Channel<Mark>("kefu-read", (mark) => this.#hear(mark));

  constructor(private ways: Ways) {}

  open(worker: string): void {
    if (worker === this.#worker) return;
    this.close();
    this.#worker = worker;
  }

  close(): void {
    clearTimeout(this.#timer);
    [this.#worker, this.#timer] = ["", undefined];
    this.#marks.clear();
    this.#pending.clear();
  }

  /** The last message that was read, as far as this page knows; 0 for none. */
  upTo(appid: string, session: number): number {
    return this.#marks.get(keyOf(appid, session)) ?? 0;
  }

  /** The server knows that all up to a message was read. */
  known(appid: string, session: number, message: number): void {
    if (message > this.upTo(appid, session)) this.#marks.set(keyOf(appid, session), message);
  }

  mark(appid: string, session: number, message: number): void {
    if (message <= this.upTo(appid, session)) return;
    this.known(appid, session, message);
    this.#pending.set(keyOf(appid, session), message);
    this.#channel.tell({ worker: this.#worker, appid, session, message });
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  /** Tells the server what it has not been told. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const due = [...this.#pending];
    this.#pending.clear();
    await Promise.all(due.map(([key, message]) => this.#attempt(key, message)));
  }

  async #attempt(key: string, message: number): Promise<void> {
    const worker = this.#worker;
    try {
      await this.ways.send({ worker, ...sessionOf(key), message });
    } catch (cause) {
      if (worker !== this.#worker) return;
      if (needsLogin(cause)) return this.ways.ended(cause);
      if (!passes(cause)) return;
      this.#pending.set(key, Math.max(message, this.#pending.get(key) ?? 0));
      this.#timer ??= setTimeout(() => void this.flush(), WAIT_MS);
    }
  }

  #hear(mark: Mark): void {
    if (mark.worker !== this.#worker) return;
    this.known(mark.appid, mark.session, mark.message);
    this.ways.read(mark);
  }

  /** Tells the server, once, what older pages have marked of these sessions in this browser. Whether there was any. */
  async adopt(sessions: { appid: string; session: number }[]): Promise<boolean> {
    const old = oldMarks();
    if (!old) return false;
    const worker = this.#worker;
    const found = sessions.flatMap(({ appid, session }) => {
      const message = old[keyOf(appid, session)];
      return message ? [{ worker, appid, session, message }] : [];
    });
    for (const mark of found) {
      try {
        await this.ways.send(mark);
      } catch (cause) {
        // It is tried again with the next snapshot.
        if (needsLogin(cause) || passes(cause)) return false;
      }
    }
    localStorage.removeItem(OLD);
    return found.length > 0;
  }
}

function oldMarks(): Record<string, number> | null {
  try {
    return JSON.parse(localStorage.getItem(OLD) ?? "null") as Record<string, number> | null;
  } catch {
    return null;
  }
}
