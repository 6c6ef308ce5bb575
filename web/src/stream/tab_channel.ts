/** A channel between the tabs of one browser. It does nothing where the browser has no `BroadcastChannel`. */
export class TabChannel<T> {
  #channel: BroadcastChannel | null;

  constructor(name: string, receive: (note: T) => void) {
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<T>) => receive(data));
  }

  /** Whether the browser has such a channel, and so whether there may be other tabs. */
  get isOpen(): boolean {
    return this.#channel !== null;
  }

  /** Sends a note to all other tabs. */
  post(note: T): void {
    this.#channel?.postMessage(note);
  }
}
