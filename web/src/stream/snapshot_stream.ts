/** Keeps a page current: first a snapshot, then the changes after it, through the tab of the browser that leads. */
import { Refused, type Ended } from "../api";
import { openStream, pause, whenUsed, type Frame, type Live } from "./event_stream";
import { TabGroup, type TabNote } from "./tab_group";

export interface SnapshotStreamOptions<S extends { since: string }> {
  /** The name of the group of tabs that share the stream. */
  name: string;
  snapshot: () => Promise<S>;
  streamPath: (since: string) => string;
  /** Whether a hidden page keeps its stream: at the workbench an open stream means that the agent is online. */
  keepsWhenHidden: boolean;
  onSnapshot: (snapshot: S) => void;
  onFrame: (frame: Frame) => void;
  onLive: (live: Live) => void;
  /** The server refuses the snapshot or the stream; true stops all further attempts. */
  onRefused: (cause: Refused) => boolean;
  /** Another tab has logged out (null), or the server has ended its login. */
  onLogout?: (ended: Ended | null) => void;
}

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

export class SnapshotStream<S extends { since: string }> {
  #tabs: TabGroup;
  #stream: { close: () => void } | null = null;
  #since = "";
  /** Frames that arrive while a snapshot is being loaded; null at other times. */
  #earlyFrames: Frame[] | null = null;
  #loading: Promise<boolean> | null = null;
  #loadsAgain = false;
  /** Whether a newer stream has replaced the leader's. */
  #isReplaced = false;
  #restarting: Promise<void> | null = null;
  #isOn = false;

  constructor(private options: SnapshotStreamOptions<S>) {
    this.#tabs = new TabGroup(options.name, (note) => this.#receive(note));
    if (!options.keepsWhenHidden) document.addEventListener("visibilitychange", () => void this.#visibilityChanged());
  }

  /** Loads a snapshot, then follows the stream. Returns when the first snapshot is there or refused. */
  async start(): Promise<void> {
    if (this.#isOn) return this.restart(); // Another worker has logged in meanwhile.
    this.#isOn = true;
    if (await this.load()) this.#join();
  }

  /** Lets the other tabs know that this one has logged in. */
  announceLogin(): void {
    this.#tabs.post({ kind: "login" });
  }

  /** Ends the stream, here and in the other tabs. */
  stop(ended: Ended | null = null): void {
    this.#tabs.post({ kind: "logout", ended });
    this.#end();
  }

  /**
   * Loads a snapshot, and tries again until the server answers; false when the server refuses. All calls made while a
   * load runs share one more load.
   */
  load(): Promise<boolean> {
    if (this.#loading) {
      this.#loadsAgain = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Loads a new snapshot and opens a new stream, for instance when the worker has one more account. */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = null));
    return this.#restarting;
  }

  async #restart(): Promise<void> {
    if (!this.#tabs.leads) {
      this.#tabs.post({ kind: "restart" });
      await this.load();
      return;
    }
    this.#close();
    if (await this.load()) this.#open();
  }

  async #load(): Promise<boolean> {
    this.#earlyFrames = [];
    for (let wait = RETRY_MIN_MS; this.#isOn; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        this.#loadsAgain = false;
        const snapshot = await this.options.snapshot();
        if (this.#loadsAgain) continue;
        if (!this.#isOn) break;
        this.#since = snapshot.since;
        this.options.onSnapshot(snapshot);
        if (!this.#tabs.leads) this.options.onLive(true);
        const early = this.#earlyFrames ?? [];
        this.#earlyFrames = null;
        early.forEach((frame) => this.#deliver(frame));
        return true;
      } catch (cause) {
        if (cause instanceof Refused && this.options.onRefused(cause)) {
          this.stop(cause.ended);
          return false;
        }
        this.options.onLive(false);
        await pause(wait);
      }
    }
    return false;
  }

  #join(): void {
    if (!this.options.keepsWhenHidden && document.hidden) return;
    this.#tabs.join(
      () => this.#open(),
      () => this.#close(),
    );
  }

  /** A hidden page leaves the stream to a visible one. */
  async #visibilityChanged(): Promise<void> {
    if (!this.#isOn) return;
    if (document.hidden) this.#tabs.leave();
    else if (await this.load()) this.#join();
  }

  /** Opens the stream as leader. The other tabs load again: they may lack frames that the last leader did not read. */
  #open(): void {
    this.#close();
    this.#tabs.post({ kind: "reset" });
    // Before a customer's first message there is no stream to follow.
    if (this.#since === "") return this.options.onLive(true);
    this.#stream = openStream({
      path: this.options.streamPath,
      since: this.#since,
      onFrame: (frame) => {
        if (frame.type === "reset") {
          void this.restart();
          return;
        }
        this.#tabs.post({ kind: "frame", frame });
        this.#deliver(frame);
      },
      onLive: (live) => {
        this.#tabs.post({ kind: "live", live });
        this.options.onLive(live);
      },
      onRefused: (cause) => {
        if (this.options.onRefused(cause)) this.stop(cause.ended);
        else void pause(RETRY_MAX_MS).then(() => (this.#isOn ? this.restart() : undefined));
      },
    });
  }

  #close(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #deliver(frame: Frame): void {
    if (this.#earlyFrames) {
      this.#earlyFrames.push(frame);
      return;
    }
    if (frame.id) this.#since = frame.id;
    this.options.onFrame(frame);
  }

  #receive(note: TabNote): void {
    if (note.kind === "login") void (this.#isOn && !this.#tabs.leads ? this.load() : this.start());
    if (!this.#isOn) return;
    if (note.kind === "logout") {
      this.#end();
      this.options.onLogout?.(note.ended);
    }
    if (note.kind === "restart" && this.#tabs.leads) void this.restart();
    if (this.#tabs.leads) return;
    if (note.kind === "frame") {
      this.options.onLive(true);
      this.#deliver(note.frame);
    }
    if (note.kind === "live") {
      this.options.onLive(note.live);
      this.#isReplaced = note.live === null;
      // The leader may be hidden: any tab that a person uses makes it open the stream again.
      if (this.#isReplaced) void whenUsed().then(() => (this.#isOn && this.#isReplaced ? this.restart() : undefined));
    }
    if (note.kind === "reset") void this.load().then((loaded) => loaded && this.options.onLive(true));
  }

  #end(): void {
    this.#isOn = false;
    this.#close();
    this.#tabs.leave();
  }
}
