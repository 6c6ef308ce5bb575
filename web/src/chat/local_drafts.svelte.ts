/**
 * What is typed at the customer page and not sent. It is kept in the browser under its owner's name and shown to nobody
 * else. Tabs share it, but none takes words from under another's hands.
 */

import { clientId } from "../api";
import { draftsOf, keepDrafts, readDrafts } from "../unsent/draft_storage";

interface Draft {
  /** Of the same words as they go on, in whichever tab. */
  id: string;
  text: string;
  at: number;
}

type All = Record<string, Draft>;

export class Drafts {
  /** By what they are written in. */
  all: All = $state.raw({});
  #owner = "";

  constructor() {
    addEventListener("storage", (event) => {
      // The tab that has the focus may be typed in; one in a window beside it is not.
      if (this.#owner && event.key === draftsOf(this.#owner) && !document.hasFocus()) this.#adopt();
    });
  }

  open(owner: string): void {
    if (owner === this.#owner) return;
    this.close();
    this.#owner = owner;
    this.all = readDrafts(owner);
  }

  /** Forgets whose they were. What is kept stays kept. */
  close(): void {
    this.#owner = "";
    this.all = {};
  }

  of(key: string): string {
    return this.all[key]?.text ?? "";
  }

  write(key: string, text: string): void {
    const stored = readDrafts<Draft>(this.#owner);
    const { [key]: mine, ...others } = this.all;
    const { [key]: last, ...rest } = stored;
    const next = { id: mine?.id ?? clientId(), text, at: Date.now() };
    this.all = text ? { ...others, [key]: next } : others;
    // Other words, which another tab has typed meanwhile, are not what was sent or deleted here.
    const kept = text ? next : last?.id === mine?.id ? undefined : last;
    keepDrafts(this.#owner, kept ? { ...rest, [key]: kept } : rest);
  }

  /** Goes on with what another tab has made of the same words, or of none; other words of this tab stay. */
  #adopt(): void {
    const stored = readDrafts<Draft>(this.#owner);
    const own = Object.entries(this.all).filter(([key, draft]) => stored[key] && stored[key].id !== draft.id);
    this.all = { ...stored, ...Object.fromEntries(own) };
  }
}
