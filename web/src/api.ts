/** Every call the pages make. A refusal is thrown as `Refused`. */
import type {
  Accepted,
  AccessToken,
  ChatSnapshot,
  Colleagues,
  Debug,
  DeskSnapshot,
  DraftKept,
  EndReason,
  LoggedIn,
  Logins,
  Messages,
  Sent,
  Sessions,
  Written,
} from "./wire";

/** How many messages one page of history holds. */
export const PAGE = 50;
/** How many sessions one page of those of others holds. */
export const SESSIONS_PAGE = 200;
/** The longest message the server takes. */
export const TEXT_BYTES_MAX = 2048;

/** The largest picture the server takes. */
export const PICTURE_BYTES_MAX = 10 << 20;
/** The pictures it takes. */
export const PICTURE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const LOGIN_NEEDED = 401;
/** Busy, failing, too often. */
const PASSES = [0, 990006, 990008, 990009];
/** What a page says on leaving: browsers let no more than 64 kB outlast it. */
const OUTLASTS_BYTES_MAX = 60_000;

const PATIENCE_MS = 20_000;
const PICTURE_PATIENCE_MS = 120_000;

/** Why a login ended, as the server says it to who holds it; "unknown" where it does not. */
export type Ended = EndReason | "unknown";

/** `errcode` is the server's number, or 0 when it could not be reached. */
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

/** Whether the server may take it later: there is no line, or what hinders it passes. */
export const passes = (cause: unknown): boolean =>
  !(cause instanceof Refused) || PASSES.includes(cause.errcode) || cause.status >= 500;

export const needsLogin = (cause: unknown): cause is Refused =>
  cause instanceof Refused && cause.status === LOGIN_NEEDED;

/** A refusal by the server, of which `value` is the body. */
export function refusalOf(answer: Response, value: unknown): Refused {
  const said = (value ?? {}) as { errcode?: number; errmsg?: string; ended?: Ended };
  return new Refused(said.errcode ?? 0, answer.status, said.errmsg ?? answer.statusText, said.ended);
}

async function call<T>(method: "GET" | "POST", path: string, body?: unknown, outlasts = false): Promise<T> {
  const patience = body instanceof Blob ? PICTURE_PATIENCE_MS : PATIENCE_MS;
  const init: RequestInit = { method, cache: "no-store", signal: AbortSignal.timeout(patience) };
  if (body instanceof Blob) {
    // A picture goes as it is, under its own type.
    init.headers = { "Content-Type": body.type };
    init.body = body;
  } else if (method === "POST") {
    init.headers = { "Content-Type": "application/json" };
    const text = JSON.stringify(body ?? {});
    init.body = text;
    init.keepalive = outlasts && new TextEncoder().encode(text).length <= OUTLASTS_BYTES_MAX;
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
/** A call that goes on when its page goes. */
const leave = <T>(path: string, body: unknown) => call<T>("POST", path, body, true);
const query = (values: Record<string, string | number>) =>
  new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)])).toString();

/** A file of a message, or the small picture that stands for it. */
export type Part = "file" | "thumb";

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
  setPresence: (appid: string, away: boolean) => post<object>("/desk/api/presence", { appid, away }),
  accept: (appid: string, session: number) => post<Accepted>("/desk/api/session/accept", { appid, session }),
  close: (appid: string, session: number) => post<object>("/desk/api/session/close", { appid, session }),
  /** From whom the page shows it with, "" for the waiting list, to another. */
  transfer: (appid: string, session: number, from: string, to: string) =>
    post<object>("/desk/api/session/transfer", { appid, session, from, to }),
  colleagues: (appid: string) => get<Colleagues>(`/desk/api/colleagues?${query({ appid })}`),
  /** For a supervisor: what others have open, `SESSIONS_PAGE` after a number. */
  sessions: (appid: string, after: number) => get<Sessions>(`/desk/api/sessions?${query({ appid, after })}`),
  send: (appid: string, session: number, client_id: string, text: string) =>
    post<Written>("/desk/api/message", { appid, session, client_id, text }),
  sendPicture: (appid: string, session: number, client_id: string, picture: Blob) =>
    post<Written>(`/desk/api/image?${query({ appid, session, client_id })}`, picture),
  /** Answers when it was kept. A login of somebody else than its `worker` is refused as none. */
  draft: (draft: { worker: string; appid: string; session: number; text: string }) =>
    leave<DraftKept>("/desk/api/draft", draft),
  /** The worker has read a session up to a message. */
  read: (mark: { worker: string; appid: string; session: number; message: number }) =>
    leave<object>("/desk/api/read", mark),
  filePath: (appid: string, message: number, part: Part) => `/desk/api/file?${query({ appid, message, part })}`,
  debug: () => get<Debug>("/desk/api/debug"),
  debugToken: (appid: string) => post<AccessToken>("/desk/api/debug/token", { appid }),
  /** Up to `PAGE` messages of the session's customer older than `before`; 0 asks for the latest. */
  messages: (appid: string, session: number, before: number) =>
    get<Messages>(`/desk/api/messages?${query({ appid, session, before })}`),
};

/** The description of Weixin's endpoints. */
export const openapi = () => get<Record<string, unknown>>("/openapi.json");

/** The calls of one account's customer page. */
export function chat(appid: string) {
  const root = `/chat/api/${encodeURIComponent(appid)}`;
  return {
    snapshot: () => get<ChatSnapshot>(`${root}/snapshot`),
    streamPath: (since: string) => `${root}/stream?${query({ since })}`,
    send: (client_id: string, text: string) => post<Sent>(`${root}/message`, { client_id, text }),
    sendPicture: (client_id: string, picture: Blob) => post<Sent>(`${root}/image?${query({ client_id })}`, picture),
    /** A choice of a menu that was sent to her. */
    tap: (client_id: string, message: number, id: string) => post<Sent>(`${root}/tap`, { client_id, message, id }),
    filePath: (message: number, part: Part) => `${root}/file?${query({ message, part })}`,
    messages: (before: number) => get<Messages>(`${root}/messages?${query({ before })}`),
  };
}

/** A fresh id for an optimistic message. `randomUUID` is missing on plain HTTP, so it is made by hand. */
export function clientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
