/**
 * One stream a browser: the tabs elect a leader, who holds the stream and hands its frames to the others. Where the
 * browser cannot elect (locks need HTTPS or localhost), every tab leads itself.
 */
import type { Frame, Up } from "../stream";

export type Note =
  | { kind: "frame"; frame: Frame }
  | { kind: "live"; up: Up }
  /** The leader has begun a new stream: load a snapshot again. */
  | { kind: "reset" }
  /** To the leader: begin a new stream, the set of accounts has changed. */
  | { kind: "restart" }
  | { kind: "login" }
  | { kind: "logout" };

const NAME = "kefu-desk";

export class Tabs {
  #channel: BroadcastChannel | null;
  #resign: (() => void) | null = null;
  #waiting: AbortController | null = null;

  constructor(hear: (note: Note) => void) {
    this.#channel = "locks" in navigator ? new BroadcastChannel(NAME) : null;
    this.#channel?.addEventListener("message", (event: MessageEvent<Note>) => hear(event.data));
  }

  tell(note: Note): void {
    this.#channel?.postMessage(note);
  }

  get leads(): boolean {
    return this.#resign !== null;
  }

  /** Calls `lead` as soon as no other tab leads. */
  stand(lead: () => void): void {
    if (this.#resign || this.#waiting) return;
    if (!this.#channel) {
      this.#resign = () => {};
      lead();
      return;
    }
    const waiting = (this.#waiting = new AbortController());
    navigator.locks
      .request(NAME, { signal: waiting.signal }, () => {
        this.#waiting = null;
        return new Promise<void>((resign) => {
          this.#resign = resign;
          lead();
        });
      })
      .catch(() => {}); // Withdrawn while waiting.
  }

  /** Leads no longer, and does not stand. */
  withdraw(): void {
    this.#waiting?.abort();
    this.#waiting = null;
    this.#resign?.();
    this.#resign = null;
  }
}
