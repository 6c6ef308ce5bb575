/**
 * Snapshot and stream → state, for both pages: the only place that folds facts. Everything here is pure, and every
 * change may arrive twice: an account remembers the last `seq` it has seen.
 */
import type {
  AccountSnapshot,
  Agent,
  Change,
  ChatFact,
  ChatSnapshot,
  ChatState,
  DeskFact,
  DeskSnapshot,
  Invitation,
  Message,
  ServingAgent,
  Session,
  State,
} from "../wire";

export interface Account {
  appid: string;
  name: string;
  agent: Agent;
  seq: number;
  /** Everyone who waits, this agent's own, and for a supervisor all that are open. */
  sessions: Record<number, Session>;
  /** All who wait on the server; `sessions` may hold fewer. */
  waiting_count: number;
  /** All that other agents have open, where this one is a supervisor; `sessions` may hold fewer. */
  others_count: number;
  /** The number of the last session of others that was asked for. */
  others_read: number;
  /** The customer's messages that were neither read nor answered, by session of this agent's; none are left out. */
  unread: Record<number, number>;
  /** By openid, ascending. */
  messages: Record<string, Message[]>;
  /** By openid: whether the first message of all is here. */
  complete: Record<string, boolean>;
}

export interface Desk {
  worker: string;
  /** Whether the worker administers an account. */
  administers: boolean;
  epoch: string;
  accounts: Account[];
  invitations: Invitation[];
}

export interface Chat {
  name: string;
  epoch: string;
  state: ChatState;
  /** "" until the customer has written for the first time. */
  since: string;
  /** The agent in charge. */
  agent: ServingAgent | null;
  messages: Message[];
  complete: boolean;
  seq: number;
  /** Whether the page shows that somebody writes. */
  typing: boolean;
}

const PREVIEW_CHARS = 60;
/** Below this many listed customers, a list the server had cut short is worth loading again. */
const WAITING_MIN = 50;

// ---- lists of messages -------------------------------------------------------------------------------------------

/** Adds messages by id, ascending. One that is known is replaced, so adding twice is harmless. */
export function add(list: Message[], more: Message[]): Message[] {
  const last = list.at(-1)?.id ?? 0;
  if (more.length === 1 && more[0]!.id > last) return [...list, more[0]!];
  const byId = new Map([...list, ...more].map((message) => [message.id, message]));
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

/** History kept from before a new snapshot, unless there is a hole between the two. */
function joined(before: Message[], now: Message[]): Message[] {
  const touches = now.length > 0 && before.some((message) => message.id === now[0]!.id);
  return touches ? add(before, now) : now;
}

// ---- the desk ----------------------------------------------------------------------------------------------------

/** A snapshot as state. Of the state before it, loaded history of the same epoch is kept. */
export function load(snapshot: DeskSnapshot, before: Desk | null): Desk {
  const same = before?.epoch === snapshot.epoch;
  const kept = (account: Account) => (same ? account : { ...account, messages: {}, complete: {} });
  const known = new Map(before?.accounts.map((account) => [account.appid, kept(account)]));
  return {
    worker: snapshot.worker.name,
    administers: snapshot.worker.administers,
    epoch: snapshot.epoch,
    invitations: snapshot.invitations,
    accounts: snapshot.accounts.map((account) => loadAccount(account, known.get(account.appid))),
  };
}

function loadAccount(snapshot: AccountSnapshot, before: Account | undefined): Account {
  const { appid, name, agent, seq, waiting_count, others, others_count, unread } = snapshot;
  const listed = [...snapshot.waiting, ...others, ...snapshot.sessions];
  const sessions = Object.fromEntries(listed.map((one) => [one.id, one]));
  const messages: Record<string, Message[]> = {};
  for (const { openid } of snapshot.sessions) {
    const now = snapshot.messages.filter((message) => message.openid === openid);
    messages[openid] = joined(before?.messages[openid] ?? [], now);
  }
  for (const { openid } of others) if (before?.messages[openid]) messages[openid] = before.messages[openid];
  const complete = Object.fromEntries(
    Object.entries(messages).map(([openid, list]) => {
      const first = before?.messages[openid]?.[0]?.id;
      return [openid, before?.complete[openid] === true && first === list[0]?.id];
    }),
  );
  const others_read = others.at(-1)?.id ?? 0;
  return { appid, name, agent, seq, sessions, waiting_count, others_count, others_read, unread, messages, complete };
}

/** One change of the stream. A `seq` that was seen already changes nothing. */
export function fold(desk: Desk, change: Change<DeskFact>): Desk {
  return update(desk, change.appid, (account) =>
    change.seq <= account.seq ? account : { ...change.facts.reduce(told, account), seq: change.seq },
  );
}

/** The answer to a call of our own. It may be older than the stream, so it never takes a session back. */
export function answer(desk: Desk, appid: string, facts: DeskFact[]): Desk {
  return update(desk, appid, (account) =>
    facts
      .filter((fact) => !("session" in fact) || !goesBack(account.sessions[fact.session.id], fact.session))
      .reduce(applied, account),
  );
}

/** A page of history; `complete` when there is nothing older. */
export function older(desk: Desk, appid: string, openid: string, page: Message[], complete: boolean): Desk {
  return update(desk, appid, (account) => ({
    ...account,
    messages: { ...account.messages, [openid]: joinedTo(page, account.messages[openid] ?? [], complete) },
    complete: { ...account.complete, [openid]: complete },
  }));
}

/** A page and what is known; where there is a hole between them, what is known before it is dropped. */
function joinedTo(page: Message[], known: Message[], complete: boolean): Message[] {
  const [first, last] = [page[0]?.id ?? 0, page.at(-1)?.id ?? 0];
  const hole = !complete && known.some((one) => one.id < first) && !known.some((one) => one.id === first);
  return hole ? [...page, ...known.filter((one) => one.id > last)] : add(known, page);
}

/** A page of the sessions that other agents have open; `complete` when there are no more. */
export function moreOthers(desk: Desk, appid: string, page: Session[], complete: boolean): Desk {
  return update(desk, appid, (account) => {
    const next = page.reduce(withSession, account);
    const others_read = page.at(-1)?.id ?? account.others_read;
    return { ...next, others_read, others_count: complete ? others(next).length : account.others_count };
  });
}

/** Begins to gather the messages of another agent's session, whose last ones are asked for next. */
export function follow(desk: Desk, appid: string, session: Session): Desk {
  return update(desk, appid, (account) =>
    account.messages[session.openid]
      ? account
      : { ...account, messages: { ...account.messages, [session.openid]: [] } },
  );
}

/** Forgets closed sessions and other agents' messages, except of the one being looked at, and of customers who are gone. */
export function tidy(desk: Desk, appid: string, keep: number | null): Desk {
  return update(desk, appid, (account) => {
    const left = Object.values(account.sessions).filter((one) => one.state !== "closed" || one.id === keep);
    const wanted = left.filter((one) => one.id === keep || !isOthers(account, one));
    const openids = new Set(wanted.map((one) => one.openid));
    const gone = Object.keys(account.messages).filter((openid) => !openids.has(openid));
    if (gone.length === 0 && left.length === Object.keys(account.sessions).length) return account;
    return {
      ...account,
      sessions: Object.fromEntries(left.map((one) => [one.id, one])),
      messages: Object.fromEntries(Object.entries(account.messages).filter(([openid]) => openids.has(openid))),
    };
  });
}

const ORDER: State[] = ["waiting", "open", "closed"];

const goesBack = (known: Session | undefined, next: Session): boolean =>
  known !== undefined && ORDER.indexOf(next.state) < ORDER.indexOf(known.state);

function update(desk: Desk, appid: string, verb: (account: Account) => Account): Desk {
  const account = desk.accounts.find((one) => one.appid === appid);
  if (!account) return desk;
  const next = verb(account);
  return next === account ? desk : { ...desk, accounts: desk.accounts.map((one) => (one === account ? next : one)) };
}

function applied(account: Account, fact: DeskFact): Account {
  if ("session" in fact) return withSession(account, fact.session);
  if ("message" in fact) return withMessage(account, fact.message);
  if ("counts" in fact) return withCounts(account, fact.counts.waiting, fact.counts.open);
  const { kf_account, nickname, presence } = fact.agent;
  if (kf_account !== account.agent.kf_account) return account;
  return { ...account, agent: { ...account.agent, nickname, presence } };
}

/** A fact of the stream: a customer's message in a session of this agent's is one more that they have not read. */
function told(account: Account, fact: DeskFact): Account {
  const next = applied(account, fact);
  if (!("message" in fact) || fact.message.from !== "customer") return next;
  const { id, session, openid } = fact.message;
  const isNew = isMine(next, session) && !account.messages[openid]?.some((one) => one.id === id);
  return isNew ? withUnread(next, session, (next.unread[session] ?? 0) + 1) : next;
}

const isMine = (account: Account, id: number): boolean => {
  const session = account.sessions[id];
  return session?.state === "open" && !isOthers(account, session);
};

function withUnread(account: Account, session: number, count: number): Account {
  const { [session]: before = 0, ...others } = account.unread;
  if (before === count) return account;
  return { ...account, unread: count > 0 ? { ...others, [session]: count } : others };
}

function withSession(account: Account, session: Session): Account {
  const known = account.sessions[session.id];
  const seen = session.kf_account === account.agent.kf_account || account.agent.supervisor;
  const kept = session.state === "waiting" || (seen && (session.state === "open" || known !== undefined));
  const sessions = { ...account.sessions };
  if (kept) sessions[session.id] = session;
  else delete sessions[session.id];
  const next = { ...account, sessions };
  return isMine(next, session.id) ? next : withUnread(next, session.id, 0);
}

/** How many wait and how many are open, as the server has counted them; this agent's own are all known here. */
function withCounts(account: Account, waiting_count: number, open?: number): Account {
  const others_count = open === undefined ? account.others_count : open - mine(account).length;
  return { ...account, waiting_count, others_count };
}

/** Whether it is, or was, another agent's. */
export const isOthers = (account: Account, session: Session): boolean =>
  session.state !== "waiting" && session.kf_account !== account.agent.kf_account;

function withMessage(account: Account, message: Message): Account {
  const session = account.sessions[message.session];
  const known = account.messages[message.openid];
  // What others write is kept only while somebody reads along.
  const passes = session !== undefined && known === undefined && isOthers(account, session);
  const newer = session && message.at >= session.latest_at;
  const preview = [...message.text].slice(0, PREVIEW_CHARS).join("");
  return {
    // What was answered was read.
    ...(message.from === "agent" ? withUnread(account, message.session, 0) : account),
    messages: passes ? account.messages : { ...account.messages, [message.openid]: add(known ?? [], [message]) },
    sessions: newer
      ? { ...account.sessions, [session.id]: { ...session, latest_at: message.at, preview } }
      : account.sessions,
  };
}

/** Those who wait, in order of arrival. */
export function waiting(account: Account): Session[] {
  return Object.values(account.sessions)
    .filter((session) => session.state === "waiting")
    .sort((a, b) => a.waiting_since - b.waiting_since || a.id - b.id);
}

/** This agent's open sessions, the latest word first. */
export const mine = (account: Account): Session[] => open(account, false);

/** What other agents have open, as a supervisor sees it. */
export const others = (account: Account): Session[] => open(account, true);

const open = (account: Account, ofOthers: boolean): Session[] =>
  Object.values(account.sessions)
    .filter((session) => session.state === "open" && isOthers(account, session) === ofOthers)
    .sort((a, b) => b.latest_at - a.latest_at || b.id - a.id);

/** Whether the server knows many more waiting customers than are listed here. */
export function short(account: Account): boolean {
  return waiting(account).length < Math.min(account.waiting_count, WAITING_MIN);
}

/** How many of the customer's messages that are here came in this session after `read` and after the last answer. */
export function after(account: Account, session: Session, read: number): number {
  const list = (account.messages[session.openid] ?? []).filter((message) => message.session === session.id);
  const answered = list.findLast((message) => message.from === "agent")?.id ?? 0;
  const from = Math.max(read, answered);
  return list.filter((message) => message.from === "customer" && message.id > from).length;
}

/** A session has been read up to a message, which counts where all that came after it is here. */
export function read(desk: Desk, appid: string, id: number, message: number): Desk {
  return update(desk, appid, (account) => {
    const session = account.sessions[id];
    const first = session && account.messages[session.openid]?.[0]?.id;
    if (!session || first === undefined || first > message) return account;
    return withUnread(account, id, Math.min(account.unread[id] ?? 0, after(account, session, message)));
  });
}

/** Counts the messages of a session that has just become this agent's, as far as they are here. */
export function count(desk: Desk, appid: string, id: number, read: number): Desk {
  return update(desk, appid, (account) => {
    const session = account.sessions[id];
    return session && isMine(account, id) ? withUnread(account, id, after(account, session, read)) : account;
  });
}

// ---- the customer page -------------------------------------------------------------------------------------------

export function loadChat(snapshot: ChatSnapshot, before: Chat | null, page: number): Chat {
  const known = before?.epoch === snapshot.epoch ? before.messages : [];
  const messages = joined(known, snapshot.messages);
  const kept = messages.length > snapshot.messages.length;
  return {
    name: snapshot.account.name,
    epoch: snapshot.epoch,
    since: snapshot.since,
    state: snapshot.state,
    agent: snapshot.agent,
    messages,
    complete: kept ? before!.complete : snapshot.messages.length < page,
    seq: 0,
    typing: false,
  };
}

export function foldChat(chat: Chat, change: Pick<Change<ChatFact>, "seq" | "facts">): Chat {
  return change.seq <= chat.seq ? chat : { ...change.facts.reduce(appliedChat, chat), seq: change.seq };
}

function appliedChat(chat: Chat, fact: ChatFact): Chat {
  return "message" in fact
    ? { ...addChat(chat, [fact.message]), typing: chat.typing && fact.message.from === "customer" }
    : { ...chat, state: fact.session.state, agent: fact.session.agent };
}

/** Messages from an answer or from history; `complete` when there is nothing older. */
export function addChat(chat: Chat, more: Message[], complete = chat.complete): Chat {
  return { ...chat, messages: add(chat.messages, more), complete };
}
