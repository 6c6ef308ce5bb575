/**
 * What is typed at the customer page and not sent. The browser stores it under its owner's name. Tabs share it, but no
 * tab replaces a draft while a person types in another.
 */

import { clientId } from "../api";
import { draftsKey, readDrafts, storeDrafts } from "../unsent/draft_storage";

interface LocalDraft {
  /** The same in all tabs while the same draft is edited. */
  id: string;
  text: string;
  at: number;
}

type LocalDraftMap = Record<string, LocalDraft>;

export class LocalDrafts {
  /** By the box they are written in. */
  all: LocalDraftMap = $state.raw({});
  #owner = "";

  constructor() {
    addEventListener("storage", (event) => {
      // A person may be typing in the tab that has the focus, so that tab keeps what it shows.
      if (this.#owner && event.key === draftsKey(this.#owner) && !document.hasFocus()) this.#adopt();
    });
  }

  open(owner: string): void {
    if (owner === this.#owner) return;
    this.close();
    this.#owner = owner;
    this.all = readDrafts(owner);
  }

  /** Forgets the owner. Stored drafts stay stored. */
  close(): void {
    this.#owner = "";
    this.all = {};
  }

  textOf(key: string): string {
    return this.all[key]?.text ?? "";
  }

  write(key: string, text: string): void {
    const stored = readDrafts<LocalDraft>(this.#owner);
    const { [key]: own, ...others } = this.all;
    const { [key]: last, ...rest } = stored;
    const next = { id: own?.id ?? clientId(), text, at: Date.now() };
    this.all = text ? { ...others, [key]: next } : others;
    // Sending or deleting a draft here leaves the draft that another tab has written meanwhile.
    const left = text ? next : last?.id === own?.id ? undefined : last;
    storeDrafts(this.#owner, left ? { ...rest, [key]: left } : rest);
  }

  /** Takes over what another tab has made of the same draft, or of an empty box; other drafts of this tab stay. */
  #adopt(): void {
    const stored = readDrafts<LocalDraft>(this.#owner);
    const own = Object.entries(this.all).filter(([key, draft]) => stored[key] && stored[key].id !== draft.id);
    this.all = { ...stored, ...Object.fromEntries(own) };
  }
}
