/** The state of the workbench, the account and session in view, and what is sent from it. */
import { desk as api, type Ended, type FilePart, MESSAGES_PAGE, needsLogin } from "../../api";
import type { Live } from "../../stream/event_stream";
import * as feed from "../../stream/feed";
import { SnapshotStream } from "../../stream/snapshot_stream";
import { language } from "../../text/workbench.svelte";
import { Outbox, type NewMessage, type Unsent } from "../../unsent/outbox";
import type { Change, DeskFact, DeskSnapshot, Message, Session } from "../../wire";
import { sessionKey } from "../saved/session_key";
import { WorkbenchState } from "../saved/workbench_state";
import { addressHash, debugReturnPath, parseAddress } from "./address";
import { customerName } from "./customer_name";
import { MessageLoader } from "./message_loader";

export type WorkbenchPhase = "loading" | "login" | "down" | "ready";

/** Where to put the focus once the page has changed. */
export type Focus = "reply" | "list" | null;

/** Why a worker who was logged in sees the log-in: the server ended it, or another tab logged out ("elsewhere"). */
export type LogoutReason = Ended | "elsewhere" | null;

const STALE_MS = 60_000;

class WorkbenchPage {
  phase: WorkbenchPhase = $state("loading");
  logoutReason: LogoutReason = $state(null);
  live: Live = $state(true);
  desk: feed.Desk | null = $state.raw(null);
  appid = $state("");
  /** The number of the session in view. */
  chosen: number | null = $state(null);
  /** What went wrong, in whichever language the page shows. */
  notice: ((text: typeof language.text) => string) | null = $state.raw(null);
  focus: Focus = $state(null);
  unsent: Unsent[] = $state.raw([]);
  /** The number of the session that this page is moving to another agent. */
  moving: number | null = null;
  /** The session for which the dialog asks where it goes. */
  transferring: Session | null = $state.raw(null);

  account = $derived(this.desk?.accounts.find((one) => one.appid === this.appid) ?? null);
  session: Session | null = $derived((this.chosen !== null && this.account?.sessions[this.chosen]) || null);
  unread = $derived(this.desk?.accounts.reduce((sum, account) => sum + this.unreadOf(account), 0) ?? 0);
  /** How many open sessions the worker has in all accounts. */
  openCount = $derived(this.desk?.accounts.reduce((sum, account) => sum + feed.ownSessions(account).length, 0) ?? 0);

  #loadedAt = 0;
  #state = new WorkbenchState({
    isShown: (key) => this.chosen !== null && key === this.draftKey(this.chosen),
    onRead: ({ appid, session, message }) => this.update((desk) => feed.markRead(desk, appid, session, message)),
    onLoginEnded: (cause) => this.#refused(cause),
    reload: () => this.desk && void this.#stream.load(),
  });
  drafts = this.#state.drafts;
  #outbox = new Outbox({
    send: async (unsent) => (await this.#post(unsent)).message,
    onSent: ({ appid }, message) => this.applyAnswer(appid, [{ message }]),
    mayWrite: ({ appid, session }) => this.isOwn(appid, session),
    onChange: (all) => (this.unsent = all),
    onRefused: (cause) => this.#refused(cause),
  });
  #loader = new MessageLoader((appid, session, page, complete) => {
    this.#outbox.confirm(page.messages);
    this.update((desk) => feed.addHistory(desk, appid, session.openid, page, complete));
  });
  #stream = new SnapshotStream<DeskSnapshot>({
    name: "kefu-desk",
    keepsWhenHidden: true,
    snapshot: this.#state.snapshot,
    streamPath: api.streamPath,
    onSnapshot: (snapshot) => this.#load(snapshot),
    onFrame: ({ type, data }) => type === "change" && this.#receive(JSON.parse(data) as Change<DeskFact>),
    onLive: (live) => this.#setLive(live),
    onRefused: (cause) => {
      if (needsLogin(cause)) this.#showLogin(cause.ended);
      return needsLogin(cause);
    },
    onLogout: (ended) => this.#showLogin(ended ?? "elsewhere"),
  });

  constructor() {
    void this.#stream.start();
    // An agent who comes back sees the current state at once, even if the stream has not noticed that it was cut.
    document.addEventListener("visibilitychange", () => {
      const stale = Date.now() - this.#loadedAt > STALE_MS;
      if (this.desk && stale && document.visibilityState === "visible") void this.#stream.load();
      if (document.hidden) this.#state.flushNow();
    });
    addEventListener("pagehide", () => this.#state.flushNow());
    addEventListener("online", () => this.#reconnected());
    addEventListener("popstate", () => {
      this.#showAddress();
      this.focus = this.chosen === null ? "list" : "reply";
    });
  }

  // ---- snapshot and stream ---------------------------------------------------------------------------------------

  #load(snapshot: DeskSnapshot): void {
    const { name } = snapshot.worker;
    const before = this.desk?.worker === name ? this.desk : null;
    // Another tab has logged in as another worker, and all tabs of a browser share one login.
    if (this.desk && !before) this.notice = (text) => text.logins.replaced(name);
    this.#loadedAt = Date.now();
    this.#set(this.#state.load(snapshot, feed.loadDesk(snapshot, before)));
    this.#outbox.confirm(snapshot.accounts.flatMap((account) => account.messages));
    void this.#outbox.open(`desk ${name}`);
    if (before) return this.#readAlong();
    this.#showAddress();
    if (this.chosen !== null) this.focus = "reply";
  }

  #receive(change: Change<DeskFact>): void {
    if (!this.desk?.accounts.some((account) => account.appid === change.appid)) return void this.#stream.restart();
    this.#state.receive(this.desk, change);
    const before = this.#presenceIn(change.appid);
    this.#change(feed.foldChange(this.desk, change), change.appid);
    this.#outbox.confirm(change.facts.flatMap((fact) => ("message" in fact ? [fact.message] : [])));
    // Only a snapshot says whether the desk has set the agent away.
    if (before !== "away" && this.#presenceIn(change.appid) === "away") void this.#stream.load();
  }

  #presenceIn = (appid: string) => this.desk?.accounts.find((one) => one.appid === appid)?.agent.presence;

  #setLive(live: Live): void {
    if (live && !this.live) this.#reconnected();
    this.live = live;
    if (!live && this.phase === "loading") this.phase = "down";
  }

  #reconnected(): void {
    this.#outbox.reconnected();
    this.#state.reconnected();
  }

  /** Loads a new snapshot and opens a new stream. */
  restart = (): Promise<void> => this.#stream.restart();

  // ---- login -----------------------------------------------------------------------------------------------------

  #showLogin(reason: LogoutReason): void {
    // A page that was not logged in shows a reason only where the server gives one.
    const isFromServer = reason !== null && reason !== "elsewhere" && reason !== "unknown";
    if (this.desk || isFromServer) this.logoutReason = reason;
    this.desk = null;
    this.chosen = null;
    this.#state.close();
    this.#outbox.close();
    this.phase = "login";
  }

  /** Starts the page after a log-in or sign-up in this tab. */
  async loggedIn(): Promise<void> {
    this.logoutReason = null;
    const path = debugReturnPath(location.hash);
    if (!path) await this.#stream.start();
    this.#stream.announceLogin();
    if (path) location.replace(path);
  }

  async logout(): Promise<void> {
    await this.#state.flush();
    if (!(await this.attempt(() => api.logout()))) return;
    this.#stream.stop();
    this.#showLogin(null);
    history.replaceState(null, "", location.pathname);
  }

  /** Whether a refusal means that the login of this tab has ended; if so, the log-in appears. */
  isLoggedOut = (cause: unknown): boolean => this.#refused(cause);

  // ---- the account and session in view ---------------------------------------------------------------------------

  switchTo(appid: string): void {
    if (appid !== this.appid) history.pushState(null, "", addressHash({ appid, session: null }));
    this.appid = appid;
    this.#show(null);
  }

  /** Shows a session, or none, and names it in the address. */
  choose(session: number | null): void {
    const fromList = this.chosen === null;
    if (session !== this.chosen) history.pushState({ fromList }, "", addressHash({ appid: this.appid, session }));
    this.#show(session);
    this.focus = session === null ? "list" : "reply";
  }

  /** Leads back to the list, through the browser's history where the list is the entry before. */
  back(): void {
    if ((history.state as { fromList?: boolean } | null)?.fromList) history.back();
    else this.choose(null);
  }

  /** Shows what the address names, or the list where there is no such session. */
  #showAddress(): void {
    const { appid, session } = parseAddress(location.hash);
    const account = this.desk?.accounts.find((one) => one.appid === appid);
    if (account) this.appid = appid;
    if (session !== null && account?.sessions[session]) this.#show(session);
    else this.showList();
  }

  /** Shows the list after the session in view is gone; the list takes its place in the browser's history. */
  showList(): void {
    const { session } = parseAddress(location.hash);
    if (session !== null) history.replaceState(null, "", addressHash({ appid: this.appid, session: null }));
    this.#show(null);
  }

  #show(session: number | null): void {
    if (session !== this.chosen) void this.drafts.flush();
    this.chosen = session;
    this.update((desk) => feed.removeUnneeded(desk, this.appid, session));
    this.#readAlong();
  }

  /** Loads the last messages of a colleague's session that a supervisor looks at. */
  #readAlong(): void {
    const { account, session } = this;
    if (!account || !session || !feed.isColleagues(account, session)) return;
    this.update((desk) => feed.beginReadingAlong(desk, account.appid, session));
    void this.attempt(() => this.#loader.load(account.appid, session, 0));
  }

  // ---- unread messages -------------------------------------------------------------------------------------------

  unreadOf(account: feed.Account): number {
    return feed.ownSessions(account).reduce((sum, session) => sum + this.unreadIn(account, session), 0);
  }

  unreadIn = (account: feed.Account, session: Session): number => account.unread[session.id] ?? 0;

  /** The worker has seen a session up to this message. */
  read(account: feed.Account, session: Session, message: number): void {
    if (!this.isOwn(account.appid, session.id)) return;
    this.update((desk) => this.#state.read(desk, account, session, message));
  }

  // ---- messages --------------------------------------------------------------------------------------------------

  /** Whether this worker may write in a session. */
  isOwn(appid: string, id: number): boolean {
    const account = this.desk?.accounts.find((one) => one.appid === appid);
    const session = account?.sessions[id];
    return session?.state === "open" && session.kf_account === account?.agent.kf_account;
  }

  draftKey = (session: number): string => sessionKey(this.appid, session);

  send = ({ id, openid }: Session, content: Pick<NewMessage, "text" | "picture">): void =>
    this.#outbox.add({ appid: this.appid, session: id, openid, ...content });

  retry = (unsent: Unsent): void => this.#outbox.retry(unsent.client_id);

  drop = (unsent: Unsent): void => this.#outbox.drop(unsent.client_id);

  filePath = (appid: string, message: number, part: FilePart): string => api.filePath(appid, message, part);

  #post({ appid, session, client_id, text, picture }: Unsent): Promise<{ message: Message }> {
    if (picture) return api.sendPicture(appid, session, client_id, picture.file);
    return api.send(appid, session, client_id, text);
  }

  /** Loads one page of messages before the first one that is loaded. */
  async loadOlder(session: Session): Promise<void> {
    const account = this.account;
    if (!account) return;
    await this.#loader.load(account.appid, session, account.messages[session.openid]?.[0]?.id ?? 0);
  }

  /** Loads the last messages of a session that has become this agent's, and counts the unread ones. */
  async #beginSession(appid: string, session: Session): Promise<void> {
    await this.#loader.load(appid, session, 0);
    this.update((desk) => feed.recountUnread(desk, appid, session.id, this.#state.marks.upTo(appid, session.id)));
    const unread = this.desk?.accounts.find((one) => one.appid === appid)?.unread[session.id] ?? 0;
    // There may be more unread messages than one page holds: the next snapshot brings the server's count.
    if (unread >= MESSAGES_PAGE) await this.#stream.load();
  }

  // ---- changes of the state --------------------------------------------------------------------------------------

  /** Applies the answer to a call of this page. */
  applyAnswer = (appid: string, facts: DeskFact[]): void => this.update((desk) => feed.applyAnswer(desk, appid, facts));

  /** Changes the state; before the first snapshot and after the login has ended there is none. */
  update(change: (desk: feed.Desk) => feed.Desk): void {
    if (!this.desk) return;
    const next = change(this.desk);
    if (next !== this.desk) this.#set(next);
  }

  /** Takes a change of the stream, and says so when another agent has taken the session in view. */
  #change(desk: feed.Desk, appid: string): void {
    const before = appid === this.appid ? this.session : null;
    const now = before && desk.accounts.find((one) => one.appid === appid)?.sessions[before.id];
    this.#set(feed.removeUnneeded(desk, appid, this.chosen));
    if (before && !now && before.id !== this.moving) this.#lost(before);
    else if (before?.state === "waiting" && now?.state === "open") this.#readAlong();
  }

  #lost(session: Session): void {
    this.notice = (text) => text.transfer.gone(customerName(text, session.openid));
    this.showList();
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
    if (before && appids(before) !== appids(desk)) void this.#stream.restart();
    this.#loadMissing(before, desk);
  }

  /** Loads what a change does not carry: the messages of a new session, and the rest of a list that was cut short. */
  #loadMissing(before: feed.Desk | null, desk: feed.Desk): void {
    for (const account of desk.accounts) {
      const old = before?.accounts.find((one) => one.appid === account.appid);
      if (old === account || !old) continue;
      for (const session of feed.ownSessions(account)) {
        const isNew = old.sessions[session.id]?.state !== "open";
        if (isNew) void this.#beginSession(account.appid, session).catch(() => {});
      }
      if (feed.isCutShort(account) && !feed.isCutShort(old)) void this.#stream.load();
    }
  }

  /** Runs a call; where it fails, shows why and answers null. */
  async attempt<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      this.notice = null;
      return await call();
    } catch (cause) {
      if (!this.#refused(cause)) this.notice = () => language.explain(cause);
      return null;
    }
  }

  /** Whether a refusal may mean that the login has ended; the next snapshot says so for certain. */
  #refused(cause: unknown): boolean {
    if (!needsLogin(cause)) return false;
    void this.#stream.load();
    return true;
  }
}

export const page = new WorkbenchPage();
