/**
 * What was sent and is not confirmed, at both pages. It is kept in the browser under its owner's name until the server
 * has it, goes in order within a session, and goes again by itself while that makes sense; later the page asks.
 */
import { clientId, needsLogin, passes, Refused } from "../api";
import { Channel } from "../stream/tab_channel";
import { kept, type Keeper } from "./outbox_storage";
import type { Message } from "../wire";

export interface Unsent {
  /** The server knows a message by it: to send one twice is safe. */
  client_id: string;
  appid: string;
  /** 0 at the customer page. */
  session: number;
  openid: string;
  text: string;
  picture?: Picture;
  /** The menu's choice that it is. */
  tapped?: { message: number; id: string };
  at: number;
  /** Why it did not go the last time; null while it is under way or waits its turn. */
  error: number | null;
  /** Whether it goes again only when its owner says so. */
  asks: boolean;
}

/** A picture as it is sent, and its size in pixels, 0 where the browser cannot tell. */
export interface Drawn {
  file: Blob;
  width: number;
  height: number;
}

export interface Picture extends Drawn {
  /** Shows it meanwhile. */
  url: string;
}

/** What is new of a message that is to be sent. */
export type Draft = Pick<Unsent, "appid" | "session" | "openid" | "text"> & {
  picture?: Drawn;
  tapped?: { message: number; id: string };
};

/** `refused`: why it goes by itself no more; whichever tab has its owner say so sends it. */
type Stored = Omit<Unsent, "picture" | "error" | "asks"> & { owner: string; refused?: number } & Partial<Drawn>;

export interface Ways {
  send: (unsent: Unsent) => Promise<Message>;
  /** The server has it. */
  sent: (unsent: Unsent, message: Message) => void;
  /** Whether it may still be written in its session. */
  theirs: (unsent: Unsent) => boolean;
  changed: (all: Unsent[]) => void;
  /** Not sent, for this reason. */
  refused?: (cause: unknown) => void;
}

/** So long a message goes again by itself, from when it was written or the line came back. */
export const PATIENCE_MS = 10 * 60_000;
const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 15_000;

/** Another page of this browser has just written first; its answer brings the cookie that goes on. Not worth a word. */
const COOKIE_REPLACED = 990034;

export class Outbox {
  all: Unsent[] = [];
  #owner = "";
  /** Until when each goes by itself. */
  #until = new Map<string, number>();
  #running = new Set<string>();
  #waits = new Map<string, { ms: number; timer: ReturnType<typeof setTimeout> | undefined }>();
  /** Whose store another tab has changed. */
  #channel = new Channel<string>("kefu-outbox", (owner) => owner === this.#owner && void this.#follow(owner));

  constructor(
    private ways: Ways,
    private keeper: Keeper = kept,
  ) {}

  /** Shows and sends what is kept of this owner. Calls for the same one change nothing. */
  async open(owner: string): Promise<void> {
    if (owner === this.#owner) return;
    this.close();
    this.#owner = owner;
    const stored = await this.keeper.all<Stored>(owner);
    if (owner !== this.#owner) return;
    const known = new Set(this.all.map((one) => one.client_id));
    this.#merge(stored.filter((one) => !known.has(one.client_id)));
    this.#runAll();
  }

  #merge(found: Stored[]): void {
    const all = [...found.map((one) => this.#restored(one)), ...this.all];
    if (found.length > 0) this.#set(all.sort((a, b) => a.at - b.at));
  }

  /** Forgets whose it was. What is kept stays kept. */
  close(): void {
    this.#owner = "";
    for (const { timer } of this.#waits.values()) clearTimeout(timer);
    this.#waits.clear();
    this.#until.clear();
    this.#running.clear();
    for (const { picture } of this.all) if (picture) URL.revokeObjectURL(picture.url);
    this.#set([]);
  }

  add({ picture: drawn, ...draft }: Draft): void {
    const one: Unsent = { ...draft, client_id: clientId(), at: Date.now(), error: null, asks: false };
    if (drawn) one.picture = { ...drawn, url: URL.createObjectURL(drawn.file) };
    void this.#keep(one);
    this.#until.set(one.client_id, one.at + PATIENCE_MS);
    this.#set([...this.all, one]);
    void this.#run(laneOf(one));
  }

  /** Its owner has it sent again. */
  again(client_id: string): void {
    const one = this.#change(client_id, { error: null, asks: false });
    if (!one) return;
    this.#until.set(client_id, Date.now() + PATIENCE_MS);
    void this.#run(laneOf(one));
  }

  /** Its owner does not want it sent any more. */
  drop(client_id: string): void {
    const one = this.all.find((other) => other.client_id === client_id);
    if (!one) return;
    this.#forget(one);
    const owner = this.#owner;
    void this.keeper.remove(client_id).then(() => this.#channel.tell(owner));
  }

  #forget(one: Unsent): void {
    if (one.picture) URL.revokeObjectURL(one.picture.url);
    this.#until.delete(one.client_id);
    this.#set(this.all.filter((other) => other !== one));
  }

  /** Of what another tab has given up this one asks too; what it has sent or dropped is asked about no more. */
  async #follow(owner: string): Promise<void> {
    const stored = await this.keeper.all<Stored>(owner);
    if (owner !== this.#owner) return;
    const [known, there] = [this.all, stored].map((list) => new Set(list.map((one) => one.client_id)));
    for (const one of this.all) if (one.asks && !there!.has(one.client_id)) this.#forget(one);
    const found = stored.filter((one) => one.refused !== undefined && !known!.has(one.client_id));
    this.#merge(found);
  }

  #keep({ picture, error, asks, ...rest }: Unsent): Promise<unknown> {
    const refused = asks && error !== null ? { refused: error } : {};
    const { url: _, ...drawn } = picture ?? { url: "" };
    return this.keeper.put({ ...rest, ...refused, owner: this.#owner, ...drawn } satisfies Stored);
  }

  /** The server has these, however that became known. */
  confirm(messages: Message[]): void {
    if (this.all.length > 0) for (const { client_id } of messages) if (client_id) this.drop(client_id);
  }

  /** The line is back. */
  returned(): void {
    const until = Date.now() + PATIENCE_MS;
    for (const one of this.all) if (!one.asks) this.#until.set(one.client_id, until);
    for (const wait of this.#waits.values()) wait.ms = WAIT_MIN_MS;
    this.#runAll();
  }

  #restored({ owner: _, file, width = 0, height = 0, refused, ...one }: Stored): Unsent {
    this.#until.set(one.client_id, one.at + PATIENCE_MS);
    const asks = refused !== undefined || Date.now() > one.at + PATIENCE_MS;
    const picture = file && { file, width, height, url: URL.createObjectURL(file) };
    return { ...one, ...(picture && { picture }), error: asks ? (refused ?? 0) : null, asks };
  }

  #runAll(): void {
    new Set(this.all.map(laneOf)).forEach((lane) => void this.#run(lane));
  }

  /** Sends what is due of a session, one after the other. */
  async #run(lane: string): Promise<void> {
    if (this.#running.has(lane)) return;
    const owner = this.#owner;
    clearTimeout(this.#waits.get(lane)?.timer);
    this.#running.add(lane);
    for (;;) {
      const next = this.all.find((one) => laneOf(one) === lane && !one.asks);
      if (!next || !(await this.#attempt(next, lane)) || owner !== this.#owner) break;
    }
    if (owner === this.#owner) this.#running.delete(lane);
  }

  /** Whether the next may go. */
  async #attempt(one: Unsent, lane: string): Promise<boolean> {
    const owner = this.#owner;
    if (!this.ways.theirs(one)) return this.#giveUp(one.client_id, one.error ?? 0);
    try {
      const message = await this.ways.send(one);
      if (owner !== this.#owner) return false;
      this.ways.sent(one, message);
      this.drop(one.client_id);
      this.#waits.delete(lane);
      return true;
    } catch (cause) {
      if (owner !== this.#owner) return false;
      const goesOn = this.#failed(one, lane, cause);
      this.ways.refused?.(cause);
      return goesOn;
    }
  }

  #failed(one: Unsent, lane: string, cause: unknown): boolean {
    const errcode = cause instanceof Refused ? cause.errcode : 0;
    if (needsLogin(cause)) {
      this.#change(one.client_id, { error: errcode });
      return false;
    }
    const mayPass = passes(cause) || errcode === COOKIE_REPLACED;
    const asks = !mayPass || Date.now() > (this.#until.get(one.client_id) ?? 0);
    if (asks) return this.#giveUp(one.client_id, errcode);
    this.#change(one.client_id, { error: errcode === COOKIE_REPLACED ? null : errcode });
    const ms = this.#waits.get(lane)?.ms ?? WAIT_MIN_MS;
    const timer = setTimeout(() => void this.#run(lane), ms);
    this.#waits.set(lane, { ms: Math.min(2 * ms, WAIT_MAX_MS), timer });
    return false;
  }

  /** It goes again when its owner says so, in whichever tab. Whether the next may go. */
  #giveUp(client_id: string, error: number): boolean {
    const [one, owner] = [this.#change(client_id, { error, asks: true }), this.#owner];
    if (one) void this.#keep(one).then(() => this.#channel.tell(owner));
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
    this.ways.changed(all);
  }
}

const laneOf = ({ appid, session }: Unsent): string => `${appid} ${session}`;
