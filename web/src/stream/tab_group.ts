/**
 * One stream a browser: its tabs elect a leader, who holds the stream and hands its frames to the others. A browser has
 * six connections to a server over HTTP/1.1, and a stream takes one for good.
 */
import { clientId, type Ended } from "../api";
import { Channel } from "./tab_channel";
import type { Frame, Up } from "./event_stream";

export type Note =
  | { kind: "frame"; frame: Frame }
  | { kind: "live"; up: Up }
  /** The leader has begun a new stream: load a snapshot again. */
  | { kind: "reset" }
  /** To the leader: begin a new stream, what it follows has changed. */
  | { kind: "restart" }
  | { kind: "login" }
  /** `ended`: the server has ended the login, for this reason; null where a tab asked for it. */
  | { kind: "logout"; ended: Ended | null };

/** How tabs elect where there are no locks, which need HTTPS or localhost. */
type Vote = { kind: "asks" | "leads" | "leaves"; id: string };

/** So long a leader may take to answer. */
const ANSWER_MS = 300;
/** How often a leader is asked for: one that was cut off says no word. */
const WATCH_MS = 3000;

export class Tabs {
  #channel: Channel<Note | Vote>;
  #id = clientId();
  #stands: { lead: () => void; lose: () => void } | null = null;
  #leads = false;
  /** Gives the lock back, or stops waiting for it. */
  #release: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private name: string,
    hear: (note: Note) => void,
  ) {
    this.#channel = new Channel(name, (note) => {
      if ("id" in note) this.#vote(note);
      else hear(note);
    });
    // A page that is left, or put aside to come back to, leads no more.
    addEventListener("pagehide", () => this.#stands && !this.#release && this.#leave());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#stands && !this.#release && this.#ask());
  }

  tell(note: Note): void {
    this.#channel.tell(note);
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Calls `lead` as soon as no other tab leads, and `lose` should another lead in its place. */
  stand(lead: () => void, lose: () => void): void {
    if (this.#stands) return;
    this.#stands = { lead, lose };
    if (!this.#channel.isOpen) this.#win();
    else if (navigator.locks) this.#lock();
    else this.#ask();
  }

  /** Leads no longer, and does not stand. */
  withdraw(): void {
    if (!this.#stands) return;
    this.#leave();
    this.#stands = null;
  }

  #lock(): void {
    const waiting = new AbortController();
    this.#release = () => waiting.abort();
    const held = () => {
      if (waiting.signal.aborted) return;
      return new Promise<void>((release) => {
        this.#release = release;
        this.#win();
      });
    };
    navigator.locks.request(this.name, { signal: waiting.signal }, held).catch(() => {}); // Withdrawn while waiting.
  }

  #win(): void {
    this.#leads = true;
    this.#say("leads");
    this.#stands?.lead();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#release?.();
    this.#release = null;
    if (this.#leads) this.#lose();
    this.#say("leaves");
  }

  #lose(): void {
    this.#leads = false;
    this.#stands?.lose();
  }

  #ask(): void {
    this.#say("asks");
    this.#wait(ANSWER_MS * (1 + Math.random()), () => this.#win());
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #say(kind: Vote["kind"]): void {
    if (!navigator.locks) this.#channel.tell({ kind, id: this.#id });
  }

  #vote({ kind, id }: Vote): void {
    if (!this.#stands || navigator.locks) return;
    if (kind === "asks" && this.#leads) this.#say("leads");
    if (kind === "leaves" && !this.#leads) this.#ask();
    if (kind !== "leads") return;
    // Two may have begun at once, or one slept: the smaller id goes on.
    if (this.#leads && this.#id < id) return this.#say("leads");
    if (this.#leads) this.#lose();
    this.#wait(WATCH_MS, () => this.#ask());
  }
}
