/** What an agent does with sessions, presence and invitations: the call, and what the page shows after it. */
import { desk as api, Refused, SESSIONS_PAGE } from "../../api";
import * as feed from "../../stream/feed";
import type { Accepted, Colleague, Missed, Reception, Session } from "../../wire";
import { page } from "./workbench_page.svelte";

/** Another agent has the customer; the session is closed; there is none. */
const GONE = [990014, 990015, 990004];
/** How often "take the next" gives way to colleagues. */
const NEXT_TRIES = 10;

/** Takes a waiting customer, and shows the session. */
export async function takeSession(session: Session): Promise<void> {
  const appid = page.appid;
  show(appid, await page.attempt(() => api.accept(appid, session.id)));
}

/** Takes the first customer of the queue, and shows the session. Where a colleague is quicker, takes the next one. */
export async function takeNext(): Promise<void> {
  const appid = page.appid;
  const gone = new Set<number>();
  let taken: Accepted | null = null;
  while (!taken && gone.size < NEXT_TRIES && page.account?.appid === appid) {
    const next = feed.waitingSessions(page.account).find((one) => !gone.has(one.id));
    if (!next) return;
    taken = await page.attempt(() => api.accept(appid, next.id).catch((cause: unknown) => passOver(cause)));
    if (!taken && page.notice) return;
    gone.add(next.id);
  }
  show(appid, taken);
}

/** Null if a customer cannot be taken any more; any other refusal is thrown again. */
function passOver(cause: unknown): null {
  if (cause instanceof Refused && GONE.includes(cause.errcode)) return null;
  throw cause;
}

function show(appid: string, taken: Accepted | null): void {
  if (!taken || !page.desk) return;
  page.applyAnswer(appid, [
    { session: taken.session },
    ...taken.messages.map((message) => ({ message })),
    ...taken.notes.map((note) => ({ note })),
  ]);
  if (page.appid === appid) page.choose(taken.session.id);
}

export async function closeSession(session: Session): Promise<void> {
  const appid = page.appid;
  const done = await page.attempt(() => api.close(appid, session.id));
  if (!done || !page.desk) return;
  page.applyAnswer(appid, [{ session: { ...session, state: "closed" } }]);
  if (page.chosen === session.id) page.showList();
  page.focus = "list";
}

/** Hands the customer back to the queue, and shows the list. */
export async function handBack(session: Session): Promise<void> {
  const appid = page.appid;
  page.moving = session.id;
  const done = await page.attempt(() => api.handBack(appid, session.id));
  page.moving = null;
  if (!done || !page.desk) return;
  if (page.appid === appid && page.chosen === session.id) page.showList();
  page.focus = "list";
}

/** Says that the customer's last words need no answer. */
export async function needsNoReply({ id, since }: Session): Promise<void> {
  const appid = page.appid;
  if (since === 0 || !(await page.attempt(() => api.answered(appid, id)))) return;
  page.update((desk) => feed.markAnswered(desk, appid, id, since));
  page.focus = "reply";
}

type Receiver = Pick<Colleague, "kf_account" | "nickname" | "headimg">;

/**
 * Moves a session to an agent, or to the queue of a group, with a note. A supervisor who moves one to themselves takes
 * it over. Throws what the call throws.
 */
export async function transferSession(session: Session, to: Receiver | { group: number }, note = ""): Promise<void> {
  const appid = page.appid;
  page.moving = session.id;
  try {
    const target = "group" in to ? to : { to: to.kf_account };
    await api.transfer(appid, session.id, session.kf_account, target, note);
    page.transferring = null;
    if (page.desk) showMoved(appid, session, to);
  } finally {
    page.moving = null;
  }
}

function showMoved(appid: string, session: Session, to: Receiver | { group: number }): void {
  const isOwn = "kf_account" in to && to.kf_account === page.account?.agent.kf_account;
  if ("kf_account" in to) {
    const { headimg: _, ...rest } = session;
    const { kf_account, nickname, headimg } = to;
    const agent = headimg ? { nickname, headimg } : { nickname };
    const moved: Session = { ...rest, state: "open", kf_account, ...agent, opened_at: Date.now() };
    page.update((desk) =>
      feed.removeUnneeded(feed.applyAnswer(desk, appid, [{ session: moved }]), appid, page.chosen),
    );
  }
  if (isOwn) page.choose(session.id);
  else if (page.chosen === session.id && ("group" in to || !page.session)) page.showList();
  page.focus = isOwn ? "reply" : "list";
}

/** The agents of the account. */
export const listColleagues = async (appid: string): Promise<Colleague[]> => (await api.colleagues(appid)).colleagues;

export const whyWaiting = api.whyWaiting;
export const whyIdle = api.whyIdle;

/** Customers whom no agent answered; null where the call failed. */
export async function listMissed(appid: string): Promise<Missed[] | null> {
  try {
    return (await api.missed(appid)).missed;
  } catch (cause) {
    page.isLoggedOut(cause);
    return null;
  }
}

/** Takes a customer from the list of those who were missed; null where the call failed. */
export const dismissMissed = (appid: string, session: number): Promise<object | null> =>
  page.attempt(() => api.dismissMissed(appid, session));

/** Shows the history of a customer who was missed. */
export function openMissed(missed: Missed): void {
  page.update((desk) => feed.addMissed(desk, page.appid, missed));
  page.choose(missed.session);
}

/** Loads one more page of colleagues' open sessions. */
export async function loadColleagueSessions(): Promise<void> {
  const account = page.account;
  if (!account) return;
  const answer = await page.attempt(() => api.sessions(account.appid, account.others_read));
  if (!answer) return;
  const { sessions } = answer;
  const complete = sessions.length < SESSIONS_PAGE;
  page.update((desk) => feed.addColleagueSessions(desk, account.appid, sessions, complete));
}

export async function setAway(away: boolean, account = page.account): Promise<void> {
  if (!account || !(await page.attempt(() => api.setPresence(account.appid, away)))) return;
  const { kf_account, nickname } = account.agent;
  page.applyAnswer(account.appid, [{ agent: { kf_account, nickname, presence: away ? "away" : "online" } }]);
}

/** Sets the agent's own switch and limit; null: the account's. The stream begins anew with what has become of it. */
export const setIntake = (appid: string, reception: Reception | null, capacity: number | null): Promise<unknown> =>
  page.attempt(() => api.setIntake(appid, reception, capacity));

export async function answerInvitation(appid: string, kf_account: string, accept: boolean): Promise<void> {
  await page.attempt(() => api.answerInvitation(appid, kf_account, accept));
  await page.restart();
  if (accept && page.desk?.accounts.some((account) => account.appid === appid)) page.switchTo(appid);
  page.focus = "list";
}
