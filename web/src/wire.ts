/** The shapes the server sends. Times are Unix milliseconds, ids are integers. */

export type State = "waiting" | "open" | "closed";
export type Presence = "online" | "away" | "offline";

export interface Session {
  id: number;
  openid: string;
  state: State;
  /** The agent's, or "" while waiting. */
  kf_account: string;
  /** The name customers see of her. */
  nickname: string;
  /** Where her picture is, if she has one. */
  headimg?: string;
  waiting_since: number;
  /** 0 while the session has not been opened. */
  opened_at: number;
  latest_at: number;
  preview: string;
}

/** As in the `msgtype` of Weixin's API. */
export type Kind =
  | "text"
  | "image"
  | "voice"
  | "video"
  | "music"
  | "news"
  | "mpnews"
  | "mpnewsarticle"
  | "msgmenu"
  | "wxcard"
  | "miniprogrampage"
  | "link";

/** What a message says beyond its text, by kind; addresses in it are anybody's. */
export interface Body {
  /** On a text that chose from a menu: the choice. */
  bizmsgmenuid?: string;
  media_id?: string;
  thumb_media_id?: string;
  title?: string;
  description?: string;
  url?: string;
  thumb_url?: string;
  musicurl?: string;
  hqmusicurl?: string;
  articles?: { title?: string; description?: string; url?: string; picurl?: string }[];
  article_id?: string;
  card_id?: string;
  appid?: string;
  pagepath?: string;
  head_content?: string;
  list?: { id: string; content: string }[];
  tail_content?: string;
}

export interface Message {
  id: number;
  /** 0 for what a program wrote outside of any session. */
  session: number;
  openid: string;
  /** `account`: a program that speaks as no agent. */
  from: "customer" | "agent" | "account";
  kf_account: string;
  /** The name customers see of the agent who wrote. */
  nickname?: string;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
  kind: Kind;
  /** Whether it had a file that is kept no longer. */
  gone?: boolean;
  /** Of what is no text: `[kind] title`, for where only text is shown. */
  text: string;
  /** Of its picture as it is shown, in pixels; absent where they are not known. */
  width?: number;
  height?: number;
  body?: Body;
  /** Whether a machine wrote it, by its own account. */
  ai?: boolean;
  at: number;
  /** The id its sender's page gave it; "" for what a program sent, in an agent's name too. */
  client_id: string;
}

export interface Agent {
  kf_account: string;
  nickname: string;
  headimg?: string;
  kf_id: number;
  presence: Presence;
  capacity: number;
  /** She sees and moves every session. */
  supervisor: boolean;
}

/** An agent who is online, and could get a session. */
export interface Colleague {
  kf_account: string;
  nickname: string;
  headimg?: string;
  /** Sessions she has open. */
  open: number;
}

export interface Invitation {
  appid: string;
  account_name: string;
  kf_account: string;
  nickname: string;
  expires_at: number;
}

/** What a worker has typed in a session and not sent. */
export interface SavedDraft {
  session: number;
  openid: string;
  text: string;
  at: number;
}

export interface AccountSnapshot {
  appid: string;
  seq: number;
  name: string;
  reception: "automatic" | "manual";
  agent: Agent;
  sessions: Session[];
  /** For a supervisor: the first that others have open, and how many they have. */
  others: Session[];
  others_count: number;
  waiting: Session[];
  waiting_count: number;
  /** The customer's messages that this worker has not read, by session of the agent's; none are left out. */
  unread: Record<number, number>;
  drafts: SavedDraft[];
  messages: Message[];
}

export interface DeskSnapshot {
  /** `administers`: an account, for which they can get tokens at `/debug`. */
  worker: { name: string; administers: boolean };
  /** Another one than before: the server's data were restored or moved, and numbers of messages mean others. */
  epoch: string;
  since: string;
  accounts: AccountSnapshot[];
  invitations: Invitation[];
}

export type DeskFact =
  | { session: Session }
  | { message: Message }
  | { agent: { kf_account: string; nickname: string; presence: Presence } }
  /** After sessions have moved; `open` is for supervisors. */
  | { counts: { waiting: number; open?: number } };

export interface DeskChange {
  appid: string;
  seq: number;
  facts: DeskFact[];
}

export type ChatState = "none" | State;

export interface ChatSnapshot {
  account: { name: string };
  /** As of the workbench. */
  epoch: string;
  /** "" until this customer has written for the first time. */
  since: string;
  state: ChatState;
  agent: ServingAgent | null;
  messages: Message[];
}

/** Who serves a customer, as the customer sees it. */
export interface ServingAgent {
  nickname: string;
  headimg?: string;
  online: boolean;
}

export type ChatFact = { message: Message } | { session: { state: ChatState; agent: ServingAgent | null } };

/** The data of a `typing` event; `true` lasts 15 seconds. */
export interface Typing {
  typing: boolean;
}

export interface ChatChange {
  seq: number;
  facts: ChatFact[];
}

/** Where a worker is logged in. */
export interface Login {
  id: string;
  /** Its browser in a few words; empty when it did not say. */
  browser: string;
  address: string;
  created_at: number;
  /** To the hour. */
  used_at: number;
  current: boolean;
}
