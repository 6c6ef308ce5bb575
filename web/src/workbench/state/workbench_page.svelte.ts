/** The workbench's state and what an agent can do to it. */
import { desk as api, type Ended, needsLogin, PAGE, type Part, SESSIONS_PAGE } from "../../api";
import * as feed from "../../stream/feed";
import { Live } from "../../stream/snapshot_stream";
import { Outbox, type Draft, type Unsent } from "../../unsent/outbox";
import type { Up } from "../../stream/event_stream";
import { language } from "../../text/workbench.svelte";
import type { Change, Colleague, DeskFact, DeskSnapshot, Message, Session } from "../../wire";
import { nameOf } from "./customer_name";
import { keyOf } from "../saved/session_key";
import { hashOf, placeOf, wayBack } from "./address";
import { WorkbenchState } from "../saved/workbench_state";

export type Phase = "loading" | "login" | "down" | "ready";

/** Where to put the focus once the page has changed. */
export type Focus = "reply" | "list" | null;

/** Why the log-in is shown to who was logged in: the server ended it, or another tab logged out ("elsewhere"). */
export type Reason = Ended | "elsewhere" | null;

const STALE_MS = 60_000;

class DeskPage {
  phase: Phase = $state("loading");
  reason: Reason = $state(null);
  live: Up = $state(true);
  desk: feed.Desk | null = $state.raw(null);
  appid = $state("");
  /** The session being looked at. */
  chosen: number | null = $state(null);
  /** What went wrong, in the language that is read by then. */
  notice: ((text: typeof language.text) => string) | null = $state.raw(null);
  focus: Focus = $state(null);
  unsent: Unsent[] = $state.raw([]);

  account = $derived(this.desk?.accounts.find((one) => one.appid === this.appid) ?? null);
  session: Session | null = $derived((this.chosen !== null && this.account?.sessions[this.chosen]) || null);
  unread = $derived(this.desk?.accounts.reduce((sum, account) => sum + this.unreadOf(account), 0) ?? 0);
  /** How many sessions are the worker's, in all accounts. */
  open = $derived(this.desk?.accounts.reduce((sum, account) => sum + feed.mine(account).length, 0) ?? 0);

  #fetching = new Set<string>();
  /** The session that is being moved from here. */
  #moving: number | null = null;
  #loadedAt = 0;
  #state = new WorkbenchState({
    isShown: (key) => this.chosen !== null && key === this.draftKey(this.chosen),
    read: ({ appid, session, message }) => this.desk && this.#set(feed.read(this.desk, appid, session, message)),
    ended: (cause) => this.#refused(cause),
    reload: () => this.desk && void this.#live.load(),
  });
  drafts = this.#state.drafts;
  #outbox = new Outbox({
    send: async (unsent) => (await this.#send(unsent)).message,
    sent: ({ appid }, message) => this.desk && this.#set(feed.answer(this.desk, appid, [{ message }])),
    theirs: ({ appid, session }) => this.isOwn(appid, session),
    changed: (all) => (this.unsent = all),
    refused: (cause) => this.#refused(cause),
  });
  #live = new Live<DeskSnapshot>({
    name: "kefu-desk",
    keeps: true,
    snapshot: this.#state.snapshot,
    streamPath: api.streamPath,
    loaded: (snapshot) => this.#loaded(snapshot),
    frame: ({ type, data }) => type === "change" && this.#heard(JSON.parse(data) as Change<DeskFact>),
    live: (up) => this.#goLive(up),
    refused: (cause) => {
      if (needsLogin(cause)) this.#leave(cause.ended);
      return needsLogin(cause);
    },
    loggedOut: (ended) => this.#leave(ended ?? "elsewhere"),
  });

  constructor() {
    void this.#live.start();
    // Who comes back after a while sees how things stand, before the stream has noticed that it was cut.
    document.addEventListener("visibilitychange", () => {
      const stale = Date.now() - this.#loadedAt > STALE_MS;
      if (this.desk && stale && document.visibilityState === "visible") void this.#live.load();
      if (document.hidden) this.#state.leave();
    });
    addEventListener("pagehide", () => this.#state.leave());
    addEventListener("online", () => this.#returned());
    addEventListener("popstate", () => {
      this.#arrive();
      this.focus = this.chosen === null ? "list" : "reply";
    });
  }

  #loaded(snapshot: DeskSnapshot): void {
    const { name } = snapshot.worker;
    const before = this.desk?.worker === name ? this.desk : null;
    // Another tab has logged in as somebody else: this browser is theirs now.
    if (this.desk && !before) this.notice = (text) => text.logins.replaced(name);
    this.#loadedAt = Date.now();
    this.#set(this.#state.load(snapshot, feed.load(snapshot, before)));
    this.#outbox.confirm(snapshot.accounts.flatMap((account) => account.messages));
    void this.#outbox.open(`desk ${name}`);
    if (before) return this.#follow();
    this.#arrive();
    if (this.chosen !== null) this.focus = "reply";
  }

  #heard(change: Change<DeskFact>): void {
    if (!this.desk?.accounts.some((account) => account.appid === change.appid)) return void this.#live.restart();
    this.#state.heard(this.desk, change);
    this.#change(feed.fold(this.desk, change), change.appid);
    this.#outbox.confirm(change.facts.flatMap((fact) => ("message" in fact ? [fact.message] : [])));
  }

  #goLive(up: Up): void {
    if (up && !this.live) this.#returned();
    this.live = up;
    if (!up && this.phase === "loading") this.phase = "down";
  }

  /** The line is back. */
  #returned(): void {
    this.#outbox.returned();
    this.#state.returned();
  }

  #leave(reason: Reason): void {
    // Who comes to the log-in without having been here is told what the server alone can know.
    const told = reason !== null && reason !== "elsewhere" && reason !== "unknown";
    if (this.desk || told) this.reason = reason;
    this.desk = null;
    this.chosen = null;
    this.#state.close();
    this.#outbox.close();
    this.phase = "login";
  }

  /** After a log-in or sign-up of this tab. */
  async entered(): Promise<void> {
    this.reason = null;
    const back = wayBack(location.hash);
    if (!back) await this.#live.start();
    this.#live.announce();
    if (back) location.replace(back);
  }

  async logout(): Promise<void> {
    await this.#state.flush();
    if (!(await this.#try(() => api.logout()))) return;
    this.#live.stop();
    this.#leave(null);
    history.replaceState(null, "", location.pathname);
  }

  /** Whether a refusal means that the login of this tab has ended, which shows the log-in. */
  isLoggedOut = (cause: unknown): boolean => this.#refused(cause);

  unreadOf(account: feed.Account): number {
    return feed.mine(account).reduce((sum, session) => sum + this.unreadIn(account, session), 0);
  }

  unreadIn = (account: feed.Account, session: Session): number => account.unread[session.id] ?? 0;

  /** The worker sees a session up to this message. */
  read(account: feed.Account, session: Session, message: number): void {
    if (!this.desk || !this.isOwn(account.appid, session.id)) return;
    const desk = this.#state.read(this.desk, account, session, message);
    if (desk !== this.desk) this.#set(desk);
  }

  switchTo(appid: string): void {
    if (appid !== this.appid) history.pushState(null, "", hashOf({ appid, session: null }));
    this.appid = appid;
    this.#show(null);
  }

  /** Looks at a session, or at none; the address tells. */
  choose(session: number | null): void {
    const fromList = this.chosen === null;
    if (session !== this.chosen) history.pushState({ fromList }, "", hashOf({ appid: this.appid, session }));
    this.#show(session);
    this.focus = session === null ? "list" : "reply";
  }

  /** Back to the list, by the browser's own way where that leads there. */
  back(): void {
    if ((history.state as { fromList?: boolean } | null)?.fromList) history.back();
    else this.choose(null);
  }

  /** Shows what the address names, or the list where there is no such session. */
  #arrive(): void {
    const { appid, session } = placeOf(location.hash);
    const account = this.desk?.accounts.find((one) => one.appid === appid);
    if (account) this.appid = appid;
    if (session !== null && account?.sessions[session]) this.#show(session);
    else this.#drop();
  }

  /** The session is there no more; its place in the history is the list's. */
  #drop(): void {
    const { session } = placeOf(location.hash);
    if (session !== null) history.replaceState(null, "", hashOf({ appid: this.appid, session: null }));
    this.#show(null);
  }

  #show(session: number | null): void {
    if (session !== this.chosen) void this.drafts.flush();
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
    this.notice = (text) => text.transfer.gone(nameOf(text, session.openid));
    this.#drop();
    this.focus = "list";
  }

  /** The agents who are online. */
  colleagues = async (appid: string): Promise<Colleague[]> => (await api.colleagues(appid)).colleagues;

  /** Moves a session to an agent; one that an agent moves to themselves is taken over. */
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
      else if (this.chosen === session.id && !this.session) this.#drop();
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
  }

  async close(session: Session): Promise<void> {
    const appid = this.appid;
    const done = await this.#try(() => api.close(appid, session.id));
    if (!done || !this.desk) return;
    this.#set(feed.answer(this.desk, appid, [{ session: { ...session, state: "closed" } }]));
    if (this.chosen === session.id) this.#drop();
    this.focus = "list";
  }

  /** Whether this worker may write in a session. */
  isOwn(appid: string, id: number): boolean {
    const account = this.desk?.accounts.find((one) => one.appid === appid);
    const session = account?.sessions[id];
    return session?.state === "open" && session.kf_account === account?.agent.kf_account;
  }

  draftKey = (session: number): string => keyOf(this.appid, session);

  send = ({ id, openid }: Session, what: Pick<Draft, "text" | "picture">): void =>
    this.#outbox.add({ appid: this.appid, session: id, openid, ...what });

  again = (unsent: Unsent): void => this.#outbox.again(unsent.client_id);

  drop = (unsent: Unsent): void => this.#outbox.drop(unsent.client_id);

  filePath = (appid: string, message: number, part: Part): string => api.filePath(appid, message, part);

  #send({ appid, session, client_id, text, picture }: Unsent): Promise<{ message: Message }> {
    if (picture) return api.sendPicture(appid, session, client_id, picture.file);
    return api.send(appid, session, client_id, text);
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
      this.#outbox.confirm(messages);
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
        if (old.sessions[session.id]?.state !== "open") void this.#begin(account.appid, session).catch(() => {});
      }
      if (feed.short(account) && !feed.short(old)) void this.#live.load();
    }
  }

  /** Fetches the last messages of a session that has become this agent's, and counts those they have not read. */
  async #begin(appid: string, session: Session): Promise<void> {
    await this.#page(appid, session, 0);
    if (this.desk) this.#set(feed.count(this.desk, appid, session.id, this.#state.marks.upTo(appid, session.id)));
    const unread = this.desk?.accounts.find((one) => one.appid === appid)?.unread[session.id] ?? 0;
    // Where a page is not enough, the server counts.
    if (unread >= PAGE) await this.#live.load();
  }

  async #try<T>(verb: () => Promise<T>): Promise<T | null> {
    try {
      this.notice = null;
      return await verb();
    } catch (cause) {
      if (!this.#refused(cause)) this.notice = () => language.explain(cause);
      return null;
    }
  }

  /** A refusal may mean that the login has ended. */
  #refused(cause: unknown): boolean {
    if (!needsLogin(cause)) return false;
    void this.#live.load();
    return true;
  }
}

export const page = new DeskPage();
