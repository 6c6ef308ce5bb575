// What tests of the feeds share.
import type { AccountSnapshot, DeskFact, Message, Session } from "../wire";
import { loadDesk, type Desk } from "./feed";

export const ME = "kf1@demo";
export const INTAKE = { capacity: 10, is_automatic: true, is_set_away: false };

export const session = (id: number, more: Partial<Session> = {}): Session => ({
  id,
  openid: `o${id}`,
  state: "waiting",
  kf_account: "",
  waiting_since: id * 1000,
  since: id * 1000,
  nickname: "",
  opened_at: 0,
  latest_at: id * 1000,
  group: 0,
  preview: "hello",
  ...more,
});
export const open = (id: number, more: Partial<Session> = {}) =>
  session(id, { state: "open", kf_account: ME, opened_at: id * 1000 + 1, ...more });
export const message = (id: number, of: number, more: Partial<Message> = {}): Message => ({
  id,
  session: of,
  openid: `o${of}`,
  from: "customer",
  kf_account: "",
  kind: "text",
  text: `text ${id}`,
  at: id * 1000,
  client_id: "",
  ...more,
});
export function desk(more: Partial<AccountSnapshot> = {}): Desk {
  const snapshot: AccountSnapshot = {
    appid: "wx1",
    seq: 10,
    name: "Shop",
    reception: "manual",
    capacity: 10,
    agent: { kf_account: ME, nickname: "Ann", kf_id: 1001, presence: "online", supervisor: false, ...INTAKE },
    sessions: [],
    others: [],
    others_count: more.others?.length ?? 0,
    unread: {},
    waiting_count: more.waiting?.length ?? 0,
    ...{ waiting: [], drafts: [], messages: [], notes: [], groups: [] },
    ...more,
  };
  const worker = { name: "ann", administers: false };
  return loadDesk({ worker, epoch: "e", since: "e;wx1:10", accounts: [snapshot], invitations: [] }, null);
}

export const change = (seq: number, ...facts: DeskFact[]) => ({ appid: "wx1", seq, facts });
export const account = (state: Desk) => state.accounts[0]!;
