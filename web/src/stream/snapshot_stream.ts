/** Keeps a page fed: snapshot first, then the stream, through whichever tab of the browser leads. */
import { Refused, type Ended } from "../api";
import { attended, openStream, pause, type Frame, type Up } from "./event_stream";
import { Tabs, type Note } from "./tab_group";

export interface Ways<S extends { since: string }> {
  /** What the tabs that share a stream have in common. */
  name: string;
  snapshot: () => Promise<S>;
  streamPath: (since: string) => string;
  /** Whether a page that is out of sight keeps its stream: at the workbench it says who is there. */
  keeps: boolean;
  loaded: (snapshot: S) => void;
  frame: (frame: Frame) => void;
  live: (up: Up) => void;
  /** The server refuses; true ends it all. */
  refused: (cause: Refused) => boolean;
  /** Another tab has logged out (null), or its login has `ended`. */
  loggedOut?: (ended: Ended | null) => void;
}

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

export class Live<S extends { since: string }> {
  #tabs: Tabs;
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

  constructor(private ways: Ways<S>) {
    this.#tabs = new Tabs(ways.name, (note) => this.#hear(note));
    if (!ways.keeps) document.addEventListener("visibilitychange", () => void this.#seen());
  }

  /** Loads, then follows. Returns when the first snapshot is there or refused. */
  async start(): Promise<void> {
    if (this.#on) return this.restart(); // Somebody else has logged in meanwhile.
    this.#on = true;
    if (await this.load()) this.#stand();
  }

  /** Tells the other tabs that this one has logged in. */
  announce(): void {
    this.#tabs.tell({ kind: "login" });
  }

  /** Ends the stream, here and in the other tabs. */
  stop(ended: Ended | null = null): void {
    this.#tabs.tell({ kind: "logout", ended });
    this.#end();
  }

  /** Loads a snapshot, again and again if need be; false when refused. Calls made meanwhile share one more load. */
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
    this.#close();
    if (await this.load()) this.#open();
  }

  async #load(): Promise<boolean> {
    this.#held = [];
    for (let wait = RETRY_MIN_MS; this.#on; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        this.#again = false;
        const snapshot = await this.ways.snapshot();
        if (this.#again) continue;
        if (!this.#on) break;
        this.#since = snapshot.since;
        this.ways.loaded(snapshot);
        if (!this.#tabs.leads) this.ways.live(true);
        const held = this.#held ?? [];
        this.#held = null;
        held.forEach((frame) => this.#take(frame));
        return true;
      } catch (cause) {
        if (cause instanceof Refused && this.ways.refused(cause)) {
          this.stop(cause.ended);
          return false;
        }
        this.ways.live(false);
        await pause(wait);
      }
    }
    return false;
  }

  #stand(): void {
    if (!this.ways.keeps && document.hidden) return;
    this.#tabs.stand(
      () => this.#open(),
      () => this.#close(),
    );
  }

  /** A page that nobody sees leaves the stream to one that is seen. */
  async #seen(): Promise<void> {
    if (!this.#on) return;
    if (document.hidden) this.#tabs.withdraw();
    else if (await this.load()) this.#stand();
  }

  /** As leader. The others load again, for they may have missed what the last leader had not yet heard. */
  #open(): void {
    this.#close();
    this.#tabs.tell({ kind: "reset" });
    // There is nothing to follow before a customer's first word.
    if (this.#since === "") return this.ways.live(true);
    this.#stream = openStream({
      path: this.ways.streamPath,
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
        this.ways.live(up);
      },
      refused: (cause) => {
        if (this.ways.refused(cause)) this.stop(cause.ended);
        else void pause(RETRY_MAX_MS).then(() => (this.#on ? this.restart() : undefined));
      },
    });
  }

  #close(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #take(frame: Frame): void {
    if (this.#held) {
      this.#held.push(frame);
      return;
    }
    if (frame.id) this.#since = frame.id;
    this.ways.frame(frame);
  }

  #hear(note: Note): void {
    if (note.kind === "login") void (this.#on && !this.#tabs.leads ? this.load() : this.start());
    if (!this.#on) return;
    if (note.kind === "logout") {
      this.#end();
      this.ways.loggedOut?.(note.ended);
    }
    if (note.kind === "restart" && this.#tabs.leads) void this.restart();
    if (this.#tabs.leads) return;
    if (note.kind === "frame") {
      this.ways.live(true);
      this.#take(note.frame);
    }
    if (note.kind === "live") {
      this.ways.live(note.up);
      this.#replaced = note.up === null;
      // The leader may be out of sight: whichever of its tabs is used has it go on.
      if (this.#replaced) void attended().then(() => (this.#on && this.#replaced ? this.restart() : undefined));
    }
    if (note.kind === "reset") void this.load().then((loaded) => loaded && this.ways.live(true));
  }

  #end(): void {
    this.#on = false;
    this.#close();
    this.#tabs.withdraw();
  }
}
