/**
 * Folds snapshots and changes into the state of the workbench. All functions are pure. A change may arrive twice, so an
 * account remembers the last `seq` it has folded.
 */
import type {
  AccountSnapshot,
  Agent,
  Change,
  DeskFact,
  DeskSnapshot,
  Group,
  History,
  Invitation,
  Message,
  Missed,
  Note,
  Reception,
  Session,
  SessionState,
} from "../wire";
import { addById, joinHistory, joinSnapshot } from "./messages";

export interface Account {
  appid: string;
  name: string;
  agent: Agent;
  /** Whether customers are assigned to agents who have not chosen for themselves, and up to how many sessions. */
  reception: Reception;
  capacity: number;
  seq: number;
  /** The waiting sessions and this agent's own; for a supervisor all open sessions too. By number. */
  sessions: Record<number, Session>;
  /** How many sessions wait at the server; `sessions` may hold fewer. */
  waiting_count: number;
  /** For a supervisor, how many sessions colleagues have open; `sessions` may hold fewer. */
  others_count: number;
  /** The number of the last session of colleagues that was loaded: the next page begins after it. */
  others_read: number;
  /** The number of the change after which the list of customers who were missed is to be loaded, for a supervisor. */
  missed_seq: number;
  /** How many of the customer's messages were neither read nor answered, for each of this agent's sessions. */
  unread: Record<number, number>;
  /** By openid, ascending. */
  messages: Record<string, Message[]>;
  /** By openid: whether the customer's very first message is here. */
  complete: Record<string, boolean>;
  /** The agents' notes between these messages, by openid, ascending. */
  notes: Record<string, Note[]>;
  /** The groups of agents, oldest first. */
  groups: Group[];
}

export interface Desk {
  worker: string;
  /** Whether the worker administers an account. */
  administers: boolean;
  epoch: string;
  accounts: Account[];
  invitations: Invitation[];
}

const PREVIEW_CHARS = 60;
/** A list that the server has cut short is loaded again once fewer sessions than this are left in it. */
const WAITING_MIN = 50;

// ---- the desk ----------------------------------------------------------------------------------------------------

/** The state after a snapshot. History that was loaded before it is kept while the epoch is the same. */
export function loadDesk(snapshot: DeskSnapshot, before: Desk | null): Desk {
  const isSameEpoch = before?.epoch === snapshot.epoch;
  const usable = (account: Account) => (isSameEpoch ? account : { ...account, messages: {}, complete: {}, notes: {} });
  const known = new Map(before?.accounts.map((account) => [account.appid, usable(account)]));
  return {
    worker: snapshot.worker.name,
    administers: snapshot.worker.administers,
    epoch: snapshot.epoch,
    invitations: snapshot.invitations,
    accounts: snapshot.accounts.map((account) => loadAccount(account, known.get(account.appid))),
  };
}

function loadAccount(snapshot: AccountSnapshot, before: Account | undefined): Account {
  const { appid, name, agent, reception, capacity, seq, waiting_count, others, others_count, unread } = snapshot;
  const listed = [...snapshot.waiting, ...others, ...snapshot.sessions];
  const sessions = Object.fromEntries(listed.map((one) => [one.id, one]));
  const messages: Record<string, Message[]> = {};
  for (const { openid } of snapshot.sessions) {
    const now = snapshot.messages.filter((message) => message.openid === openid);
    messages[openid] = joinSnapshot(before?.messages[openid] ?? [], now);
  }
  for (const { openid } of others) if (before?.messages[openid]) messages[openid] = before.messages[openid];
  const complete = Object.fromEntries(
    Object.entries(messages).map(([openid, list]) => {
      const first = before?.messages[openid]?.[0]?.id;
      return [openid, before?.complete[openid] === true && first === list[0]?.id];
    }),
  );
  const noted = (openid: string) => snapshot.notes.filter((note) => note.openid === openid);
  const notes = Object.fromEntries(
    Object.keys(messages).map((openid) => [openid, addById(before?.notes[openid] ?? [], noted(openid))]),
  );
  const others_read = others.at(-1)?.id ?? 0;
  const counts = { waiting_count, others_count, others_read, missed_seq: seq, unread };
  const lists = { sessions, messages, complete, notes, groups: snapshot.groups };
  return { appid, name, agent, reception, capacity, seq, ...counts, ...lists };
}

/** The state after one change of the stream. A `seq` that was folded before changes nothing. */
export function foldChange(desk: Desk, change: Change<DeskFact>): Desk {
  return update(desk, change.appid, (account) =>
    change.seq <= account.seq ? account : withSeq(change.facts.reduce(applyStreamFact, account), change),
  );
}

const withSeq = (account: Account, { seq, facts }: Change<DeskFact>): Account => ({
  ...account,
  seq,
  missed_seq: facts.some((fact) => "missed" in fact) ? seq : account.missed_seq,
});

/** The state after the answer to a call of this page. It may be older than the stream, so no session goes back. */
export function applyAnswer(desk: Desk, appid: string, facts: DeskFact[]): Desk {
  return update(desk, appid, (account) =>
    facts
      .filter((fact) => !("session" in fact) || !goesBack(account.sessions[fact.session.id], fact.session))
      .reduce(applyFact, account),
  );
}

/** The state after a page of history; `complete`: there is nothing older. */
export function addHistory(desk: Desk, appid: string, openid: string, page: History, complete: boolean): Desk {
  return update(desk, appid, (account) => ({
    ...account,
    messages: { ...account.messages, [openid]: joinHistory(page.messages, account.messages[openid] ?? [], complete) },
    complete: { ...account.complete, [openid]: complete },
    notes: { ...account.notes, [openid]: addById(account.notes[openid] ?? [], page.notes) },
  }));
}

/** The state after a page of colleagues' open sessions; `complete`: there are no more. */
export function addColleagueSessions(desk: Desk, appid: string, page: Session[], complete: boolean): Desk {
  return update(desk, appid, (account) => {
    const next = page.reduce(withSession, account);
    const others_read = page.at(-1)?.id ?? account.others_read;
    return { ...next, others_read, others_count: complete ? colleagueSessions(next).length : account.others_count };
  });
}

/** Adds the closed session of a customer who was missed, so that a supervisor can read its messages. */
export function addMissed(desk: Desk, appid: string, { session: id, openid, since, at }: Missed): Desk {
  const times = { waiting_since: since, opened_at: 0, latest_at: at, since: 0, group: 0 };
  const closed: Session = { id, openid, state: "closed", kf_account: "", nickname: "", preview: "", ...times };
  return update(desk, appid, (account) => ({ ...account, sessions: { ...account.sessions, [id]: closed } }));
}

/** Starts to collect the messages of a colleague's session that a supervisor looks at. */
export function beginReadingAlong(desk: Desk, appid: string, session: Session): Desk {
  return update(desk, appid, (account) =>
    account.messages[session.openid]
      ? account
      : { ...account, messages: { ...account.messages, [session.openid]: [] } },
  );
}

/** Removes closed sessions, and messages that no session on the page needs; `keep` is the session in view. */
export function removeUnneeded(desk: Desk, appid: string, keep: number | null): Desk {
  return update(desk, appid, (account) => {
    const left = Object.values(account.sessions).filter((one) => one.state !== "closed" || one.id === keep);
    const wanted = left.filter((one) => one.id === keep || !isColleagues(account, one));
    const openids = new Set(wanted.map((one) => one.openid));
    const gone = Object.keys(account.messages).filter((openid) => !openids.has(openid));
    if (gone.length === 0 && left.length === Object.keys(account.sessions).length) return account;
    return {
      ...account,
      sessions: Object.fromEntries(left.map((one) => [one.id, one])),
      messages: only(account.messages, openids),
      notes: only(account.notes, openids),
    };
  });
}

const only = <T>(all: Record<string, T>, openids: Set<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([openid]) => openids.has(openid)));

const ORDER: SessionState[] = ["waiting", "open", "closed"];

const goesBack = (known: Session | undefined, next: Session): boolean =>
  known !== undefined && ORDER.indexOf(next.state) < ORDER.indexOf(known.state);

function update(desk: Desk, appid: string, verb: (account: Account) => Account): Desk {
  const account = desk.accounts.find((one) => one.appid === appid);
  if (!account) return desk;
  const next = verb(account);
  return next === account ? desk : { ...desk, accounts: desk.accounts.map((one) => (one === account ? next : one)) };
}

function applyFact(account: Account, fact: DeskFact): Account {
  if ("session" in fact) return withSession(account, fact.session);
  if ("message" in fact) return withMessage(account, fact.message);
  if ("counts" in fact) return withCounts(account, fact.counts.waiting, fact.counts.open);
  if ("note" in fact) return withNote(account, fact.note);
  if ("group" in fact) return { ...account, groups: addById(account.groups, [fact.group]) };
  if ("group_gone" in fact) return withoutGroup(account, fact.group_gone);
  if (!("agent" in fact)) return account;
  const { kf_account, nickname, presence } = fact.agent;
  if (kf_account !== account.agent.kf_account) return account;
  const is_set_away = account.agent.is_set_away && presence === "away";
  return { ...account, agent: { ...account.agent, nickname, presence, is_set_away } };
}

/** Applies a fact of the stream: a new message of a customer in one of this agent's sessions is unread. */
function applyStreamFact(account: Account, fact: DeskFact): Account {
  const next = applyFact(account, fact);
  if (!("message" in fact) || fact.message.from !== "customer") return next;
  const { id, session, openid } = fact.message;
  const isNew = isOwn(next, session) && !account.messages[openid]?.some((one) => one.id === id);
  return isNew ? withUnread(next, session, (next.unread[session] ?? 0) + 1) : next;
}

const isOwn = (account: Account, id: number): boolean => {
  const session = account.sessions[id];
  return session?.state === "open" && !isColleagues(account, session);
};

function withUnread(account: Account, session: number, count: number): Account {
  const { [session]: before = 0, ...others } = account.unread;
  if (before === count) return account;
  return { ...account, unread: count > 0 ? { ...others, [session]: count } : others };
}

function withSession(account: Account, session: Session): Account {
  const isKnown = account.sessions[session.id] !== undefined;
  const isVisible = session.kf_account === account.agent.kf_account || account.agent.supervisor;
  const isListed = session.state === "waiting" || (isVisible && (session.state === "open" || isKnown));
  const sessions = { ...account.sessions };
  if (isListed) sessions[session.id] = session;
  else delete sessions[session.id];
  const next = { ...account, sessions };
  return isOwn(next, session.id) ? next : withUnread(next, session.id, 0);
}

/** Takes the server's counts of waiting and open sessions. All of this agent's own sessions are known here. */
function withCounts(account: Account, waiting_count: number, open?: number): Account {
  const others_count = open === undefined ? account.others_count : open - ownSessions(account).length;
  return { ...account, waiting_count, others_count };
}

/** Whether a session is, or was, a colleague's. */
export const isColleagues = (account: Account, session: Session): boolean =>
  session.state !== "waiting" && session.kf_account !== account.agent.kf_account;

function withMessage(account: Account, message: Message): Account {
  const session = account.sessions[message.session];
  const known = account.messages[message.openid];
  // Messages of a colleague's session are collected only while the supervisor looks at it.
  const isIgnored = session !== undefined && known === undefined && isColleagues(account, session);
  const isLatest = session && message.at >= session.latest_at;
  const preview = [...message.text].slice(0, PREVIEW_CHARS).join("");
  const isAnswer = message.from === "agent" && session?.state === "open" && message.at >= session.since;
  const since = isAnswer ? 0 : (session?.since ?? 0);
  return {
    // An answer shows that the messages before it were read.
    ...(message.from === "agent" ? withUnread(account, message.session, 0) : account),
    messages: isIgnored
      ? account.messages
      : { ...account.messages, [message.openid]: addById(known ?? [], [message]) },
    sessions: isLatest
      ? { ...account.sessions, [session.id]: { ...session, latest_at: message.at, preview, since } }
      : account.sessions,
  };
}

/** Adds a note. Notes of a session without messages here come with them. */
function withNote(account: Account, note: Note): Account {
  const { openid } = note;
  if (!account.messages[openid]) return account;
  return { ...account, notes: { ...account.notes, [openid]: addById(account.notes[openid] ?? [], [note]) } };
}

/** Removes a group. Its customers are in the queue of all agents. */
function withoutGroup(account: Account, group: number): Account {
  const sessions = Object.values(account.sessions).map((one) => (one.group === group ? { ...one, group: 0 } : one));
  return {
    ...account,
    groups: account.groups.filter((one) => one.id !== group),
    sessions: Object.fromEntries(sessions.map((one) => [one.id, one])),
  };
}

/** The name of a group; "" for the queue of all agents. */
export const groupName = ({ groups }: Account, group: number): string =>
  groups.find((one) => one.id === group)?.name ?? "";

/** The groups of this agent. */
export const ownGroups = ({ groups, agent }: Account): Group[] =>
  groups.filter((one) => one.members.includes(agent.kf_account));

/** The notes between the messages that are here. */
export function notesOf({ messages, complete, notes }: Account, openid: string): Note[] {
  const first = complete[openid] ? 0 : (messages[openid]?.[0]?.id ?? 0);
  return (notes[openid] ?? []).filter((note) => note.id > first);
}

/** The waiting sessions, in the order of the queue: by the first word that has no answer. */
export function waitingSessions(account: Account): Session[] {
  return Object.values(account.sessions)
    .filter((session) => session.state === "waiting")
    .sort((a, b) => a.since - b.since || a.id - b.id);
}

/** This agent's open sessions, the one with the latest message first. */
export const ownSessions = (account: Account): Session[] => openSessions(account, false);

/** Colleagues' open sessions, as a supervisor sees them. */
export const colleagueSessions = (account: Account): Session[] => openSessions(account, true);

const openSessions = (account: Account, ofColleagues: boolean): Session[] =>
  Object.values(account.sessions)
    .filter((session) => session.state === "open" && isColleagues(account, session) === ofColleagues)
    .sort((a, b) => b.latest_at - a.latest_at || b.id - a.id);

/** Whether the list of waiting sessions here is much shorter than the server's. */
export function isCutShort(account: Account): boolean {
  return waitingSessions(account).length < Math.min(account.waiting_count, WAITING_MIN);
}

/** How many of the session's loaded customer messages are later than the message `read` and the last answer. */
export function countUnreadAfter(account: Account, session: Session, read: number): number {
  const list = (account.messages[session.openid] ?? []).filter((message) => message.session === session.id);
  const answered = list.findLast((message) => message.from === "agent")?.id ?? 0;
  const from = Math.max(read, answered);
  return list.filter((message) => message.from === "customer" && message.id > from).length;
}

/** The session has been read up to a message; nothing changes unless all later messages are loaded. */
export function markRead(desk: Desk, appid: string, id: number, message: number): Desk {
  return update(desk, appid, (account) => {
    const session = account.sessions[id];
    const first = session && account.messages[session.openid]?.[0]?.id;
    if (!session || first === undefined || first > message) return account;
    return withUnread(account, id, Math.min(account.unread[id] ?? 0, countUnreadAfter(account, session, message)));
  });
}

/** The customer's words since `since` need no answer; later ones may. */
export function markAnswered(desk: Desk, appid: string, id: number, since: number): Desk {
  return update(desk, appid, (account) => {
    const session = account.sessions[id];
    if (session?.state !== "open" || session.since !== since) return account;
    return { ...account, sessions: { ...account.sessions, [id]: { ...session, since: 0 } } };
  });
}

/** Counts the unread messages of a session that has just become this agent's, among those loaded. */
export function recountUnread(desk: Desk, appid: string, id: number, read: number): Desk {
  return update(desk, appid, (account) => {
    const session = account.sessions[id];
    return session && isOwn(account, id) ? withUnread(account, id, countUnreadAfter(account, session, read)) : account;
  });
}
