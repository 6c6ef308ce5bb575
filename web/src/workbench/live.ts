/** Keeps a desk fed: snapshot first, then the stream, through whichever tab leads. */
import { desk as api, Refused } from "../api";
import { attended, openStream, pause, type Frame, type Up } from "../stream";
import type { DeskChange, DeskSnapshot } from "../wire";
import { Tabs, type Note } from "./tabs";

export interface Ears {
  snapshot: (snapshot: DeskSnapshot) => void;
  change: (change: DeskChange) => void;
  live: (up: Up) => void;
  /** The server knows no login of this browser. */
  loggedOut: () => void;
}

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

export class Live {
  #tabs = new Tabs((note) => this.#hear(note));
  #stream: { close: () => void } | null = null;
  #since = "";
  /** Frames that arrive while a snapshot is being loaded. */
  #held: Frame[] | null = null;
  #loading: Promise<boolean> | null = null;
  #again = false;
  /** The leader's stream was replaced. */
  #replaced = false;
  #restarting: Promise<void> | null = null;
  #on = false;

  constructor(private ears: Ears) {}

  /** Loads, then follows. Returns when the first snapshot is there or the login is not. */
  async start(): Promise<void> {
    if (this.#on) return this.restart(); // Somebody else has logged in meanwhile.
    this.#on = true;
    if (!(await this.load())) return;
    this.#tabs.stand(() => this.#open());
  }

  /** Tells the other tabs that this one has logged in. */
  announce(): void {
    this.#tabs.tell({ kind: "login" });
  }

  /** Ends the stream, here and in the other tabs. */
  stop(): void {
    this.#tabs.tell({ kind: "logout" });
    this.#end();
  }

  /** Loads a snapshot, again and again if need be; false when logged out. Calls made meanwhile share one more load. */
  load(): Promise<boolean> {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** A new snapshot and a new stream, for instance when there is one account more. */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = null));
    return this.#restarting;
  }

  async #restart(): Promise<void> {
    if (!this.#tabs.leads) {
      this.#tabs.tell({ kind: "restart" });
      await this.load();
      return;
    }
    this.#stream?.close();
    this.#stream = null;
    if (await this.load()) this.#open();
  }

  async #load(): Promise<boolean> {
    this.#held = [];
    for (let wait = RETRY_MIN_MS; this.#on; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        this.#again = false;
        const snapshot = await api.snapshot();
        if (this.#again) continue;
        if (!this.#on) break;
        this.#since = snapshot.since;
        this.ears.snapshot(snapshot);
        const held = this.#held ?? [];
        this.#held = null;
        held.forEach((frame) => this.#take(frame));
        return true;
      } catch (cause) {
        if (cause instanceof Refused && cause.status === 401) {
          this.#loggedOut();
          return false;
        }
        this.ears.live(false);
        await pause(wait);
      }
    }
    return false;
  }

  /** As leader. The others load again, for they may have missed what the last leader had not yet heard. */
  #open(): void {
    this.#stream?.close();
    this.#stream = openStream({
      path: api.streamPath,
      since: this.#since,
      hear: (frame) => {
        if (frame.type === "reset") {
          void this.restart();
          return;
        }
        this.#tabs.tell({ kind: "frame", frame });
        this.#take(frame);
      },
      live: (up) => {
        this.#tabs.tell({ kind: "live", up });
        this.ears.live(up);
      },
      refused: (status) => {
        if (status === 401) this.#loggedOut();
        else void pause(RETRY_MAX_MS).then(() => (this.#on ? this.restart() : undefined));
      },
    });
    this.#tabs.tell({ kind: "reset" });
  }

  #take(frame: Frame): void {
    if (this.#held) {
      this.#held.push(frame);
      return;
    }
    if (frame.id) this.#since = frame.id;
    if (frame.type === "change") this.ears.change(JSON.parse(frame.data) as DeskChange);
  }

  #hear(note: Note): void {
    if (note.kind === "login") void (this.#on && !this.#tabs.leads ? this.load() : this.start());
    if (!this.#on) return;
    if (note.kind === "logout") {
      this.#end();
      this.ears.loggedOut();
    }
    if (note.kind === "restart" && this.#tabs.leads) void this.restart();
    if (this.#tabs.leads) return;
    if (note.kind === "frame") {
      this.ears.live(true);
      this.#take(note.frame);
    }
    if (note.kind === "live") {
      this.ears.live(note.up);
      this.#replaced = note.up === null;
      // The leader may be out of sight: whichever of its tabs is used has it go on.
      if (this.#replaced) void attended().then(() => (this.#on && this.#replaced ? this.restart() : undefined));
    }
    if (note.kind === "reset") void this.load().then((loaded) => loaded && this.ears.live(true));
  }

  #loggedOut(): void {
    this.stop();
    this.ears.loggedOut();
  }

  #end(): void {
    this.#on = false;
    this.#stream?.close();
    this.#stream = null;
    this.#tabs.withdraw();
  }
}
