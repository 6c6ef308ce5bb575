/**
 * The shapes the server sends, made from its types: `KEFU_BLESS=1 cargo test -p kefu wire`. Do not edit. Times are Unix
 * milliseconds, ids are integers.
 */

/** What the workbench of a worker shows. */
export interface DeskSnapshot {
  /** The worker. */
  worker: Worker;
  /** The epoch of the store. It changes if data were restored or moved; numbers then mean other messages. */
  epoch: string;
  /** The cursor of the page's stream. */
  since: string;
  /** The accounts in which the worker is an agent. */
  accounts: AccountSnapshot[];
  /** The invitations that wait for the worker's answer. */
  invitations: Invitation[];
}

/** A worker, on their own pages. */
export interface Worker {
  /** The worker's name. */
  name: string;
  /** Whether the worker administers an account, and can get tokens at `/debug`. */
  administers: boolean;
}

/** An account, for one of its agents. */
export interface AccountSnapshot {
  /** Its id. */
  appid: string;
  /** Its name. */
  name: string;
  /** The `seq` of the account's feed. */
  seq: number;
  /** Whether the first message of a customer waits or goes to an agent. */
  reception: Reception;
  /** The most sessions that are assigned to an agent without a limit of their own. */
  capacity: number;
  /** The agent that the worker is. */
  agent: Agent;
  /** The agent's open sessions. */
  sessions: Session[];
  /** The first 200 open sessions of other agents, for a supervisor. Their messages are requested one by one. */
  others: Session[];
  /** The number of open sessions of other agents, for a supervisor. */
  others_count: number;
  /** The first 100 waiting sessions. */
  waiting: Session[];
  /** The number of waiting sessions. */
  waiting_count: number;
  /**
   * The number of the customer's messages that the worker has not read, by session of the agent. Sessions without
   * any are left out.
   */
  unread: Record<number, number>;
  /** The texts that the worker has typed and not sent. */
  drafts: SavedDraft[];
  /** The last messages of the agent's sessions. */
  messages: Message[];
  /** The agents' notes between these messages. */
  notes: Note[];
  /** The groups of agents, oldest first. */
  groups: Group[];
}

/** Where a customer goes with the first message of a session. */
export type Reception = "automatic" | "manual";

/** The agent that a worker is. */
export interface Agent {
  /** The agent's number, by which the API also names the agent. */
  kf_id: number;
  /** Whether customers are assigned to the agent. */
  is_automatic: boolean;
  /** The most sessions that are assigned to the agent automatically. The agent may take more. */
  capacity: number;
  /** The agent's own switch. Absent if the account's `reception` decides. */
  own_reception?: Reception;
  /** The agent's own limit. Absent if the account's `capacity` is the limit. */
  own_capacity?: number;
  /** Whether the desk has set the agent away, because a customer who was assigned got no answer. */
  is_set_away: boolean;
  /** Whether the agent sees and moves all sessions. */
  supervisor: boolean;
  /** The agent's id. */
  kf_account: string;
  /** The name that customers see. */
  nickname: string;
  /** Whether the agent is online, away or offline. */
  presence: Presence;
  /** The address of the agent's picture, if there is one. */
  headimg?: string;
}

/** Whether an agent is there. */
export type Presence = "offline" | "away" | "online";

/** A session as the pages see it. */
export interface Session {
  /** The session's number. */
  id: number;
  /** The customer. */
  openid: string;
  /** Whether the session waits, is open or is closed. */
  state: SessionState;
  /** The agent. Empty while the customer waits. */
  kf_account: string;
  /** The nickname of the agent. */
  nickname: string;
  /** The address of the agent's picture, if there is one. */
  headimg?: string;
  /** When the session began. */
  waiting_since: number;
  /** When the agent took the session, 0 before. */
  opened_at: number;
  /** When the customer last wrote. */
  latest_at: number;
  /** When the customer wrote the first word that has no answer: the place in the queue. 0 if all are answered. */
  since: number;
  /** The group whose agents serve the customer; 0: all agents do. */
  group: number;
  /** The beginning of the last text, at most 60 characters. */
  preview: string;
  /** Who gets what the customer writes, as of the last change. Absent while the account has no developer's server. */
  recipient?: Recipient;
}

/** The state of a session. */
export type SessionState = "waiting" | "open" | "closed";

/** Who gets what a customer writes. */
export type Recipient = "desk" | "developer" | "both";

/** A text that a worker has typed in a session and not sent. */
export interface SavedDraft {
  /** The session. */
  session: number;
  /** The session's customer. */
  openid: string;
  /** The text. */
  text: string;
  /** When the draft was stored. */
  at: number;
}

/** A message as the pages show it. */
export interface Message {
  /** Its number in the account. */
  id: number;
  /** The session it belongs to. 0 for what a program wrote outside of any session. */
  session: number;
  /** The customer, also if an agent or a program wrote the message. */
  openid: string;
  /** Who wrote the message. */
  from: Side;
  /** The agent who wrote the message. Empty if no agent did. */
  kf_account: string;
  /** The nickname of the agent who wrote the message. */
  nickname?: string;
  /** The address of the agent's picture, if there is one. */
  headimg?: string;
  /** The kind, as in the `msgtype` of Weixin's API; what Kefu tells the customer has its own kinds. */
  kind: Msgtype | "shortvideo" | "location" | "notice" | "app_notice";
  /** The text. For other kinds `[kind] title`, for places that show only text. */
  text: string;
  /** The width of the picture in pixels, if it is known. */
  width?: number;
  /** The height of the picture in pixels, if it is known. */
  height?: number;
  /** Whether the message had a file that has been deleted. */
  gone?: boolean;
  /** The rest of the message, as in the member of Weixin's API that is named after the kind. */
  body?: Body;
  /** Whether the sender marked the message as generated by a machine. */
  ai?: boolean;
  /** When the message was written. */
  at: number;
  /** The id that the sender's page gave the message. Empty for messages from programs. */
  client_id: string;
}

/** Who wrote a message. */
export type Side = "customer" | "agent" | "account" | "system";

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
export type Body = Partial<
  File & Video & Music & News & Published & Menu & Card & ProgramPage & Link & Chosen & Recording & Film & Location
>;

/** An uploaded file: `image`, `voice`, `mpnews`. */
export interface File {
  /** The file. */
  media_id: string;
}

/** A film. Some SDKs send no thumb. */
export interface Video {
  /** The film. */
  media_id: string;
  /** The thumb. */
  thumb_media_id: string;
  /** Its title. */
  title: string;
  /** The description. */
  description: string;
}

/** Music at an address. Some SDKs send no thumb. */
export interface Music {
  /** The address. */
  musicurl: string;
  /** The address of a better quality. */
  hqmusicurl: string;
  /** The thumb. */
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
  /** The description. */
  description: string;
  /** The address. */
  url: string;
  /** The address of the picture. */
  picurl: string;
}

/** An article published on the platform, by the id the publish API gave it. */
export interface Published {
  /** The article. */
  article_id: string;
}

/** A menu to choose from; the choice comes back as a text. */
export interface Menu {
  /** The text above the choices. */
  head_content: string;
  /** The choices. */
  list: Choice[];
  /** The text below the choices. */
  tail_content: string;
}

/** A choice of a menu. */
export interface Choice {
  /** The developer's id of the choice: usually digits, which some clients send as a number. */
  id: string;
  /** The text of the choice, which the customer sends by choosing it. */
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
  /** The Mini Program; empty for the account itself. */
  appid: string;
  /** The page. */
  pagepath: string;
  /** The thumb. */
  thumb_media_id: string;
}

/** A link with a picture. */
export interface Link {
  /** Its title. */
  title: string;
  /** The description. */
  description: string;
  /** The address. */
  url: string;
  /** The address of the picture. */
  thumb_url: string;
}

/** The body of a message made from a choice. */
export interface Chosen {
  /** The id of the choice in the menu. */
  bizmsgmenuid: string;
}

/** A recording of a customer. */
export interface Recording {
  /** The format of the file: `amr` or `mp3`. */
  format: string;
}

/** A film of a customer. */
export interface Film {
  /** The thumb. */
  thumb_media_id: string;
}

/** A place on the map. */
export interface Location {
  /** Degrees to the north. */
  latitude: number;
  /** Degrees to the east. */
  longitude: number;
  /** The zoom of the map. */
  scale: number;
  /** The place's name or address. */
  label: string;
}

/** A note as the workbench shows it. */
export interface Note {
  /** Its number in the account. It comes between messages by this number. */
  id: number;
  /** The session it belongs to. */
  session: number;
  /** The customer. */
  openid: string;
  /** The agent who wrote it. */
  kf_account: string;
  /** The nickname of the agent. Empty if the agent is gone. */
  nickname: string;
  /** The text. */
  text: string;
  /** When it was written. */
  at: number;
  /** The agent who got the session. Empty if a group did. */
  to_agent: string;
  /** The nickname of that agent. Empty if a group got the session, or the agent is gone. */
  to_nickname: string;
  /** The group that got the session; 0: an agent, or the queue of all agents. */
  to_group: number;
}

/** A group of agents as pages and operators see it. */
export interface Group {
  /** The group's number in the account. */
  id: number;
  /** The name. */
  name: string;
  /** The choice of a menu in a message that sends a customer to the group. Empty if none does. */
  menu_id: string;
  /** The agents, sorted by id. */
  members: string[];
}

/** An invitation, for the invited worker. */
export interface Invitation {
  /** The account's id. */
  appid: string;
  /** The account's name. */
  account_name: string;
  /** The agent that the worker would be. */
  kf_account: string;
  /** The name that customers would see. */
  nickname: string;
  /** When the invitation expires. */
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
export type DeskFact =
  | { session: Session }
  | { message: Message }
  | { agent: AgentView }
  | { counts: Counts }
  | { group: Group }
  | { group_gone: number }
  | { note: Note }
  | { missed: number };

/** An agent as the other agents of the account see them. */
export interface AgentView {
  /** The agent's id. */
  kf_account: string;
  /** The name that customers see. */
  nickname: string;
  /** Whether the agent is online, away or offline. */
  presence: Presence;
  /** The address of the agent's picture, if there is one. */
  headimg?: string;
}

/** How many sessions of an account wait or are open. */
export interface Counts {
  /** Waiting sessions. */
  waiting: number;
  /** Open sessions. Only sent to supervisors. */
  open?: number;
}

/** The answer to a worker who has taken a waiting session. */
export interface Accepted {
  /** The session as it is now. */
  session: Session;
  /** The messages, oldest first. */
  messages: Message[];
  /** The agents' notes between these messages, oldest first. */
  notes: Note[];
}

/** A message that an agent wrote. */
export interface Written {
  /** As every page shows it. */
  message: Message;
}

/** A page of a customer's history, for agents. */
export interface History {
  /** The messages, oldest first. */
  messages: Message[];
  /** The agents' notes between these messages, oldest first. */
  notes: Note[];
}

/** A page of the customer's messages. */
export interface Messages {
  /** The oldest first. */
  messages: Message[];
}

/** The groups of agents of an account. */
export interface Groups {
  /** The oldest first. */
  groups: Group[];
}

/** A group was made or changed. */
export interface GroupChanged {
  /** Its number. */
  group: number;
}

/** A page of sessions. */
export interface Sessions {
  /** In the order of their numbers. */
  sessions: Session[];
}

/** The agents of an account. */
export interface Colleagues {
  /** In the order of their numbers. */
  colleagues: Colleague[];
}

/** An agent as the other agents of the account see them. One who is online may get a session. */
export interface Colleague {
  /** The number of the agent's open sessions. */
  open: number;
  /** The most open sessions to which assignment brings the agent. */
  limit: number;
  /** The agent's id. */
  kf_account: string;
  /** The name that customers see. */
  nickname: string;
  /** Whether the agent is online, away or offline. */
  presence: Presence;
  /** The address of the agent's picture, if there is one. */
  headimg?: string;
}

/** Customers whom no agent answered. */
export interface MissedCustomers {
  /** The latest first. */
  missed: Missed[];
}

/** A customer whom no agent answered. */
export interface Missed {
  /** The session's number. */
  session: number;
  /** The customer. */
  openid: string;
  /** When the customer wrote the first word that has no answer. */
  since: number;
  /** When the session ended. */
  at: number;
  /** Why. */
  reason: MissedReason;
}

/** Why a customer without an answer is no longer in the queue. */
export type MissedReason = "silence" | "window";

/** Why a customer waits. */
export interface WhyWaiting {
  /** The customer. */
  openid: string;
  /** When the customer wrote the first word that has no answer. */
  since: number;
  /** How many customers of the same queue are before this one. */
  before: number;
  /** The group whose agents serve the customer; 0: all agents do. */
  group: number;
  /** The reason. */
  reason: WaitReason;
  /** The agents of the account, each with the reason why the agent does not get the customer. */
  agents: WhyAgent[];
}

/** Why a customer waits. */
export type WaitReason =
  | "feature_off"
  | "starting"
  | "no_agent"
  | "offline"
  | "away"
  | "full"
  | "manual"
  | "empty_group"
  | "other_group"
  | "tried"
  | "several"
  | "soon";

/** Why an agent does not get a customer. */
export interface WhyAgent {
  /** The agent. */
  kf_account: string;
  /** The reason. */
  reason: AgentReason;
  /** The number of open sessions. */
  open: number;
  /** The most open sessions to which assignment brings the agent. */
  limit: number;
}

/** Why an agent does not get a customer who waits. */
export type AgentReason = "offline" | "away" | "full" | "manual" | "other_group" | "tried" | "free";

/** Why an agent gets no customers. */
export interface WhyIdle {
  /** The agent, with the reason. */
  agent: WhyAgent;
  /** The number of customers who wait. */
  waiting: number;
  /** How many of them wait for the agents of groups to which the agent does not belong. */
  for_others: number;
  /** Whether the account's developer's server gets what customers write, until it hands them over. */
  has_developer: boolean;
}

/** Where a customer stands. */
export interface ChatPlace {
  /** How many customers are before this one. Absent unless the customer waits. */
  before?: number;
  /** Since when the customer has waited; 0 if the customer does not wait. */
  since: number;
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

/** A login in the worker's list. */
export interface Login {
  /** The id of the login. It gives no access. */
  id: string;
  /** The browser, in a few words. Empty if unknown. */
  browser: string;
  /** The address where the login began. */
  address: string;
  /** When the login began. */
  created_at: number;
  /** When the login was last used, to the hour. */
  used_at: number;
  /** Whether the request came with this login. */
  current: boolean;
}

/** Why a login ended. */
export type EndReason = "device" | "password" | "reset" | "operator" | "expired";

/** What the page of a customer shows. */
export interface ChatSnapshot {
  /** The account. */
  account: ChatAccount;
  /** The epoch of the store, as on the workbench. */
  epoch: string;
  /** The cursor of the page's stream. Empty before the customer's first message. */
  since: string;
  /** The state of the customer's session. */
  state: ChatState;
  /** The agent who serves the customer. */
  agent: ServingAgent | null;
  /** The customer's last messages. */
  messages: Message[];
}

/** An account, for its customers. */
export interface ChatAccount {
  /** The account's name. */
  name: string;
}

/** The state of a customer's session. */
export type ChatState = "none" | "waiting" | "open" | "closed";

/** An agent, for the customer. */
export interface ServingAgent {
  /** The name that customers see. */
  nickname: string;
  /** The address of the agent's picture, if there is one. */
  headimg?: string;
  /** Whether the agent has a workbench open, online or away. An agent who is away continues to serve customers. */
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

/** The kinds of account. */
export type AccountKind = "subscription" | "service" | "mini-program" | "mini-game" | "other";

/** How the developer's server of an account fares. */
export interface ServerAlarms {
  /** The account's id. */
  appid: string;
  /** The account's name. */
  nickname: string;
  /** Until when nothing is pushed; 0 if pushes go out. */
  shielded_until: number;
  /** Whether customers who write wait at the desk meanwhile. */
  desk_while_shielded: boolean;
  /** The last alarm of each kind, the latest first. */
  alarms: AlarmView[];
}

/** Failures of one kind that were many within the time that the operator has set. */
export interface AlarmView {
  /**
   * What went wrong: `dns_failure`, `dns_timeout`, `connection_timeout`, `request_timeout`, `response_failed` or
   * `mark_fail`.
   */
  kind: string;
  /** The first failure. */
  first_at: number;
  /** The last failure. */
  last_at: number;
  /** How many failures there were. */
  count: number;
  /** The first one: the host, the kind of message, and what was wrong. */
  sample: string;
}

/**
 * Answer of both: a token.
 * <https://developers.weixin.qq.com/doc/service/en/api/base/api_getaccesstoken>
 */
export interface AccessToken {
  /** The token: `[A-Za-z0-9_-]`, `TOKEN_MAX` characters at most. */
  access_token: string;
  /** The seconds that the token has left, `TOKEN_LIFE_S` at most. */
  expires_in: number;
}

/** A page of pushes. */
export interface PushPage {
  /** The pushes. */
  pushes: PushRow[];
  /** Where the next page begins; `None` at the end. */
  next?: string;
  /** Whether pushes wait until they are resumed. */
  paused: boolean;
  /** Whether the account has a developer's server. */
  pushed: boolean;
}

/** A push that is done. */
export interface PushRow {
  /** Its name: the change and the position in it. */
  id: string;
  /** The customer. */
  openid: string;
  /** The `MsgType` of a message, or the name of an event. */
  what: string;
  /** How it ended: `taken`, `failed` or `late`. */
  outcome: string;
  /** How often it was tried. */
  tries: number;
  /** What was wrong; empty if nothing. */
  fault: string;
  /** When it was done. */
  at: number;
}

/** A push with all that is known of it. */
export interface ShownPush {
  /** How it ended. */
  push: PushRow;
  /** The tries and replays in their order; those of old pushes are gone. */
  tries: ShownTry[];
  /** What is sent; absent if the change is gone, or the account has no developer's server by now. */
  request?: ShownRequest;
  /** Whether the change that the push was made of is gone: it can be neither shown nor replayed. */
  gone: boolean;
  /** What the developer should know of the push as a whole. */
  warnings: PushLesson[];
}

/** A try of a push, or a replay. */
export interface ShownTry {
  /** When it began. */
  at: number;
  /** How long it took, in milliseconds. */
  took_ms: number;
  /** The status of the answer; 0 if there was none. */
  status: number;
  /** Why it failed; empty if the answer was taken. */
  fault: string;
  /** Headers of the answer. */
  headers: NamedValue[];
  /** The beginning of the answer. */
  answer: string;
  /** What is inside of an encrypted answer; absent if it is clear or cannot be decrypted with the keys of now. */
  decrypted?: string;
  /**
   * The answer as it was understood: `reply` (`nothing`, a msgtype, `transfer_customer_service`), what it `says`,
   * its `form`, and the `key` of an encrypted one. Null if it was not taken.
   */
  understood: { reply: string; says: unknown; form: string; key: string | null } | null;
  /** What the developer should know. */
  warnings: PushLesson[];
  /** Whether it is a replay. */
  replay: boolean;
}

/** A name and a value: a header, a parameter, or a member with a sample. */
export interface NamedValue {
  /** The name. */
  name: string;
  /** The value. */
  value: string;
}

/** A warning, with what it means. */
export interface PushLesson {
  /** The warning in a word. */
  warning: string;
  /** What it means and what to do, in English. */
  en: string;
  /** The same in Chinese. */
  zh: string;
}

/** The request of a push, as it would be sent now. */
export interface ShownRequest {
  /** The message in clear, as XML or JSON. */
  clear: string;
  /** The parameters of the query, with signatures. Each try has other ones. */
  query: NamedValue[];
  /** The body that is sent; the same as `clear` in plain mode. */
  sent: string;
}

/** What came of replays. */
export interface Replays {
  /** The replays in their order. */
  replayed: Replayed[];
  /** The last push of this call, if there are more to replay after it. */
  next?: string;
}

/** What came of a replay, or of a simulated push. */
export interface Replayed {
  /** The push; empty for a simulated one. */
  id: string;
  /** The answer. */
  answered: ShownTry;
  /** What was sent. */
  request: ShownRequest;
  /** Whether the answer was passed on to the customer. */
  acted: boolean;
  /** Why it was not, though that was asked for; empty if nothing was wrong. */
  refused: string;
}

/** The kinds of pushes that can be composed. */
export interface PushKinds {
  /** The kinds in their order. */
  kinds: ComposedKind[];
}

/** A kind of push that can be composed. */
export interface ComposedKind {
  /** The `MsgType` of a message, or the name of an event. */
  what: string;
  /** Whether it is an event. */
  event: boolean;
  /** Its members beside the common ones, each with a sample. */
  members: NamedValue[];
}

/** The settings of an account's developer's server. */
export interface DebugCallback {
  /** The settings that pushes use; `null` without a developer's server. */
  current: ShownCallback | null;
  /** Settings that wait for their server to answer the verification. */
  staged: ShownCallback | null;
  /** The settings before. */
  previous: ShownCallback | null;
  /** Why the staged settings, or those that were to be saved, are not in use; empty if nothing is wrong. */
  fault: string;
}

/** Settings as the account's administrator needs them. */
export interface ShownCallback {
  /** The address of the developer's server. */
  url: string;
  /** The token. */
  token: string;
  /** `plain`, `compatible` or `safe`. */
  mode: string;
  /** `xml` or `json`. */
  format: string;
  /** The EncodingAESKey; empty if there is none. */
  aes_key: string;
}
