/** The workbench's state and what an agent can do to it. */
import { clientId, desk as api, PAGE, type Part, Refused, SESSIONS_PAGE } from "../api";
import * as feed from "../feed";
import type { Up } from "../stream";
import { language } from "../text/desk.svelte";
import type { Colleague, Login, Session } from "../wire";
import { nameOf } from "./customer";
import { Live } from "./live";
import { read } from "./read.svelte";

export type Phase = "loading" | "login" | "down" | "ready";

/** Where to put the focus once the page has changed. */
export type Focus = "reply" | "list" | null;

const STALE_MS = 60_000;

class DeskPage {
  phase: Phase = $state("loading");
  live: Up = $state(true);
  desk: feed.Desk | null = $state.raw(null);
  appid = $state("");
  /** The session being looked at. */
  chosen: number | null = $state(null);
  notice = $state("");
  focus: Focus = $state(null);
  /** Unsent text by session: switching sessions loses nothing. */
  drafts: Record<number, string> = $state({});

  account = $derived(this.desk?.accounts.find((one) => one.appid === this.appid) ?? null);
  session: Session | null = $derived((this.chosen !== null && this.account?.sessions[this.chosen]) || null);
  unread = $derived(this.desk?.accounts.reduce((sum, account) => sum + this.unreadOf(account), 0) ?? 0);

  #sending = new Map<number, Promise<unknown>>();
  #fetching = new Set<string>();
  /** The session that is being moved from here. */
  #moving: number | null = null;
  #loadedAt = 0;
  #live = new Live({
    snapshot: (snapshot) => {
      this.#loadedAt = Date.now();
      this.#set(feed.load(snapshot, this.desk));
      this.#follow();
    },
    change: (change) => {
      if (!this.desk?.accounts.some((account) => account.appid === change.appid)) void this.#live.restart();
      else this.#change(feed.fold(this.desk, change), change.appid);
    },
    live: (up) => {
      this.live = up;
      if (!up && this.phase === "loading") this.phase = "down";
    },
    loggedOut: () => {
      this.desk = null;
      this.chosen = null;
      this.drafts = {};
      this.phase = "login";
    },
  });

  constructor() {
    void this.#live.start();
    // Whoever comes back after a while sees how things stand, before the stream has noticed that it was cut.
    document.addEventListener("visibilitychange", () => {
      const stale = Date.now() - this.#loadedAt > STALE_MS;
      if (this.desk && stale && document.visibilityState === "visible") void this.#live.load();
    });
  }

  /** After a log-in or sign-up of this tab. */
  async entered(): Promise<void> {
    await this.#live.start();
    this.#live.announce();
  }

  async logout(): Promise<void> {
    const done = await this.#try(() => api.logout());
    if (!done) return;
    this.#live.stop();
    this.desk = null;
    this.chosen = null;
    this.drafts = {};
    this.phase = "login";
  }

  /** Where this worker is logged in. */
  async logins(): Promise<Login[]> {
    return (await api.logins()).logins;
  }

  /** Ends one of her logins; without an id all but this one. */
  endLogin = (id?: string): Promise<unknown> => api.endLogin(id);

  /** Takes a new password in place of the current one, and ends all other logins. */
  changePassword = (current: string, next: string): Promise<unknown> => api.changePassword(current, next);

  /** Whether a refusal means that the login of this tab has ended, which shows the log-in. */
  isLoggedOut = (cause: unknown): boolean => this.#refused(cause);

  unreadOf(account: feed.Account): number {
    return feed.mine(account).reduce((sum, session) => sum + this.unreadIn(account, session), 0);
  }

  unreadIn(account: feed.Account, session: Session): number {
    return feed.unread(account, session, read.upTo(account.appid, session.id));
  }

  switchTo(appid: string): void {
    this.appid = appid;
    this.choose(null);
  }

  choose(session: number | null): void {
    this.chosen = session;
    if (this.desk) this.#set(feed.tidy(this.desk, this.appid, session));
    this.#follow();
  }

  /** Fetches the last messages of another agent's session that is being looked at. */
  #follow(): void {
    const { account, session } = this;
    if (!this.desk || !account || !session || !feed.isOthers(account, session)) return;
    this.#set(feed.follow(this.desk, account.appid, session));
    void this.#try(() => this.#page(account.appid, session, 0));
  }

  /** Says so when the session being looked at has gone to another. */
  #change(desk: feed.Desk, appid: string): void {
    const before = appid === this.appid ? this.session : null;
    const now = before && desk.accounts.find((one) => one.appid === appid)?.sessions[before.id];
    this.#set(feed.tidy(desk, appid, this.chosen));
    if (before && !now && before.id !== this.#moving) this.#left(before);
    else if (before?.state === "waiting" && now?.state === "open") this.#follow();
  }

  #left(session: Session): void {
    this.notice = language.text.transfer.gone(nameOf(language.text, session.openid));
    this.choose(null);
    this.focus = "list";
  }

  /** The agents who are online. */
  colleagues = async (appid: string): Promise<Colleague[]> => (await api.colleagues(appid)).colleagues;

  /** Moves a session to an agent; to herself it is taken over. */
  async transfer(session: Session, to: { kf_account: string; nickname: string; headimg?: string }): Promise<void> {
    const { kf_account, nickname, headimg } = to;
    const appid = this.appid;
    this.#moving = session.id;
    const done = await this.#try(() => api.transfer(appid, session.id, session.kf_account, kf_account));
    if (done && this.desk) {
      const { headimg: _, ...rest } = session;
      const face = headimg ? { nickname, headimg } : { nickname };
      const moved: Session = { ...rest, state: "open", kf_account, ...face, opened_at: Date.now() };
      this.#set(feed.tidy(feed.answer(this.desk, appid, [{ session: moved }]), appid, this.chosen));
      const isOwn = kf_account === this.account?.agent.kf_account;
      if (isOwn) this.choose(session.id);
      else if (this.chosen === session.id && !this.session) this.choose(null);
      this.focus = isOwn ? "reply" : "list";
    }
    this.#moving = null;
  }

  /** One page more of what other agents have open. */
  async moreOthers(): Promise<void> {
    const account = this.account;
    if (!account) return;
    const page = await this.#try(() => api.sessions(account.appid, account.others_read));
    if (!page || !this.desk) return;
    this.#set(feed.moreOthers(this.desk, account.appid, page.sessions, page.sessions.length < SESSIONS_PAGE));
  }

  async take(session: Session): Promise<void> {
    const appid = this.appid;
    const taken = await this.#try(() => api.accept(appid, session.id));
    if (!taken || !this.desk) return;
    const facts = [{ session: taken.session }, ...taken.messages.map((message) => ({ message }))];
    this.#set(feed.answer(this.desk, appid, facts));
    if (this.appid !== appid) return;
    this.choose(session.id);
    this.focus = "reply";
  }

  async close(session: Session): Promise<void> {
    const appid = this.appid;
    const done = await this.#try(() => api.close(appid, session.id));
    if (!done || !this.desk) return;
    this.#set(feed.answer(this.desk, appid, [{ session: { ...session, state: "closed" } }]));
    if (this.chosen === session.id) this.choose(null);
    this.focus = "list";
  }

  send(session: number, text: string): void {
    void this.#attempt(this.appid, { client_id: clientId(), session, text, at: Date.now(), error: null });
  }

  sendPicture(session: number, file: Blob): void {
    const picture = { file, url: URL.createObjectURL(file) };
    void this.#attempt(this.appid, { client_id: clientId(), session, text: "", picture, at: Date.now(), error: null });
  }

  filePath = (appid: string, message: number, part: Part): string => api.filePath(appid, message, part);

  /** Safe: the server knows the message by its client id. */
  again(bubble: feed.Pending): void {
    void this.#attempt(this.appid, { ...bubble, error: null });
  }

  /** Shows a message at once and sends it after those before it. */
  async #attempt(appid: string, bubble: feed.Pending): Promise<void> {
    if (this.desk) this.#set(feed.attempt(this.desk, appid, bubble));
    const before = this.#sending.get(bubble.session) ?? Promise.resolve();
    const { session, client_id, text, picture } = bubble;
    const sent = before.then(() =>
      picture ? api.sendPicture(appid, session, client_id, picture.file) : api.send(appid, session, client_id, text),
    );
    this.#sending.set(
      bubble.session,
      sent.catch(() => {}),
    );
    try {
      const { message } = await sent;
      if (this.desk) this.#set(feed.answer(this.desk, appid, [{ message }]));
      if (picture) URL.revokeObjectURL(picture.url);
    } catch (cause) {
      const error = cause instanceof Refused ? cause.errcode : 0;
      if (this.desk) this.#set(feed.attempt(this.desk, appid, { ...bubble, error }));
      this.#refused(cause);
    }
  }

  /** One page of history before what is here. */
  async older(session: Session): Promise<void> {
    const account = this.account;
    if (!account) return;
    await this.#page(account.appid, session, account.messages[session.openid]?.[0]?.id ?? 0);
  }

  async #page(appid: string, session: Session, before: number): Promise<void> {
    const key = `${appid}:${session.id}:${before}`;
    if (this.#fetching.has(key)) return;
    this.#fetching.add(key);
    try {
      const { messages } = await api.messages(appid, session.id, before);
      if (this.desk) this.#set(feed.older(this.desk, appid, session.openid, messages, messages.length < PAGE));
    } finally {
      this.#fetching.delete(key);
    }
  }

  async setAway(away: boolean): Promise<void> {
    const account = this.account;
    if (!account || !(await this.#try(() => api.setPresence(account.appid, away))) || !this.desk) return;
    const { kf_account, nickname } = account.agent;
    const presence = away ? "away" : "online";
    this.#set(feed.answer(this.desk, account.appid, [{ agent: { kf_account, nickname, presence } }]));
  }

  async answerInvitation(appid: string, kf_account: string, accept: boolean): Promise<void> {
    await this.#try(() => api.answerInvitation(appid, kf_account, accept));
    await this.#live.restart();
    if (accept && this.desk?.accounts.some((account) => account.appid === appid)) this.switchTo(appid);
    this.focus = "list";
  }

  #set(desk: feed.Desk): void {
    const before = this.desk;
    this.desk = desk;
    this.phase = "ready";
    if (!this.account) {
      this.appid = desk.accounts[0]?.appid ?? "";
      this.chosen = null;
    }
    const appids = (of: feed.Desk) => of.accounts.map((account) => account.appid).join();
    if (before && appids(before) !== appids(desk)) void this.#live.restart();
    this.#complete(before, desk);
  }

  /** Fetches what a change only hints at: a new session's messages, and the rest of a list cut short. */
  #complete(before: feed.Desk | null, desk: feed.Desk): void {
    for (const account of desk.accounts) {
      const old = before?.accounts.find((one) => one.appid === account.appid);
      if (old === account || !old) continue;
      for (const session of feed.mine(account)) {
        if (old.sessions[session.id]?.state !== "open") void this.#page(account.appid, session, 0).catch(() => {});
      }
      if (feed.short(account) && !feed.short(old)) void this.#live.load();
    }
  }

  async #try<T>(verb: () => Promise<T>): Promise<T | null> {
    try {
      this.notice = "";
      return await verb();
    } catch (cause) {
      if (!this.#refused(cause)) this.notice = language.explain(cause);
      return null;
    }
  }

  /** A refusal may mean that the login has ended. */
  #refused(cause: unknown): boolean {
    if (!(cause instanceof Refused) || cause.status !== 401) return false;
    void this.#live.load();
    return true;
  }
}

export const page = new DeskPage();
