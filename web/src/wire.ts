/**
 * The shapes the server sends, made from its types: `KEFU_BLESS=1 cargo test -p kefu wire`. Do not edit. Times are Unix
 * milliseconds, ids are integers.
 */

/** All that the workbench of a worker shows. */
export interface DeskSnapshot {
  /** The worker. */
  worker: Worker;
  /** The epoch of the store. Another one than before: data were restored or moved, and numbers mean other messages. */
  epoch: string;
  /** Where the page's stream begins. */
  since: string;
  /** The accounts that the worker is an agent of. */
  accounts: AccountSnapshot[];
  /** The invitations that wait for the worker's answer. */
  invitations: Invitation[];
}

/** A worker, as their own pages see them. */
export interface Worker {
  /** The worker's name. */
  name: string;
  /** Whether the worker administers an account, and can get tokens at `/debug`. */
  administers: boolean;
}

/** An account as its agent sees it. */
export interface AccountSnapshot {
  /** Its id. */
  appid: string;
  /** Its name. */
  name: string;
  /** The number of the change this is true at. */
  seq: number;
  /** What becomes of a first message. */
  reception: Reception;
  /** The agent that the worker is. */
  agent: Agent;
  /** The agent's open sessions. */
  sessions: Session[];
  /** For a supervisor the first 200 that other agents have open; their messages are asked for one by one. */
  others: Session[];
  /** How many other agents have open, for a supervisor. */
  others_count: number;
  /** The first 100 who wait. */
  waiting: Session[];
  /** How many wait. */
  waiting_count: number;
  /** How many of the customer's messages this worker has not read, by session of the agent's; none are left out. */
  unread: Record<number, number>;
  /** What the worker has typed and not sent. */
  drafts: SavedDraft[];
  /** The last messages of the agent's sessions. */
  messages: Message[];
}

/** What becomes of a customer's first message. */
export type Reception = "automatic" | "manual";

/** The agent that a worker is. */
export interface Agent {
  /** The agent's number, by which the API names them too. */
  kf_id: number;
  /** The most sessions that are given to the agent; further ones the agent takes. */
  capacity: number;
  /** Whether the agent sees and moves every session. */
  supervisor: boolean;
  /** The agent's id. */
  kf_account: string;
  /** The name customers see. */
  nickname: string;
  /** Whether the agent is there. */
  presence: Presence;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
}

/** Where an agent is. */
export type Presence = "offline" | "away" | "online";

/** A session as the pages see it. */
export interface Session {
  /** Its number. */
  id: number;
  /** The customer. */
  openid: string;
  /** Where it is. */
  state: State;
  /** The agent, empty while the customer waits. */
  kf_account: string;
  /** The name customers see of the agent. */
  nickname: string;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
  /** When it began. */
  waiting_since: number;
  /** When the agent took the customer, 0 before. */
  opened_at: number;
  /** When the customer last wrote. */
  latest_at: number;
  /** The last text, at most 60 characters. */
  preview: string;
}

/** Where a session is. */
export type State = "waiting" | "open" | "closed";

/** What a worker has typed in a session and not sent. */
export interface SavedDraft {
  /** The session. */
  session: number;
  /** The session's customer. */
  openid: string;
  /** What was typed. */
  text: string;
  /** When it was kept. */
  at: number;
}

/** A message as the pages see it. */
export interface Message {
  /** Its number in the account. */
  id: number;
  /** The session it belongs to, 0 for what a program wrote outside of any. */
  session: number;
  /** The customer of the conversation, also where an agent or a program wrote. */
  openid: string;
  /** Who wrote; `account` is a program that speaks as no agent. */
  from: Side;
  /** The agent who wrote, else empty. */
  kf_account: string;
  /** The name customers see of the agent who wrote. */
  nickname?: string;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
  /** What it is, as in the `msgtype` of Weixin's API. */
  kind: Msgtype;
  /** What was written; of what is no text `[kind] title`, for where only text is shown. */
  text: string;
  /** The width of its picture as it is shown, in pixels; absent where it is not known. */
  width?: number;
  /** The height of its picture, as the width. */
  height?: number;
  /** Whether it had a file that is kept no longer. */
  gone?: boolean;
  /** What it says beyond its text, as in the member that is named like its kind. */
  body?: Body;
  /** Whether a machine wrote it, by its own account. */
  ai?: boolean;
  /** When it was written. */
  at: number;
  /** The id its sender's page gave it; empty for what a program sent, in an agent's name too. */
  client_id: string;
}

/** Who wrote a message. */
export type Side = "customer" | "agent" | "account";

/** The msgtypes. */
export type Msgtype =
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
export type Body = Partial<File & Video & Music & News & Published & Menu & Card & ProgramPage & Link & Chosen>;

/** A file that was uploaded before: `image`, `voice`. */
export interface File {
  /** The file. */
  media_id: string;
}

/** A film. Some SDKs send no thumb. */
export interface Video {
  /** The film. */
  media_id: string;
  /** The picture that stands for it. */
  thumb_media_id: string;
  /** Its title. */
  title: string;
  /** What it is about. */
  description: string;
}

/** Music at an address. Some SDKs send no thumb. */
export interface Music {
  /** Where it is. */
  musicurl: string;
  /** Where it is in better quality. */
  hqmusicurl: string;
  /** The picture that stands for it. */
  thumb_media_id: string;
  /** Its title. */
  title: string;
  /** Who plays it. */
  description: string;
}

/** Articles elsewhere: `news`, of which one is sent at a time. */
export interface News {
  /** The one article. */
  articles: Article[];
}

/** An article elsewhere. */
export interface Article {
  /** Its title. */
  title: string;
  /** What it is about. */
  description: string;
  /** Where it is. */
  url: string;
  /** Where its picture is. */
  picurl: string;
}

/** An article published on the platform, by the id the publish API gave it. */
export interface Published {
  /** The article. */
  article_id: string;
}

/** A menu to choose from; the choice comes back as a text. */
export interface Menu {
  /** What stands above. */
  head_content: string;
  /** The choices. */
  list: Choice[];
  /** What stands below. */
  tail_content: string;
}

/** A choice of a menu. */
export interface Choice {
  /** What the developer knows it by: digits, as a rule, and then some clients send a number. */
  id: string;
  /** What the customer reads, and says by choosing it. */
  content: string;
}

/** A coupon or another card. */
export interface Card {
  /** The card. */
  card_id: string;
}

/** A page of a Mini Program. */
export interface ProgramPage {
  /** Its title. */
  title: string;
  /** The Mini Program; empty where it is the account itself. */
  appid: string;
  /** The page. */
  pagepath: string;
  /** The picture that stands for it. */
  thumb_media_id: string;
}

/** A link with a picture. */
export interface Link {
  /** Its title. */
  title: string;
  /** What it is about. */
  description: string;
  /** Where it leads. */
  url: string;
  /** Where its picture is. */
  thumb_url: string;
}

/** The body of a text that chose from a menu. */
export interface Chosen {
  /** The choice. */
  bizmsgmenuid: string;
}

/** An invitation as the person sees it. */
export interface Invitation {
  /** The account's id. */
  appid: string;
  /** The account's name. */
  account_name: string;
  /** The agent that the person would be. */
  kf_account: string;
  /** The name customers would see. */
  nickname: string;
  /** When it ends. */
  expires_at: number;
}

/** One change of an account, with what the reader of the stream may see of it. */
export interface Change<Fact> {
  /** The account. */
  appid: string;
  /** The number of the change. */
  seq: number;
  /** What happened, in order. */
  facts: Fact[];
}

/** What an agent may see of a fact. Counts come after sessions have moved. */
export type DeskFact = { session: Session } | { message: Message } | { agent: AgentView } | { counts: Counts };

/** An agent as the workbenches of the account see them. */
export interface AgentView {
  /** The agent's id. */
  kf_account: string;
  /** The name customers see. */
  nickname: string;
  /** Whether the agent is there. */
  presence: Presence;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
}

/** How many sessions of an account are in a state. */
export interface Counts {
  /** Those that wait. */
  waiting: number;
  /** Those that an agent has; only supervisors are told. */
  open?: number;
}

/** What a worker gets who takes a customer. */
export interface Accepted {
  /** The session as it is now. */
  session: Session;
  /** The last messages of the customer. */
  messages: Message[];
}

/** A message that an agent wrote. */
export interface Written {
  /** As every page shows it. */
  message: Message;
}

/** A page of messages. */
export interface Messages {
  /** The oldest first. */
  messages: Message[];
}

/** A page of sessions. */
export interface Sessions {
  /** In the order of their numbers. */
  sessions: Session[];
}

/** Who could get a session. */
export interface Colleagues {
  /** Those of the account who are online. */
  colleagues: Colleague[];
}

/** An agent who is online, and could get a session. */
export interface Colleague {
  /** How many sessions the agent has open. */
  open: number;
  /** The agent's id. */
  kf_account: string;
  /** The name customers see. */
  nickname: string;
  /** Whether the agent is there. */
  presence: Presence;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
}

/** A draft was kept. */
export interface DraftKept {
  /** When, by the clock of the server. */
  at: number;
}

/** The worker of a login. */
export interface LoggedIn {
  /** The worker. */
  worker: WorkerName;
}

/** Who a worker is. */
export interface WorkerName {
  /** The worker's name. */
  name: string;
}

/** A worker's logins. */
export interface Logins {
  /** The newest first. */
  logins: Login[];
}

/** Where a worker is logged in. */
export interface Login {
  /** What it is called; it opens nothing. */
  id: string;
  /** The browser, in a few words; empty when it did not say. */
  browser: string;
  /** The address it was begun from. */
  address: string;
  /** When it was begun. */
  created_at: number;
  /** When it was used last, to the hour. */
  used_at: number;
  /** Whether it is the one that asks. */
  current: boolean;
}

/** Why a login ended. */
export type EndReason = "device" | "password" | "reset" | "operator" | "expired";

/** All that the page of a customer shows. */
export interface ChatSnapshot {
  /** The account. */
  account: ChatAccount;
  /** The epoch of the store, as of the workbench. */
  epoch: string;
  /** Where the page's stream begins; empty before the customer's first message. */
  since: string;
  /** Where the customer's session is. */
  state: ChatState;
  /** Who serves the customer. */
  agent: ServingAgent | null;
  /** The customer's last messages. */
  messages: Message[];
}

/** An account as its customers see it. */
export interface ChatAccount {
  /** The account's name. */
  name: string;
}

/** Where a customer's session is. */
export type ChatState = "none" | "waiting" | "open" | "closed";

/** An agent, as the customer sees them. */
export interface ServingAgent {
  /** The name customers see. */
  nickname: string;
  /** Where the agent's picture is, if there is one. */
  headimg?: string;
  /** Whether the agent has a workbench open. One who is away goes on with the customers there are. */
  online: boolean;
}

/** What a customer may see of a fact. */
export type ChatFact = { session: ChatSession } | { message: Message };

/** A session, as its customer sees it. */
export interface ChatSession {
  /** Where it is. */
  state: ChatState;
  /** Who serves the customer. */
  agent: ServingAgent | null;
}

/** The data of a `typing` event: whether somebody writes to the customer. `true` lasts 15 seconds. */
export interface Typing {
  /** Whether somebody writes. */
  typing: boolean;
}

/** A message that a customer wrote. */
export interface Sent {
  /** As every page shows it. */
  message: Message;
  /** Where the page's stream begins, if none is open. */
  since: string;
}

/** What the debugging page begins with. */
export interface Debug {
  /** The worker of the login. */
  worker: WorkerName;
  /** The accounts that the worker administers. */
  accounts: DebugAccount[];
}

/** An account that the worker administers. */
export interface DebugAccount {
  /** The account's id. */
  appid: string;
  /** The account's name. */
  name: string;
  /** What kind of account it is. */
  kind: AccountKind;
  /** Whether it is certified. */
  certified: boolean;
}

/** The kinds of account that exist. */
export type AccountKind = "subscription" | "service" | "mini-program" | "mini-game" | "other";

/**
 * A token: what both answer.
 * <https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken>
 */
export interface AccessToken {
  /** The token, at most 512 of `[A-Za-z0-9_-]`. */
  access_token: string;
  /** Seconds it has left, at most 7200. */
  expires_in: number;
}
