/** The state of the pushes in view: the list, which follows what is pushed, and the push that is open. */
import { desk } from "../../api";
import type { PushRow, ServerAlarms, ShownPush } from "../../wire";
import { merge, missing } from "./push_list";

/** How often the latest pushes are asked for. */
const FOLLOW_MS = 3000;

export interface PushFilter {
  outcome: string;
  openid: string;
  what: string;
}

export class PushInspector {
  filter: PushFilter = $state({ outcome: "", openid: "", what: "" });
  pushes: PushRow[] = $state.raw([]);
  /** Pushes that are done since, and that wait while a push is open, so that it stays where it is. */
  waiting: PushRow[] = $state.raw([]);
  /** Where the list goes on; "" at its end. */
  next = $state("");
  paused = $state(false);
  /** Whether the account has a developer's server. */
  pushed = $state(false);
  /** How the developer's server fares. */
  fares: ServerAlarms | null = $state.raw(null);
  isLoaded = $state(false);
  problem: unknown = $state(null);
  /** The id of the push that is open, and all that is known of it. */
  open = $state("");
  shown: ShownPush | null = $state.raw(null);
  /** Counts what was asked, so that a late answer to an earlier filter is dropped. */
  #asked = 0;

  constructor(readonly appid: string) {}

  /** Asks for the latest pushes until the returned function is called. */
  follow(): () => void {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void this.load();
    }, FOLLOW_MS);
    void this.load();
    return () => clearInterval(timer);
  }

  /** Begins a new list, for another filter. */
  async restart(): Promise<void> {
    this.pushes = [];
    this.waiting = [];
    this.next = "";
    this.isLoaded = false;
    this.close();
    await this.load();
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const [page, fares] = await Promise.all([
        desk.pushes(this.appid, { ...this.filter }),
        desk.alarms(this.appid),
      ]);
      this.fares = fares;
      if (asked !== this.#asked) return;
      if (!this.isLoaded) this.next = page.next ?? "";
      this.waiting = missing(page.pushes, this.pushes);
      if (!this.open) this.reveal();
      this.paused = page.paused;
      this.pushed = page.pushed;
      this.isLoaded = true;
      this.problem = null;
    } catch (cause) {
      if (asked === this.#asked) this.problem = cause;
    }
  }

  /** Puts what waits into the list. */
  reveal(): void {
    this.pushes = merge(this.waiting, this.pushes);
    this.waiting = [];
  }

  async loadOlder(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const page = await desk.pushes(this.appid, { ...this.filter, before: this.next });
      if (asked !== this.#asked) return;
      this.pushes = merge(page.pushes, this.pushes);
      this.next = page.next ?? "";
    } catch (cause) {
      this.problem = cause;
    }
  }

  close(): void {
    this.open = "";
    this.shown = null;
  }

  async toggle(id: string): Promise<void> {
    if (this.open === id) return this.close();
    this.open = id;
    this.shown = null;
    await this.reload();
  }

  /** Reads the open push again. */
  async reload(): Promise<void> {
    const id = this.open;
    try {
      const shown = await desk.push(this.appid, id);
      if (this.open === id) this.shown = shown;
    } catch (cause) {
      this.problem = cause;
    }
  }

  async pause(paused: boolean): Promise<void> {
    await (paused ? desk.pausePushes(this.appid) : desk.resumePushes(this.appid));
    await this.load();
  }
}
