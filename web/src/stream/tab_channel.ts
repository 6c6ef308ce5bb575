/** What tabs of one browser tell each other. Nothing where the browser has no such channel. */
export class Channel<T> {
  #channel: BroadcastChannel | null;

  constructor(name: string, hear: (note: T) => void) {
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<T>) => hear(data));
  }

  /** Whether there is a channel, and so perhaps another tab. */
  get isOpen(): boolean {
    return this.#channel !== null;
  }

  tell(note: T): void {
    this.#channel?.postMessage(note);
  }
}
