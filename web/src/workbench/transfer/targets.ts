/** To whom a session can be transferred, and what becomes of the customer. All functions are pure. */
import { waitingSessions, type Account } from "../../stream/feed";
import type { Colleague, Group, Session } from "../../wire";

/** The longest note, in characters. */
export const NOTE_MAX = 500;

/** A group as a target; `id` 0 is the queue of all agents. */
export interface GroupTarget {
  id: number;
  name: string;
  members: number;
  online: number;
  /** How many of its customers wait, among those on the page. */
  waiting: number;
}

export interface Targets {
  colleagues: Colleague[];
  groups: GroupTarget[];
}

/** What becomes of a customer: the name of its text. */
export type Outcome = "toAgent" | "toFull" | "toGroup" | "toAbsent" | "toEmpty" | "toEveryone";

const ONLINE = "online";
const ORDER = [ONLINE, "away"];

/** Colleagues who are there, those online first; the groups, and the queue of all agents where there are groups. */
export function targetsOf(account: Account, session: Session, agents: Colleague[]): Targets {
  const taken = [session.kf_account, account.agent.kf_account];
  const colleagues = agents
    .filter(({ kf_account, presence }) => ORDER.includes(presence) && !taken.includes(kf_account))
    .sort((a, b) => ORDER.indexOf(a.presence) - ORDER.indexOf(b.presence));
  const isThere = ({ id }: { id: number }) => session.state === "waiting" && session.group === id;
  const groups = account.groups.map((group) => groupTarget(account, group, agents));
  const everyone = { ...groupTarget(account, EVERYONE, agents), members: agents.length };
  return { colleagues, groups: (groups.length > 0 ? [...groups, everyone] : []).filter((one) => !isThere(one)) };
}

const EVERYONE: Group = { id: 0, name: "", menu_id: "", members: [] };

function groupTarget(account: Account, { id, name, members }: Group, agents: Colleague[]): GroupTarget {
  const isMember = (agent: Colleague) => id === 0 || members.includes(agent.kf_account);
  const online = agents.filter((agent) => agent.presence === ONLINE && isMember(agent)).length;
  const waiting = waitingSessions(account).filter((one) => one.group === id).length;
  return { id, name, members: members.length, online, waiting };
}

/** Whether what was typed is in one of these names, in whichever case. */
export const matches = (typed: string, ...names: string[]): boolean =>
  names.some((name) => name.toLowerCase().includes(typed.trim().toLowerCase()));

export const isFree = (colleague: Colleague): boolean => colleague.presence === ONLINE;

export const toColleague = ({ open, limit }: Colleague): Outcome => (open >= limit ? "toFull" : "toAgent");

export function toGroup({ id, online, members }: GroupTarget): Outcome {
  if (id === 0) return "toEveryone";
  if (members === 0) return "toEmpty";
  return online > 0 ? "toGroup" : "toAbsent";
}

/** How many more characters a note may have. White space at its ends does not count. */
export const noteLeft = (note: string): number => NOTE_MAX - [...note.trim()].length;
