/**
 * Messages that were sent and are not confirmed, at both pages. The browser stores them under their owner's name until
 * the server has them. They go in order within a session, and again by themselves while that can help; then the page
 * asks its user.
 */
import { clientId, isTemporary, needsLogin, Refused } from "../api";
import { TabChannel } from "../stream/tab_channel";
import type { Message } from "../wire";
import { outboxStorage, type OutboxStorage } from "./outbox_storage";

export interface Unsent {
  /** The server recognises a message by it: sending one twice is safe. */
  client_id: string;
  appid: string;
  /** 0 at the customer page. */
  session: number;
  openid: string;
  text: string;
  picture?: PicturePreview;
  /** The choice of a menu that the message is. */
  menu_choice?: MenuChoice;
  at: number;
  /** Why the last attempt failed; null while the message is under way or waits its turn. */
  error: number | null;
  /** Whether it goes again only when the user says so. */
  needsUser: boolean;
}

export interface MenuChoice {
  message: number;
  id: string;
}

/** A picture as it is sent, and its size in pixels, 0 where the browser cannot tell. */
export interface PictureFile {
  file: Blob;
  width: number;
  height: number;
}

export interface PicturePreview extends PictureFile {
  /** An object URL that shows the picture until the server has it. */
  url: string;
}

export type NewMessage = Pick<Unsent, "appid" | "session" | "openid" | "text" | "menu_choice"> & {
  picture?: PictureFile;
};

/** `refused`: why it does not go by itself any more. The tab in which the user sends it again sends it. */
type StoredMessage = Omit<Unsent, "picture" | "error" | "needsUser"> & {
  owner: string;
  refused?: number;
} & Partial<PictureFile>;

export interface OutboxOptions {
  send: (unsent: Unsent) => Promise<Message>;
  /** The server has the message. */
  onSent: (unsent: Unsent, message: Message) => void;
  /** Whether the user may still write in the message's session. */
  mayWrite: (unsent: Unsent) => boolean;
  onChange: (all: Unsent[]) => void;
  onRefused?: (cause: unknown) => void;
}

/** How long a message goes again by itself, counted from when it was written or the connection came back. */
export const RETRIES_MS = 10 * 60_000;
const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 15_000;

/** Another page of this browser sent its first message at the same time, and its answer brings the new cookie. */
const COOKIE_REPLACED = 990034;

export class Outbox {
  all: Unsent[] = [];
  #owner = "";
  /** Until when each message goes again by itself. */
  #retriesUntil = new Map<string, number>();
  #sendingLanes = new Set<string>();
  #waits = new Map<string, { ms: number; timer: ReturnType<typeof setTimeout> | undefined }>();
  /** Names the owner whose stored messages another tab has changed. */
  #channel = new TabChannel<string>(
    "kefu-outbox",
    (owner) => owner === this.#owner && void this.#syncWithStorage(owner),
  );

  constructor(
    private options: OutboxOptions,
    private storage: OutboxStorage = outboxStorage,
  ) {}

  /** Shows and sends what is stored for this owner. A second call for the same owner changes nothing. */
  async open(owner: string): Promise<void> {
    if (owner === this.#owner) return;
    this.close();
    this.#owner = owner;
    const stored = await this.storage.all<StoredMessage>(owner);
    if (owner !== this.#owner) return;
    const known = new Set(this.all.map((one) => one.client_id));
    this.#merge(stored.filter((one) => !known.has(one.client_id)));
    this.#sendAll();
  }

  #merge(found: StoredMessage[]): void {
    const all = [...found.map((one) => this.#restored(one)), ...this.all];
    if (found.length > 0) this.#set(all.sort((a, b) => a.at - b.at));
  }

  /** Forgets the owner. Stored messages stay stored. */
  close(): void {
    this.#owner = "";
    for (const { timer } of this.#waits.values()) clearTimeout(timer);
    this.#waits.clear();
    this.#retriesUntil.clear();
    this.#sendingLanes.clear();
    for (const { picture } of this.all) if (picture) URL.revokeObjectURL(picture.url);
    this.#set([]);
  }

  add({ picture, ...message }: NewMessage): void {
    const one: Unsent = { ...message, client_id: clientId(), at: Date.now(), error: null, needsUser: false };
    if (picture) one.picture = { ...picture, url: URL.createObjectURL(picture.file) };
    void this.#store(one);
    this.#retriesUntil.set(one.client_id, one.at + RETRIES_MS);
    this.#set([...this.all, one]);
    void this.#sendLane(laneOf(one));
  }

  /** The user sends the message again. */
  retry(client_id: string): void {
    const one = this.#change(client_id, { error: null, needsUser: false });
    if (!one) return;
    this.#retriesUntil.set(client_id, Date.now() + RETRIES_MS);
    void this.#sendLane(laneOf(one));
  }

  /** Removes a message for good: the server has it, or the user does not want it sent. */
  drop(client_id: string): void {
    const one = this.all.find((other) => other.client_id === client_id);
    if (!one) return;
    this.#forget(one);
    const owner = this.#owner;
    void this.storage.remove(client_id).then(() => this.#channel.post(owner));
  }

  #forget(one: Unsent): void {
    if (one.picture) URL.revokeObjectURL(one.picture.url);
    this.#retriesUntil.delete(one.client_id);
    this.#set(this.all.filter((other) => other !== one));
  }

  /** Shows what another tab has given up, and removes what it has sent or dropped. */
  async #syncWithStorage(owner: string): Promise<void> {
    const stored = await this.storage.all<StoredMessage>(owner);
    if (owner !== this.#owner) return;
    const [known, there] = [this.all, stored].map((list) => new Set(list.map((one) => one.client_id)));
    for (const one of this.all) if (one.needsUser && !there!.has(one.client_id)) this.#forget(one);
    const found = stored.filter((one) => one.refused !== undefined && !known!.has(one.client_id));
    this.#merge(found);
  }

  #store({ picture, error, needsUser, ...rest }: Unsent): Promise<unknown> {
    const refused = needsUser && error !== null ? { refused: error } : {};
    const { url: _, ...file } = picture ?? { url: "" };
    return this.storage.put({ ...rest, ...refused, owner: this.#owner, ...file } satisfies StoredMessage);
  }

  /** Drops the messages that the server is known to have, from whichever answer or event. */
  confirm(messages: Message[]): void {
    if (this.all.length > 0) for (const { client_id } of messages) if (client_id) this.drop(client_id);
  }

  /** The connection is back: waiting messages go again at once. */
  reconnected(): void {
    const until = Date.now() + RETRIES_MS;
    for (const one of this.all) if (!one.needsUser) this.#retriesUntil.set(one.client_id, until);
    for (const wait of this.#waits.values()) wait.ms = WAIT_MIN_MS;
    this.#sendAll();
  }

  #restored({ owner: _, file, width = 0, height = 0, refused, ...one }: StoredMessage): Unsent {
    this.#retriesUntil.set(one.client_id, one.at + RETRIES_MS);
    const needsUser = refused !== undefined || Date.now() > one.at + RETRIES_MS;
    const picture = file && { file, width, height, url: URL.createObjectURL(file) };
    return { ...one, ...(picture && { picture }), error: needsUser ? (refused ?? 0) : null, needsUser };
  }

  #sendAll(): void {
    new Set(this.all.map(laneOf)).forEach((lane) => void this.#sendLane(lane));
  }

  /** Sends the messages of a session that are due, one after the other. */
  async #sendLane(lane: string): Promise<void> {
    if (this.#sendingLanes.has(lane)) return;
    const owner = this.#owner;
    clearTimeout(this.#waits.get(lane)?.timer);
    this.#sendingLanes.add(lane);
    for (;;) {
      const next = this.all.find((one) => laneOf(one) === lane && !one.needsUser);
      if (!next || !(await this.#attempt(next, lane)) || owner !== this.#owner) break;
    }
    if (owner === this.#owner) this.#sendingLanes.delete(lane);
  }

  /** Sends one message; answers whether the next may go. */
  async #attempt(one: Unsent, lane: string): Promise<boolean> {
    const owner = this.#owner;
    if (!this.options.mayWrite(one)) return this.#giveUp(one.client_id, one.error ?? 0);
    try {
      const message = await this.options.send(one);
      if (owner !== this.#owner) return false;
      this.options.onSent(one, message);
      this.drop(one.client_id);
      this.#waits.delete(lane);
      return true;
    } catch (cause) {
      if (owner !== this.#owner) return false;
      const nextMayGo = this.#failed(one, lane, cause);
      this.options.onRefused?.(cause);
      return nextMayGo;
    }
  }

  #failed(one: Unsent, lane: string, cause: unknown): boolean {
    const errcode = cause instanceof Refused ? cause.errcode : 0;
    if (needsLogin(cause)) {
      this.#change(one.client_id, { error: errcode });
      return false;
    }
    const mayPass = isTemporary(cause) || errcode === COOKIE_REPLACED;
    const isFinal = !mayPass || Date.now() > (this.#retriesUntil.get(one.client_id) ?? 0);
    if (isFinal) return this.#giveUp(one.client_id, errcode);
    this.#change(one.client_id, { error: errcode === COOKIE_REPLACED ? null : errcode });
    const ms = this.#waits.get(lane)?.ms ?? WAIT_MIN_MS;
    const timer = setTimeout(() => void this.#sendLane(lane), ms);
    this.#waits.set(lane, { ms: Math.min(2 * ms, WAIT_MAX_MS), timer });
    return false;
  }

  /** Leaves a message to the user, in every tab; answers whether the next may go. */
  #giveUp(client_id: string, error: number): boolean {
    const [one, owner] = [this.#change(client_id, { error, needsUser: true }), this.#owner];
    if (one) void this.#store(one).then(() => this.#channel.post(owner));
    return one !== null;
  }

  #change(client_id: string, more: Partial<Unsent>): Unsent | null {
    const before = this.all.find((one) => one.client_id === client_id);
    if (!before) return null;
    const after = { ...before, ...more };
    this.#set(this.all.map((one) => (one === before ? after : one)));
    return after;
  }

  #set(all: Unsent[]): void {
    this.all = all;
    this.options.onChange(all);
  }
}

/** Messages of one lane go one after the other. */
const laneOf = ({ appid, session }: Unsent): string => `${appid} ${session}`;
