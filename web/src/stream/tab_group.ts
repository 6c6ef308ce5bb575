/**
 * One stream for all tabs of a browser: the tabs elect a leader, which holds the stream and passes its frames on. Over
 * HTTP/1.1 a browser has six connections to a server, and a stream occupies one of them.
 */
import { clientId, type Ended } from "../api";
import type { Frame, Live } from "./event_stream";
import { TabChannel } from "./tab_channel";

export type TabNote =
  | { kind: "frame"; frame: Frame }
  | { kind: "live"; live: Live }
  /** The leader has begun a new stream: load a snapshot again. */
  | { kind: "reset" }
  /** To the leader: begin a new stream, because the set of accounts has changed. */
  | { kind: "restart" }
  | { kind: "login" }
  /** `ended`: why the server has ended the login; null where a tab asked for it. */
  | { kind: "logout"; ended: Ended | null };

/** What tabs exchange to elect where the browser has no locks, which need HTTPS or localhost. */
type Vote = { kind: "needsUser" | "leads" | "leaves"; id: string };

/** How long a leader may take to answer. */
const ANSWER_MS = 300;
/** How often a tab asks for a leader: a leader that was cut off does not say so. */
const WATCH_MS = 3000;

export class TabGroup {
  #channel: TabChannel<TabNote | Vote>;
  #id = clientId();
  #member: { lead: () => void; lose: () => void } | null = null;
  #leads = false;
  /** Gives the lock back, or stops waiting for it. */
  #release: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private name: string,
    receive: (note: TabNote) => void,
  ) {
    this.#channel = new TabChannel(name, (note) => {
      if ("id" in note) this.#receiveVote(note);
      else receive(note);
    });
    // A page that is left, or kept aside for the Back button, does not lead.
    addEventListener("pagehide", () => this.#member && !this.#release && this.#giveUp());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#member && !this.#release && this.#ask());
  }

  post(note: TabNote): void {
    this.#channel.post(note);
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Calls `lead` as soon as no other tab leads, and `lose` if another tab takes its place. */
  join(lead: () => void, lose: () => void): void {
    if (this.#member) return;
    this.#member = { lead, lose };
    if (!this.#channel.isOpen) this.#becomeLeader();
    else if (navigator.locks) this.#waitForLock();
    else this.#ask();
  }

  /** Stops leading, and takes no part in elections until the next `join`. */
  leave(): void {
    if (!this.#member) return;
    this.#giveUp();
    this.#member = null;
  }

  #waitForLock(): void {
    const waiting = new AbortController();
    this.#release = () => waiting.abort();
    const held = () => {
      if (waiting.signal.aborted) return;
      return new Promise<void>((release) => {
        this.#release = release;
        this.#becomeLeader();
      });
    };
    // The request is refused when the tab leaves while it waits.
    navigator.locks.request(this.name, { signal: waiting.signal }, held).catch(() => {});
  }

  #becomeLeader(): void {
    this.#leads = true;
    this.#postVote("leads");
    this.#member?.lead();
  }

  #giveUp(): void {
    clearTimeout(this.#timer);
    this.#release?.();
    this.#release = null;
    if (this.#leads) this.#stopLeading();
    this.#postVote("leaves");
  }

  #stopLeading(): void {
    this.#leads = false;
    this.#member?.lose();
  }

  #ask(): void {
    this.#postVote("needsUser");
    this.#after(ANSWER_MS * (1 + Math.random()), () => this.#becomeLeader());
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #postVote(kind: Vote["kind"]): void {
    if (!navigator.locks) this.#channel.post({ kind, id: this.#id });
  }

  #receiveVote({ kind, id }: Vote): void {
    if (!this.#member || navigator.locks) return;
    if (kind === "needsUser" && this.#leads) this.#postVote("leads");
    if (kind === "leaves" && !this.#leads) this.#ask();
    if (kind !== "leads") return;
    // Two tabs began at once, or one was suspended: the smaller id leads.
    if (this.#leads && this.#id < id) return this.#postVote("leads");
    if (this.#leads) this.#stopLeading();
    this.#after(WATCH_MS, () => this.#ask());
  }
}
