/** What an agent does with sessions, presence and invitations: the call, and what the page shows after it. */
import { desk as api, SESSIONS_PAGE } from "../../api";
import * as feed from "../../stream/feed";
import type { Colleague, Session } from "../../wire";
import { page } from "./workbench_page.svelte";

/** Takes a waiting customer, and shows the session. */
export async function takeSession(session: Session): Promise<void> {
  const appid = page.appid;
  const taken = await page.attempt(() => api.accept(appid, session.id));
  if (!taken || !page.desk) return;
  page.applyAnswer(appid, [{ session: taken.session }, ...taken.messages.map((message) => ({ message }))]);
  if (page.appid === appid) page.choose(session.id);
}

export async function closeSession(session: Session): Promise<void> {
  const appid = page.appid;
  const done = await page.attempt(() => api.close(appid, session.id));
  if (!done || !page.desk) return;
  page.applyAnswer(appid, [{ session: { ...session, state: "closed" } }]);
  if (page.chosen === session.id) page.showList();
  page.focus = "list";
}

/** Moves a session to an agent. A supervisor who moves one to themselves takes it over. */
export async function transferSession(
  session: Session,
  to: { kf_account: string; nickname: string; headimg?: string },
): Promise<void> {
  const { kf_account, nickname, headimg } = to;
  const appid = page.appid;
  page.moving = session.id;
  const done = await page.attempt(() => api.transfer(appid, session.id, session.kf_account, kf_account));
  if (done && page.desk) {
    const { headimg: _, ...rest } = session;
    const agent = headimg ? { nickname, headimg } : { nickname };
    const moved: Session = { ...rest, state: "open", kf_account, ...agent, opened_at: Date.now() };
    page.update((desk) =>
      feed.removeUnneeded(feed.applyAnswer(desk, appid, [{ session: moved }]), appid, page.chosen),
    );
    const isOwn = kf_account === page.account?.agent.kf_account;
    if (isOwn) page.choose(session.id);
    else if (page.chosen === session.id && !page.session) page.showList();
    page.focus = isOwn ? "reply" : "list";
  }
  page.moving = null;
}

/** The agents of the account who are online. */
export const listColleagues = async (appid: string): Promise<Colleague[]> => (await api.colleagues(appid)).colleagues;

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

export async function setAway(away: boolean): Promise<void> {
  const account = page.account;
  if (!account || !(await page.attempt(() => api.setPresence(account.appid, away)))) return;
  const { kf_account, nickname } = account.agent;
  page.applyAnswer(account.appid, [{ agent: { kf_account, nickname, presence: away ? "away" : "online" } }]);
}

export async function answerInvitation(appid: string, kf_account: string, accept: boolean): Promise<void> {
  await page.attempt(() => api.answerInvitation(appid, kf_account, accept));
  await page.restart();
  if (accept && page.desk?.accounts.some((account) => account.appid === appid)) page.switchTo(appid);
  page.focus = "list";
}
