/** What tabs of one browser tell each other. Nothing where the browser has no such channel. */
export class Channel<T> {
  #channel: BroadcastChannel | null;

  constructor(name: string, hear: (note: T) => void) {
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<T>) => hear(data));
  }

  tell(note: T): void {
    this.#channel?.postMessage(note);
  }
}
