/** How far a worker has read each session. The server keeps it; the tabs of one browser share it. */
import { isTemporary, needsLogin } from "../../api";
import { TabChannel } from "../../stream/tab_channel";
import { parseSessionKey, sessionKey } from "./session_key";

/** A worker has read a session up to a message. */
export interface ReadMark {
  worker: string;
  appid: string;
  session: number;
  message: number;
}

interface ReadMarksOptions {
  /** Saves a mark at the server. */
  send: (mark: ReadMark) => Promise<unknown>;
  /** Another tab has read a session. */
  onRead: (mark: ReadMark) => void;
  /** The login has ended. */
  onLoginEnded: (cause: unknown) => void;
}

/** Marks that are set within this time are sent together. */
export const GATHER_MS = 500;
const WAIT_MS = 5000;
/** Where older pages stored the marks of a browser. */
const OLD_STORAGE_KEY = "kefu.read";

export class ReadMarks {
  #worker = "";
  #marks = new Map<string, number>();
  /** Marks that the server does not have yet. */
  #pending = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #channel = new TabChannel<ReadMark>("kefu-read", (mark) => this.#receive(mark));

  constructor(private options: ReadMarksOptions) {}

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
    return this.#marks.get(sessionKey(appid, session)) ?? 0;
  }

  /** Notes a mark that the server has. */
  setKnown(appid: string, session: number, message: number): void {
    if (message > this.upTo(appid, session)) this.#marks.set(sessionKey(appid, session), message);
  }

  mark(appid: string, session: number, message: number): void {
    if (message <= this.upTo(appid, session)) return;
    this.setKnown(appid, session, message);
    this.#pending.set(sessionKey(appid, session), message);
    this.#channel.post({ worker: this.#worker, appid, session, message });
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  /** Sends all pending marks. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    await Promise.all(pending.map(([key, message]) => this.#attempt(key, message)));
  }

  async #attempt(key: string, message: number): Promise<void> {
    const worker = this.#worker;
    try {
      await this.options.send({ worker, ...parseSessionKey(key), message });
    } catch (cause) {
      if (worker !== this.#worker) return;
      if (needsLogin(cause)) return this.options.onLoginEnded(cause);
      if (!isTemporary(cause)) return;
      this.#pending.set(key, Math.max(message, this.#pending.get(key) ?? 0));
      this.#timer ??= setTimeout(() => void this.flush(), WAIT_MS);
    }
  }

  #receive(mark: ReadMark): void {
    if (mark.worker !== this.#worker) return;
    this.setKnown(mark.appid, mark.session, mark.message);
    this.options.onRead(mark);
  }

  /** Sends the server, once, the marks that older pages stored for these sessions; answers whether there were any. */
  async sendOldMarks(sessions: { appid: string; session: number }[]): Promise<boolean> {
    const old = readOldMarks();
    if (!old) return false;
    const worker = this.#worker;
    const found = sessions.flatMap(({ appid, session }) => {
      const message = old[sessionKey(appid, session)];
      return message ? [{ worker, appid, session, message }] : [];
    });
    for (const mark of found) {
      try {
        await this.options.send(mark);
      } catch (cause) {
        // The next snapshot tries again.
        if (needsLogin(cause) || isTemporary(cause)) return false;
      }
    }
    localStorage.removeItem(OLD_STORAGE_KEY);
    return found.length > 0;
  }
}

function readOldMarks(): Record<string, number> | null {
  try {
    return JSON.parse(localStorage.getItem(OLD_STORAGE_KEY) ?? "null") as Record<string, number> | null;
  } catch {
    return null;
  }
}
