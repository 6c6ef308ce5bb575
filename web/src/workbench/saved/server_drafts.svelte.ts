/**
 * What an agent has typed and not sent. The server keeps it by worker and session; the browser stores only what the
 * server does not have yet, under the worker's name. Tabs share drafts, but no tab replaces one while a person types.
 */
import { isTemporary, needsLogin } from "../../api";
import { TabChannel } from "../../stream/tab_channel";
import { readDrafts, storeDrafts } from "../../unsent/draft_storage";
import { mergeDrafts, type Draft, type DraftMap } from "./merge_drafts";
import { parseSessionKey } from "./session_key";

interface ServerDraftsOptions {
  /** Saves a draft at the server; answers the time at which the server saved it. */
  send: (draft: { worker: string; appid: string; session: number; text: string }) => Promise<{ at: number }>;
  /** Whether the page shows the box of this session. */
  isShown: (key: string) => boolean;
  /** The login has ended. */
  onLoginEnded: (cause: unknown) => void;
}

type StoredDraft = Pick<Draft, "text" | "at"> & Partial<Draft>;

interface DraftNote {
  worker: string;
  key: string;
  draft: Draft;
  /** The save that changed the draft; absent where a person has typed. */
  save?: Save;
}

/** A text that the server has saved. */
interface Save {
  text: string;
  /** When it was typed, by this browser's clock. */
  typedAt: number;
  /** When it was saved, by the server's clock. */
  at: number;
}

/** A draft is saved after this long without a key press, and at the latest after `SAVE_LATEST_MS`. */
export const SAVE_AFTER_MS = 500;
export const SAVE_LATEST_MS = 3000;
const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 15_000;

export class ServerDrafts {
  #drafts: DraftMap = $state.raw({});
  /** By account and session; without those that are to be deleted. */
  all: DraftMap = $derived(Object.fromEntries(Object.entries(this.#drafts).filter(([, { text }]) => text)));
  #worker = "";
  /** When each draft changed, here or in another tab, by `performance.now()`. */
  #changedAt = new Map<string, number>();
  /** The newest text typed in any tab of this browser, by session. */
  #typed = new Map<string, Pick<Draft, "text" | "at">>();
  /** The latest save from any tab of this browser, by session. */
  #lastSave = new Map<string, Save>();
  /** Drafts that the server will never take: the session is gone, or the text is too long. */
  #refused = new Set<string>();
  #sending = new Map<string, Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since when a draft is pending. */
  #pendingSince: number | null = null;
  #wait = WAIT_MIN_MS;
  #channel = new TabChannel<DraftNote>("kefu-drafts", (note) => this.#receive(note));

  constructor(private options: ServerDraftsOptions) {}

  /** Takes the drafts that the server has of this worker. `asked`: when the request began, by `performance.now()`. */
  load(worker: string, saved: DraftMap, asked: number): void {
    if (worker !== this.#worker) this.#open(worker);
    const before = this.#drafts;
    this.#drafts = mergeDrafts(before, saved, (key) => (this.#changedAt.get(key) ?? -1) >= asked);
    for (const [key, { pending, text }] of Object.entries(before)) {
      if (pending && !this.#drafts[key]?.pending) removeStored(worker, key, text);
    }
    if (this.#pendingKeys().length > 0) this.#schedule();
  }

  #open(worker: string): void {
    this.close();
    this.#worker = worker;
    // Older pages stored drafts without `openid` and `base`.
    const whole = ({ text, at, openid = "", base = 0 }: StoredDraft): Draft => ({
      text,
      at,
      openid,
      base,
      pending: true,
    });
    const stored = Object.entries(readDrafts<StoredDraft>(ownerOf(worker)));
    this.#drafts = Object.fromEntries(stored.map(([key, one]) => [key, whole(one)]));
  }

  /** Forgets the worker. What the server does not have yet stays stored. */
  close(): void {
    clearTimeout(this.#timer);
    [this.#worker, this.#drafts, this.#pendingSince] = ["", {}, null];
    for (const map of [this.#changedAt, this.#typed, this.#lastSave]) map.clear();
    this.#refused.clear();
    this.#sending.clear();
  }

  textOf(key: string): string {
    return this.#drafts[key]?.text ?? "";
  }

  /** Whether there is a draft that the server has too. */
  isSaved(key: string): boolean {
    return this.#drafts[key]?.pending === false;
  }

  write(key: string, text: string, openid = ""): void {
    const before = this.#drafts[key];
    if (text === (before?.text ?? "")) return;
    const base = before?.base ?? 0;
    const draft: Draft = { text, at: Date.now(), openid: openid || (before?.openid ?? ""), base, pending: true };
    this.#refused.delete(key);
    this.#typed.set(key, draft);
    this.#set(key, draft);
    const owner = ownerOf(this.#worker);
    storeDrafts(owner, { ...readDrafts<Draft>(owner), [key]: draft });
    this.#post(key, draft);
    if (text) this.#schedule();
    else void this.flush();
  }

  /** Saves every pending draft, and returns when the server has answered. */
  async flush(): Promise<void> {
    this.#unschedule();
    await Promise.all(this.#pendingKeys().map((key) => this.#queue(key)));
  }

  /** Sends every pending draft at once, because the page may be closed. */
  flushNow(): void {
    this.#unschedule();
    for (const key of this.#pendingKeys()) void this.#attempt(key);
  }

  /** The connection is back. */
  reconnected(): void {
    this.#wait = WAIT_MIN_MS;
    void this.flush();
  }

  #pendingKeys(): string[] {
    return Object.keys(this.#drafts).filter((key) => this.#drafts[key]!.pending && !this.#refused.has(key));
  }

  #schedule(): void {
    const now = performance.now();
    this.#pendingSince ??= now;
    clearTimeout(this.#timer);
    const ms = Math.max(0, Math.min(SAVE_AFTER_MS, this.#pendingSince + SAVE_LATEST_MS - now));
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    this.#pendingSince = null;
  }

  /** Sends the drafts of one session in order, so that an older one never replaces a newer one. */
  #queue(key: string): Promise<void> {
    const turn = (this.#sending.get(key) ?? Promise.resolve()).then(() => this.#attempt(key));
    this.#sending.set(key, turn);
    return turn;
  }

  async #attempt(key: string): Promise<void> {
    const [worker, sent] = [this.#worker, this.#drafts[key]];
    if (!sent?.pending || this.#refused.has(key)) return;
    try {
      const { at } = await this.options.send({ worker, ...parseSessionKey(key), text: sent.text });
      removeStored(worker, key, sent.text);
      if (worker === this.#worker) this.#saved(key, { text: sent.text, typedAt: sent.at, at });
    } catch (cause) {
      if (worker === this.#worker) this.#failed(key, cause);
    }
  }

  #saved(key: string, save: Save): void {
    this.#wait = WAIT_MIN_MS;
    const now = this.#drafts[key] ?? { text: "", at: save.typedAt, openid: "", base: 0, pending: false };
    const draft = { ...now, base: save.at, pending: now.pending && now.text !== save.text };
    this.#set(key, draft);
    this.#post(key, draft, save);
    this.#noteSave(key, save);
  }

  /**
   * Posts of two tabs may reach the server in either order. Where an older text was saved last, or at the same time,
   * the newest one is saved again.
   */
  #noteSave(key: string, save: Save): void {
    const [before, typed, draft] = [this.#lastSave.get(key), this.#typed.get(key), this.#drafts[key]];
    const last = before && before.at > save.at ? before : save;
    this.#lastSave.set(key, last);
    if (!typed || typed.text !== this.textOf(key)) return;
    const isTie = before?.at === save.at && before.text !== save.text;
    const isOlder = last.text !== typed.text && last.typedAt < typed.at;
    if (!isTie && !isOlder) return;
    this.#set(key, { openid: "", ...draft, ...typed, base: last.at, pending: true });
    this.#schedule();
  }

  #failed(key: string, cause: unknown): void {
    if (needsLogin(cause)) return this.options.onLoginEnded(cause);
    if (!isTemporary(cause)) return void this.#refused.add(key);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, WAIT_MAX_MS);
  }

  #set(key: string, draft: Draft): void {
    const { [key]: _, ...others } = this.#drafts;
    this.#drafts = draft.text || draft.pending ? { ...others, [key]: draft } : others;
    this.#changedAt.set(key, performance.now());
  }

  #post(key: string, draft: Draft, save?: Save): void {
    this.#channel.post({ worker: this.#worker, key, draft, ...(save && { save }) });
  }

  /** Shows what was typed in another tab, which also saves it. */
  #receive({ worker, key, draft, save }: DraftNote): void {
    if (worker !== this.#worker) return;
    const isNewest = draft.at >= (this.#typed.get(key)?.at ?? 0);
    if (isNewest && !save) this.#typed.set(key, draft);
    const isBusy = isTyping() && this.options.isShown(key);
    if (draft.text === this.textOf(key) || (isNewest && !isBusy)) this.#set(key, draft);

    if (save) this.#noteSave(key, save);
  }
}

/** Whether a person types in this tab. */
const isTyping = (): boolean => document.hasFocus() && document.activeElement?.tagName === "TEXTAREA";

const ownerOf = (worker: string): string => `desk ${worker}`;

/** Removes a draft that the server has from the browser; a newer one, typed meanwhile, stays. */
function removeStored(worker: string, key: string, text: string): void {
  const { [key]: stored, ...others } = readDrafts<Draft>(ownerOf(worker));
  if (stored?.text === text) storeDrafts(ownerOf(worker), others);
}
