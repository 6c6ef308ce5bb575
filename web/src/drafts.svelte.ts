/**
 * What is typed and not sent. It is kept in the browser under its owner's name, and shown to nobody else. Tabs share
 * it, but none takes words from under another's hands.
 */

import { clientId } from "./api";

interface Draft {
  /** Of the same words as they go on, in whichever tab. */
  id: string;
  text: string;
  at: number;
  /** To whom it would go. */
  openid: string;
}

type All = Record<string, Draft>;

const KEPT_MAX = 200;
const KEPT_MS = 30 * 24 * 3_600_000;

export class Drafts {
  /** By what they are written in. */
  all: All = $state.raw({});
  #owner = "";

  constructor() {
    addEventListener("storage", (event) => {
      // A tab in sight may be typed in.
      if (this.#owner && event.key === this.#key && document.hidden) this.#adopt();
    });
  }

  open(owner: string): void {
    if (owner === this.#owner) return;
    this.close();
    this.#owner = owner;
    this.all = this.#read();
  }

  /** Forgets whose they were. What is kept stays kept. */
  close(): void {
    this.#owner = "";
    this.all = {};
  }

  of(key: string): string {
    return this.all[key]?.text ?? "";
  }

  write(key: string, text: string, openid = ""): void {
    const stored = this.#read();
    const { [key]: mine, ...others } = this.all;
    const { [key]: last, ...rest } = stored;
    const next = { id: mine?.id ?? clientId(), text, at: Date.now(), openid };
    this.all = text ? { ...others, [key]: next } : others;
    // Other words, which another tab has typed meanwhile, are not what was sent or deleted here.
    const kept = text ? next : last?.id === mine?.id ? undefined : last;
    this.#keep(kept ? { ...rest, [key]: kept } : rest);
  }

  /** Goes on with what another tab has made of the same words, or of none; other words of this tab stay. */
  #adopt(): void {
    const stored = this.#read();
    const own = Object.entries(this.all).filter(([key, draft]) => stored[key] && stored[key].id !== draft.id);
    this.all = { ...stored, ...Object.fromEntries(own) };
  }

  #keep(all: All): void {
    const latest = Object.entries(all).sort(([, a], [, b]) => a.at - b.at).slice(-KEPT_MAX);
    try {
      localStorage.setItem(this.#key, JSON.stringify(Object.fromEntries(latest)));
    } catch {
      // Storage may be full or forbidden; what is typed then lasts as long as the page.
    }
  }

  get #key(): string {
    return `kefu.drafts ${this.#owner}`;
  }

  #read(): All {
    try {
      const stored = JSON.parse(localStorage.getItem(this.#key) ?? "{}") as All;
      const since = Date.now() - KEPT_MS;
      return Object.fromEntries(Object.entries(stored).filter(([, draft]) => draft.at > since));
    } catch {
      return {};
    }
  }
}
