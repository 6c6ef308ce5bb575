/** All calls of the pages. A refusal by the server is thrown as `Refused`. */
import type {
  Accepted,
  AccessToken,
  ChatPlace,
  ChatSnapshot,
  Colleagues,
  Debug,
  DebugCallback,
  DeskSnapshot,
  DraftKept,
  EndReason,
  GroupChanged,
  History,
  LoggedIn,
  Logins,
  Messages,
  MissedCustomers,
  PushKinds,
  PushPage,
  Reception,
  Replayed,
  Replays,
  Sent,
  ServerAlarms,
  Sessions,
  ShownPush,
  WhyIdle,
  WhyWaiting,
  Written,
} from "./wire";

/** How many messages one page of history holds. */
export const MESSAGES_PAGE = 50;
/** How many sessions one page of colleagues' sessions holds. */
export const SESSIONS_PAGE = 200;
/** The longest text that the server accepts. */
export const TEXT_BYTES_MAX = 2048;

/** The largest picture that the server accepts. */
export const PICTURE_BYTES_MAX = 10 << 20;
/** The types of pictures that the server accepts. */
export const PICTURE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const LOGIN_NEEDED = 401;
/** No answer, too many attempts, busy, server error. */
const TEMPORARY = [0, 990006, 990008, 990009];
/** Browsers limit what a page may still send while it is closed to 64 kB. */
const KEEPALIVE_BYTES_MAX = 60_000;

const TIMEOUT_MS = 20_000;
const PICTURE_TIMEOUT_MS = 120_000;

/** Why the server ended a login; "unknown" where the server does not say. */
export type Ended = EndReason | "unknown";

/** A call that failed. `errcode` is the server's number, or 0 when there was no answer. */
export class Refused extends Error {
  constructor(
    readonly errcode: number,
    readonly status: number,
    message: string,
    readonly ended: Ended = "unknown",
  ) {
    super(message);
  }
}

/** Whether the same call may succeed later, because the server was busy, failed, or could not be reached. */
export const isTemporary = (cause: unknown): boolean =>
  !(cause instanceof Refused) || TEMPORARY.includes(cause.errcode) || cause.status >= 500;

export const needsLogin = (cause: unknown): cause is Refused =>
  cause instanceof Refused && cause.status === LOGIN_NEEDED;

/** The refusal that an answer of the server means; `body` is its parsed JSON. */
export function refusalOf(answer: Response, body: unknown): Refused {
  const { errcode, errmsg, ended } = (body ?? {}) as { errcode?: number; errmsg?: string; ended?: Ended };
  return new Refused(errcode ?? 0, answer.status, errmsg ?? answer.statusText, ended);
}

async function call<T>(method: "GET" | "POST", path: string, body?: unknown, keepalive = false): Promise<T> {
  const timeout = body instanceof Blob ? PICTURE_TIMEOUT_MS : TIMEOUT_MS;
  const init: RequestInit = { method, cache: "no-store", signal: AbortSignal.timeout(timeout) };
  if (body instanceof Blob) {
    // A picture is the whole body, under its own type.
    init.headers = { "Content-Type": body.type };
    init.body = body;
  } else if (method === "POST") {
    init.headers = { "Content-Type": "application/json" };
    const text = JSON.stringify(body ?? {});
    init.body = text;
    init.keepalive = keepalive && new TextEncoder().encode(text).length <= KEEPALIVE_BYTES_MAX;
  }
  let answer: Response;
  let value: unknown;
  try {
    answer = await fetch(path, init);
    value = await answer.json().catch(() => null);
  } catch (cause) {
    throw new Refused(0, 0, String(cause));
  }
  if (answer.ok && value !== null) return value as T;
  throw refusalOf(answer, value);
}

const get = <T>(path: string) => call<T>("GET", path);
const post = <T>(path: string, body: unknown) => call<T>("POST", path, body);
/** A call that the browser completes even when the page is closed. */
const postKeepalive = <T>(path: string, body: unknown) => call<T>("POST", path, body, true);
const query = (values: Record<string, string | number>) =>
  new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)])).toString();

/** The file of a message, or the small picture shown for it. */
export type FilePart = "file" | "thumb";

/** Where a session goes: to an agent, or to the queue of a group; 0: of all agents. */
export type Target = { to: string } | { group: number };

/** What the debugging page does with the settings of a developer's server. */
export type CallbackAction = "save" | "verify" | "discard" | "back" | "remove";
/** The settings of a developer's server as they are typed; an empty text stands for what is there, or is made. */
export type CallbackForm = Record<"url" | "token" | "mode" | "format" | "aes_key", string>;

export const desk = {
  login: (name: string, password: string) => post<LoggedIn>("/desk/api/login", { name, password }),
  signup: (invite: string, name: string, password: string) =>
    post<LoggedIn>("/desk/api/signup", { invite, name, password }),
  logout: () => post<object>("/desk/api/logout", {}),
  logins: () => get<Logins>("/desk/api/logins"),
  endLogin: (id?: string) => post<object>("/desk/api/login/end", id ? { id } : {}),
  changePassword: (current: string, next: string) => post<object>("/desk/api/password", { current, new: next }),
  snapshot: () => get<DeskSnapshot>("/desk/api/snapshot"),
  streamPath: (since: string) => `/desk/api/stream?${query({ since })}`,
  answerInvitation: (appid: string, kf_account: string, accept: boolean) =>
    post<object>("/desk/api/invitation", { appid, kf_account, accept }),
  /** The agent's own switch and limit; null: the account's. */
  setIntake: (appid: string, reception: Reception | null, capacity: number | null) =>
    post<object>("/desk/api/intake", { appid, reception, capacity }),
  setPresence: (appid: string, away: boolean) => post<object>("/desk/api/presence", { appid, away }),
  accept: (appid: string, session: number) => post<Accepted>("/desk/api/session/accept", { appid, session }),
  close: (appid: string, session: number) => post<object>("/desk/api/session/close", { appid, session }),
  /** Hands the customer back to the queue. */
  handBack: (appid: string, session: number) => post<object>("/desk/api/session/hand_back", { appid, session }),
  /** The customer's last words need no answer. */
  answered: (appid: string, session: number) => post<object>("/desk/api/session/answered", { appid, session }),
  whyWaiting: (appid: string, session: number) =>
    get<WhyWaiting>(`/desk/api/why/waiting?${query({ appid, session })}`),
  whyIdle: (appid: string) => get<WhyIdle>(`/desk/api/why/idle?${query({ appid })}`),
  /** For a supervisor: customers whom no agent answered. */
  missed: (appid: string) => get<MissedCustomers>(`/desk/api/missed?${query({ appid })}`),
  dismissMissed: (appid: string, session: number) => post<object>("/desk/api/missed/dismiss", { appid, session }),
  /** Moves a session from the agent that the page shows ("": it waits) to another agent or to the queue of a group. */
  transfer: (appid: string, session: number, from: string, target: Target, note: string) =>
    post<object>("/desk/api/session/transfer", { appid, session, from, ...target, note }),
  addGroup: (appid: string, name: string, menu_id: string) =>
    post<GroupChanged>("/desk/api/group/add", { appid, name, menu_id }),
  renameGroup: (appid: string, group: number, name: string, menu_id: string) =>
    post<GroupChanged>("/desk/api/group/rename", { appid, group, name, menu_id }),
  deleteGroup: (appid: string, group: number) => post<GroupChanged>("/desk/api/group/delete", { appid, group }),
  setMember: (appid: string, group: number, kf_account: string, isMember: boolean) =>
    post<GroupChanged>(`/desk/api/group/${isMember ? "join" : "leave"}`, { appid, group, kf_account }),
  colleagues: (appid: string) => get<Colleagues>(`/desk/api/colleagues?${query({ appid })}`),
  /** For a supervisor: up to `SESSIONS_PAGE` open sessions of colleagues with numbers greater than `after`. */
  sessions: (appid: string, after: number) => get<Sessions>(`/desk/api/sessions?${query({ appid, after })}`),
  send: (appid: string, session: number, client_id: string, text: string) =>
    post<Written>("/desk/api/message", { appid, session, client_id, text }),
  sendPicture: (appid: string, session: number, client_id: string, picture: Blob) =>
    post<Written>(`/desk/api/image?${query({ appid, session, client_id })}`, picture),
  /** Answers the time at which the draft was saved. Refused with 401 if the login is not that of `worker`. */
  draft: (draft: { worker: string; appid: string; session: number; text: string }) =>
    postKeepalive<DraftKept>("/desk/api/draft", draft),
  /** The worker has read a session up to a message. */
  read: (mark: { worker: string; appid: string; session: number; message: number }) =>
    postKeepalive<object>("/desk/api/read", mark),
  filePath: (appid: string, message: number, part: FilePart) => `/desk/api/file?${query({ appid, message, part })}`,
  debug: () => get<Debug>("/desk/api/debug"),
  debugToken: (appid: string) => post<AccessToken>("/desk/api/debug/token", { appid }),
  /** The latest pushes that fit, or those before one; "" fits all. */
  pushes: (appid: string, filter: Record<string, string>) =>
    get<PushPage>(`/desk/api/debug/pushes?${query({ appid, ...filter })}`),
  push: (appid: string, id: string) => get<ShownPush>(`/desk/api/debug/pushes/show?${query({ appid, id })}`),
  alarms: (appid: string) => get<ServerAlarms>(`/desk/api/debug/callback/alarms?${query({ appid })}`),
  pushKinds: () => get<PushKinds>("/desk/api/debug/pushes/kinds"),
  replayPush: (appid: string, id: string, act: boolean) =>
    post<Replays>("/desk/api/debug/pushes/replay", { appid, ids: [id], act }),
  /** Replays some of what failed since a time, after the push `after`; the answer says where to go on. */
  replayFailed: (appid: string, failed_since: number, after: string | undefined) =>
    post<Replays>("/desk/api/debug/pushes/replay", { appid, failed_since, after }),
  pausePushes: (appid: string) => post<object>("/desk/api/debug/pushes/pause", { appid }),
  resumePushes: (appid: string) => post<object>("/desk/api/debug/pushes/resume", { appid }),
  simulatePush: (appid: string, openid: string, what: string, members: Record<string, string>, act: boolean) =>
    post<Replayed>("/desk/api/debug/pushes/simulate", { appid, openid, what, members, act }),
  debugCallback: (appid: string) => get<DebugCallback>(`/desk/api/debug/callback?${query({ appid })}`),
  changeCallback: (appid: string, action: CallbackAction, form: CallbackForm) => {
    const given = Object.entries(form).filter(([, value]) => value !== "");
    const body = action === "save" ? Object.fromEntries(given) : {};
    return post<DebugCallback>("/desk/api/debug/callback", { appid, action, ...body });
  },
  /** Up to `MESSAGES_PAGE` messages of the session's customer before the message `before`; 0 asks for the latest. */
  messages: (appid: string, session: number, before: number) =>
    get<History>(`/desk/api/messages?${query({ appid, session, before })}`),
};

/** The description of Weixin's endpoints. */
export const openapi = () => get<Record<string, unknown>>("/openapi.json");

/** The calls of the customer page of one account. */
export function chat(appid: string) {
  const root = `/chat/api/${encodeURIComponent(appid)}`;
  return {
    snapshot: () => get<ChatSnapshot>(`${root}/snapshot`),
    streamPath: (since: string) => `${root}/stream?${query({ since })}`,
    send: (client_id: string, text: string) => post<Sent>(`${root}/message`, { client_id, text }),
    place: () => get<ChatPlace>(`${root}/place`),
    sendPicture: (client_id: string, picture: Blob) => post<Sent>(`${root}/image?${query({ client_id })}`, picture),
    /** Chooses from a menu that the customer was sent. */
    chooseFromMenu: (client_id: string, message: number, id: string) =>
      post<Sent>(`${root}/menu_choice`, { client_id, message, id }),
    filePath: (message: number, part: FilePart) => `${root}/file?${query({ message, part })}`,
    messages: (before: number) => get<Messages>(`${root}/messages?${query({ before })}`),
  };
}

/** A new id for a message that is shown before it is sent. Over plain HTTP browsers have no `randomUUID`. */

export function clientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
