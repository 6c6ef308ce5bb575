/**
 * What an agent has typed and not sent. The server keeps it, by worker and session; the browser keeps only what the
 * server has still to be told, under the worker's name. Tabs follow each other, but none takes words from under hands.
 */
import { needsLogin, passes } from "../../api";
import { Channel } from "../../stream/tab_channel";
import { keepDrafts, readDrafts } from "../../unsent/draft_storage";
import { sessionOf } from "./session_key";
import { merge, type AllTyped, type Typed } from "./merge_drafts";

interface Ways {
  /** Tells the server, which answers when it has kept it. */
  send: (draft: { worker: string; appid: string; session: number; text: string }) => Promise<{ at: number }>;
  /** Whether the page shows the box of this session. */
  isShown: (key: string) => boolean;
  /** The login has ended. */
  ended: (cause: unknown) => void;
}

type Stored = Pick<Typed, "text" | "at"> & Partial<Typed>;

interface Note {
  worker: string;
  key: string;
  typed: Typed;
}

/** The server is told after so long without a key, and so late at most. */
export const QUIET_MS = 500;
export const LATE_MS = 3000;
const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 15_000;

export class ServerDrafts {
  #typed: AllTyped = $state.raw({});
  /** By account and session. */
  all: AllTyped = $derived(Object.fromEntries(Object.entries(this.#typed).filter(([, { text }]) => text)));
  #worker = "";
  /** When each was changed, here or in another tab, by the page's own clock. */
  #changed = new Map<string, number>();
  /** What will not be taken however often it is sent: its session is gone, or it is too long. */
  #refused = new Set<string>();
  #sending = new Map<string, Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since when the server has not been told. */
  #since: number | null = null;
  #wait = WAIT_MIN_MS;
  #channel = new Channel<Note>("kefu-drafts", (note) => this.#hear(note));

  constructor(private ways: Ways) {}

  /** Takes what the server has of this worker, who `asked` at that time of the page's clock. */
  load(worker: string, saved: AllTyped, asked: number): void {
    if (worker !== this.#worker) this.#open(worker);
    const before = this.#typed;
    this.#typed = merge(before, saved, (key) => (this.#changed.get(key) ?? -1) >= asked);
    for (const [key, { pending, text }] of Object.entries(before)) {
      if (pending && !this.#typed[key]?.pending) forget(worker, key, text);
    }
    if (this.#pending().length > 0) this.#schedule();
  }

  #open(worker: string): void {
    this.close();
    this.#worker = worker;
    // What an older page has kept does not say what it goes on from.
    const whole = ({ text, at, openid = "", base = 0 }: Stored): Typed => ({ text, at, openid, base, pending: true });
    const stored = Object.entries(readDrafts<Stored>(ownerOf(worker)));
    this.#typed = Object.fromEntries(stored.map(([key, one]) => [key, whole(one)]));
  }

  /** Forgets whose they were. What the server has not been told stays kept. */
  close(): void {
    clearTimeout(this.#timer);
    [this.#worker, this.#typed, this.#since] = ["", {}, null];
    this.#changed.clear();
    this.#refused.clear();
    this.#sending.clear();
  }

  of(key: string): string {
    return this.#typed[key]?.text ?? "";
  }

  /** Whether there are words that the server has too. */
  isSaved(key: string): boolean {
    return this.#typed[key]?.pending === false;
  }

  write(key: string, text: string, openid = ""): void {
    const before = this.#typed[key];
    if (text === (before?.text ?? "")) return;
    const base = before?.base ?? 0;
    const typed: Typed = { text, at: Date.now(), openid: openid || (before?.openid ?? ""), base, pending: true };
    this.#refused.delete(key);
    this.#set(key, typed);
    const owner = ownerOf(this.#worker);
    keepDrafts(owner, { ...readDrafts<Typed>(owner), [key]: typed });
    this.#tell(key, typed);
    if (text) this.#schedule();
    else void this.flush();
  }

  /** Tells the server what it has not been told. */
  async flush(): Promise<void> {
    this.#due();
    await Promise.all(this.#pending().map((key) => this.#queue(key)));
  }

  /** The same at once, for the page may go. */
  leave(): void {
    this.#due();
    for (const key of this.#pending()) void this.#attempt(key);
  }

  /** The line is back. */
  returned(): void {
    this.#wait = WAIT_MIN_MS;
    void this.flush();
  }

  #pending(): string[] {
    return Object.keys(this.#typed).filter((key) => this.#typed[key]!.pending && !this.#refused.has(key));
  }

  #schedule(): void {
    const now = performance.now();
    this.#since ??= now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), Math.max(0, Math.min(QUIET_MS, this.#since + LATE_MS - now)));
  }

  #due(): void {
    clearTimeout(this.#timer);
    this.#since = null;
  }

  /** One after the other, or older words would replace newer ones. */
  #queue(key: string): Promise<void> {
    const turn = (this.#sending.get(key) ?? Promise.resolve()).then(() => this.#attempt(key));
    this.#sending.set(key, turn);
    return turn;
  }

  async #attempt(key: string): Promise<void> {
    const [worker, sent] = [this.#worker, this.#typed[key]];
    if (!sent?.pending || this.#refused.has(key)) return;
    try {
      const { at } = await this.ways.send({ worker, ...sessionOf(key), text: sent.text });
      forget(worker, key, sent.text);
      if (worker === this.#worker) this.#delivered(key, sent.text, at);
    } catch (cause) {
      if (worker === this.#worker) this.#failed(key, cause);
    }
  }

  #delivered(key: string, text: string, at: number): void {
    this.#wait = WAIT_MIN_MS;
    const now = this.#typed[key];
    if (!now) return;
    const typed = { ...now, base: at, pending: now.pending && now.text !== text };
    this.#set(key, typed);
    this.#tell(key, typed);
  }

  #failed(key: string, cause: unknown): void {
    if (needsLogin(cause)) return this.ways.ended(cause);
    if (!passes(cause)) return void this.#refused.add(key);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, WAIT_MAX_MS);
  }

  #set(key: string, typed: Typed): void {
    const { [key]: _, ...others } = this.#typed;
    this.#typed = typed.text || typed.pending ? { ...others, [key]: typed } : others;
    this.#changed.set(key, performance.now());
  }

  #tell(key: string, typed: Typed): void {
    this.#channel.tell({ worker: this.#worker, key, typed });
  }

  /** What another tab has typed, and tells the server. */
  #hear({ worker, key, typed }: Note): void {
    if (worker !== this.#worker) return;
    if (typed.text === this.of(key) || !(isInBox() && this.ways.isShown(key))) this.#set(key, typed);
  }
}

/** Whether somebody writes in this tab. */
const isInBox = (): boolean => document.hasFocus() && document.activeElement?.tagName === "TEXTAREA";

const ownerOf = (worker: string): string => `desk ${worker}`;

/** The server has these words; others, typed meanwhile, stay. */
function forget(worker: string, key: string, text: string): void {
  const { [key]: kept, ...others } = readDrafts<Typed>(ownerOf(worker));
  if (kept?.text === text) keepDrafts(ownerOf(worker), others);
}
