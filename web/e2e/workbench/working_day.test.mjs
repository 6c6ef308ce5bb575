import assert from "node:assert/strict";
import { test } from "node:test";
import { checkListsAgree } from "../support/api_agreement.mjs";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { scene } from "../support/scene.mjs";

const AGENT = "kf2@demo";
const NICKNAME = "小美";
const PASSWORD = "a long password";
const NEW_PASSWORD = "an even longer password";
const GONE_MS = 10_000;

test("what a worker and their customers see agrees with the API’s lists from sign-up to log-out", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await people.worker("xiaomei");
  const [first, second, third] = [await people.customer(), await people.customer(), await people.customer()];
  const checkAgreed = (stage, ...customers) => checkListsAgree(stage, server, AGENT, worker, customers);

  await signsUp(server, worker);
  await isInvited(server, worker);
  await checkAgreed("the worker has accepted the invitation");
  await serves(worker, first, second, checkAgreed);
  await isAway(worker, first, second, third, checkAgreed);
  await closes(worker, first, second, third, checkAgreed);
  await endsHerOtherLogin(people, worker);
  await changesHerPassword(people, worker);
  await leaves(server, worker, checkAgreed);
});

async function signsUp(server, worker) {
  await worker.at();
  await worker.sees("Log in to the workbench");
  await checkAppearance(worker.page, "the log-in");
  await worker.fill("Log in", "nobody", "wrong");
  await worker.sees("Wrong name or password");
  await checkAppearance(worker.page, "a refused log-in");

  const { link } = await server.order("worker", "invite");
  await worker.at(link);
  await worker.sees("Create your login");
  await checkAppearance(worker.page, "the sign-up");
  await worker.fill("Create login", worker.name, "short");
  await worker.sees("The password is too short: use at least 8 characters");
  await checkAppearance(worker.page, "a refused sign-up");
  await worker.fill("Create login", worker.name, PASSWORD);
  await worker.sees("Waiting for an invitation");
  await checkAppearance(worker.page, "a worker without an account");
  assert.deepEqual(await server.online(), [], "no agent is online yet");
}

async function isInvited(server, worker) {
  await server.addAgent(AGENT, NICKNAME);
  await server.invite(AGENT, worker.name);
  const invited = await agentOf(server);
  assert.deepEqual([invited.kf_wx, invited.invite_wx, invited.invite_status], [undefined, worker.name, "waiting"]);
  await worker.sees(`“Kefu Demo” invites you to be its agent “${NICKNAME}”`);
  await checkAppearance(worker.page, "an invitation");
  await worker.press("Accept the invitation from Kefu Demo");
  await worker.sees("No customers are waiting");
  await checkAppearance(worker.page, "an empty desk");
  const bound = await agentOf(server);
  assert.deepEqual([bound.kf_wx, bound.invite_wx], [worker.name, undefined]);
}

const agentOf = async (server) => (await server.agents()).find((agent) => agent.kf_account === AGENT);

async function serves(worker, first, second, checkAgreed) {
  await first.at();
  await first.sees("How can we help you?");
  await checkAppearance(first.page, "a customer page before the first word");
  await first.writesFirstMessage("Where is my parcel?", []);
  await checkAgreed("the first customer has written", first);
  await checkAppearance(worker.page, "an unread session");
  await worker.session(first.openid).click();
  await worker.seesMessage("Where is my parcel?");
  await worker.says("Let me look.");
  await first.seesMessage("Let me look.");
  await checkAppearance(first.page, "a customer page with an answer");
  await checkAgreed("the first customer has an answer", first);

  await second.at();
  await second.writesFirstMessage("你们几点关门？", [first]);
  await checkAgreed("the second customer has written", first, second);
  await worker.session(second.openid).click();
  await worker.seesMessage("你们几点关门？");
  await worker.says("晚上九点。");
  await second.seesMessage("晚上九点。");
  await second.says("谢谢！");
  await worker.seesMessage("谢谢！");
  await checkAppearance(worker.page, "two sessions");
  await checkAgreed("the second customer has an answer", first, second);
  assert.deepEqual(
    await first.messages(),
    ["Where is my parcel?", "Let me look."],
    "each customer sees only their own session",
  );
}

async function isAway(worker, first, second, third, checkAgreed) {
  const available = worker.page.getByRole("switch", { name: "Available" });
  await available.click();
  await worker.page.getByTestId("presence").getByText("Away").waitFor();
  await checkAgreed("the agent is away", first, second);
  await third.at();
  await third.writesFirstMessage("Is anybody there?", [first, second]);
  await checkAgreed("the third customer waits", first, second, third);
  await checkAppearance(worker.page, "a waiting customer");
  await checkAppearance(third.page, "a customer page that waits");
  await available.click();
  await worker.session(third.openid).click();
  await worker.seesMessage("Is anybody there?");
  await checkAgreed("the agent is back, and has got the third customer", first, second, third);
  await worker.says("Yes, I am.");
  await third.seesMessage("Yes, I am.");
}

async function closes(worker, first, second, third, checkAgreed) {
  await worker.press("Close session");
  await worker.sees("Close this session?");
  await checkAppearance(worker.page, "the question whether to close");
  await worker.page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  await worker.sees("Choose a session");
  await checkAgreed("the agent has closed the third session", first, second, third);
  await checkAppearance(third.page, "a customer page after the end");

  await third.page.reload();
  await eventually("the conversation is still there", async () =>
    assert.deepEqual(await third.messages(), ["Is anybody there?", "Yes, I am."]),
  );
  await checkAgreed("the third customer has come back", first, second, third);
  await third.says("One more thing.");
  await checkAgreed("the third customer has written again", first, second, third);
  await worker.session(third.openid).click();
  await worker.seesMessage("Yes, I am.");
  await worker.seesMessage("One more thing.");
  await checkAgreed("the agent reads what was before", first, second, third);
}

/** The worker ends a login on another device. */
async function endsHerOtherLogin(people, worker) {
  const other = await people.worker(worker.name);
  await other.at();
  await other.fill("Log in", worker.name, PASSWORD);
  await other.sees("No customers are waiting");
  await worker.press(`${worker.name} Show logged-in devices`);
  await worker.sees("This device");
  await checkAppearance(worker.page, "the list of devices");
  await worker.press("Log out Chrome, Linux");
  await other.sees("Log in to the workbench");
  await other.page.getByText("You were logged out from another device.").waitFor();
  await checkAppearance(other.page, "the log-in of one who was logged out from elsewhere");
  await other.page.reload();
  await other.page.getByText("You were logged out from another device.").waitFor();
  await worker.sees("No other devices are logged in.");
  await checkAppearance(worker.page, "nowhere else");
  await worker.press("Done");
  await other.page.context().close();
}

/** The worker changes the password by keyboard alone, which ends the other login. */
async function changesHerPassword(people, worker) {
  const other = await people.worker(worker.name);
  await other.at();
  await other.fill("Log in", worker.name, PASSWORD);
  await other.sees("No customers are waiting");
  const { keyboard } = worker.page;
  await worker.page.getByRole("button", { name: `${worker.name} Show logged-in devices`, exact: true }).focus();
  await keyboard.press("Enter");
  await worker.sees("This device");
  const change = worker.page.getByRole("button", { name: "Change password…", exact: true });
  await eventually("Tab leads to it", async () => {
    await keyboard.press("Tab");
    assert.ok(await change.evaluate((button) => button === document.activeElement));
  });
  await keyboard.press("Enter");
  await worker.sees("This logs out all your other devices.");
  await checkAppearance(worker.page, "the question for a new password");
  await fillsIn(worker, "not the password", NEW_PASSWORD);
  await worker.sees("The current password is wrong");
  await checkAppearance(worker.page, "a refused new password");
  await fillsIn(worker, PASSWORD, "short");
  await worker.sees("The password is too short: use at least 8 characters");
  await fillsIn(worker, PASSWORD, NEW_PASSWORD);
  await worker.sees("Your password has been changed, and your other devices are logged out.");
  const close = worker.page.getByRole("button", { name: "Close", exact: true });
  await eventually("the focus is where Enter closes it", async () => {
    assert.ok(await close.evaluate((button) => button === document.activeElement));
  });
  // As small as a phone, the page hides what lies beside an open session, and the focus with it.
  await checkAppearance(worker.page, "a new password");
  await close.press("Enter");
  await other.sees("Log in to the workbench");
  await other.page.getByText("Your password was changed on another device.").waitFor();
  await other.page.context().close();
}

/** Types both passwords, one Tab after the other. */
async function fillsIn(worker, current, next) {
  const { keyboard } = worker.page;
  await worker.page.getByLabel("Current password").focus();
  for (const password of [current, next]) {
    await keyboard.press("ControlOrMeta+A");
    await keyboard.type(password);
    await keyboard.press("Tab");
  }
  await worker.page.getByLabel("New password").press("Enter");
}

async function leaves(server, worker, checkAgreed) {
  const isOffline = (patience) =>
    eventually("the agent is off getonlinekflist", async () => assert.deepEqual(await server.online(), []), patience);
  await worker.press("Log out");
  await worker.page.getByRole("dialog").getByText("You have 3 open sessions.").waitFor();
  await checkAppearance(worker.page, "the question whether to log out");
  await worker.page.getByRole("dialog").getByRole("button", { name: "Log out" }).click();
  await worker.sees("Log in to the workbench");
  await isOffline(GONE_MS);
  await worker.fill("Log in", worker.name, NEW_PASSWORD);
  await worker.sees("No customers are waiting");
  await checkAgreed("the worker has logged in again");
  await worker.page.context().close();
  await isOffline(GONE_MS);
  const kept = await server.sessions(AGENT);
  assert.equal(kept.length, 3, "the agent keeps the sessions while offline");
}
