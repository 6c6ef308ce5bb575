// The queue at the workbench: its order, one's own unanswered customers, and what takes customers out of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const COLLEAGUE = "kf3@demo";
const [WAITING, OWN] = [60, 18];

const openids = (letter, count) =>
  Array.from({ length: count }, (_, at) => `o${"0".repeat(23)}${letter}${String(at).padStart(3, "0")}`);
const tail = (openid) => `Customer ${openid.slice(-4)}`;
const sectionOf = (page, name) => page.locator(`section[aria-labelledby=${name}]`);

/** The customers of a list, by name, in the order in which the page shows them. */
const namesIn = (page, name) => sectionOf(page, name).locator("li .name").allTextContents();

/** A call of the workbench by a worker, without the page. */
async function posts(worker, path, data) {
  const headers = { Origin: worker.server.base };
  const answer = await worker.page.request.post(`${worker.server.base}/desk/api/${path}`, { headers, data });
  assert.equal(answer.status(), 200, await answer.text());
}

/** The number of a customer's session, which is the worker's own or waits. */
const sessionOf = (worker, openid) =>
  worker.page.evaluate(async (openid) => {
    const { accounts } = await (await fetch("/desk/api/snapshot")).json();
    return [...accounts[0].sessions, ...accounts[0].waiting].find((one) => one.openid === openid).id;
  }, openid);

/** An agent with 18 open sessions, a colleague who is away, and 60 customers who wait in the order of their numbers. */
async function busyDesk(t) {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const colleague = await onlineWorker(people, "bob", COLLEAGUE, "Bob");
  await colleague.page.getByRole("switch", { name: "Available" }).click();
  await colleague.page.getByTestId("presence").getByText("Away").waitFor();
  const own = openids("m", OWN);
  const waiting = openids("w", WAITING);
  await server.createAll(AGENT, own);
  await server.say(waiting, "Is anybody there?");
  await eventually("all wait", async () => assert.equal((await server.waiting()).count, WAITING));
  await sectionOf(worker.page, "waiting").locator(".count").getByText(String(WAITING), { exact: true }).waitFor();
  return { server, worker, colleague, page: worker.page, own, waiting };
}

test("customers are taken in the order of the queue, by a key and by a button", async (t) => {
  const { server, worker, colleague, page, waiting } = await busyDesk(t);

  await t.test("the list is the queue, with the place and the time of each customer", async () => {
    assert.deepEqual(await namesIn(page, "waiting"), waiting.map(tail));
    const third = sectionOf(page, "waiting").locator("li").nth(2);
    assert.equal(await third.getByText("2 before this customer").count(), 1);
    assert.equal(await third.locator("time").textContent(), "just now");
    await sectionOf(page, "waiting").locator("li").first().getByText("First in the queue").waitFor();
    await checkAppearance(page, "a long queue");
  });

  await t.test("the key takes the customer who has waited longest, also while the agent types", async () => {
    await page.keyboard.press("Alt+n");
    await worker.session(waiting[0]).waitFor();
    await worker.seesMessage("Is anybody there?");
    await worker.box().fill("Half a sen");
    await page.keyboard.press("Alt+n");
    await eventually("the next is in view", async () =>
      assert.equal(await worker.session(waiting[1]).getAttribute("aria-current"), "true"),
    );
    await worker.session(waiting[0]).click();
    await eventually("what was typed is there", async () =>
      assert.equal(await worker.box().inputValue(), "Half a sen"),
    );
    assert.deepEqual((await namesIn(page, "waiting"))[0], tail(waiting[2]));
  });

  await t.test("the button names its key, and does the same", async () => {
    const button = page.getByRole("button", { name: "Take the next" });
    assert.match(await button.getAttribute("title"), /waited longest \(Alt\+N\)/);
    assert.equal(await button.getAttribute("aria-keyshortcuts"), "Alt+N");
    await button.click();
    await worker.session(waiting[2]).waitFor();
  });

  await t.test("the key gives way to a dialog and to other keys", async () => {
    await worker.press("Close session");
    await page.keyboard.press("Alt+n");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Alt+n");
    await page.keyboard.press("n");
    await worker.box().press("n");
    assert.deepEqual((await namesIn(page, "waiting"))[0], tail(waiting[3]));
  });

  await t.test("where a colleague is quicker, the key takes the next one, and two agents never get one", async () => {
    const once = { times: 1 };
    const atTheSameMoment = async (call) => {
      await posts(colleague, "session/accept", call.request().postDataJSON());
      await call.continue();
    };
    await page.route("**/desk/api/session/accept", atTheSameMoment, once);
    await page.keyboard.press("Alt+n");
    await worker.session(waiting[4]).waitFor();
    assert.equal(await page.getByRole("alert").getByText("already taken").count(), 0);
    assert.equal((await server.session(waiting[3])).kf_account, COLLEAGUE);
    assert.equal((await server.session(waiting[4])).kf_account, AGENT);
  });
});

test("an unanswered customer is marked until there is an answer, or none is needed, or another agent", async (t) => {
  const { server, worker, page, own } = await busyDesk(t);
  const mark = (openid) => worker.session(openid).locator(".unanswered");
  const [first, second, third] = own;

  await t.test("the mark has the minutes since the first word, and reading does not clear it", async () => {
    await server.say([first, second, third], "Hello?");
    for (const one of [first, second, third]) await mark(one).waitFor();
    assert.equal(await sectionOf(page, "own-sessions").locator(".unanswered").count(), 3);
    await worker.session(first).click();
    await worker.seesMessage("Hello?");
    const start = Date.now();
    await page.clock.setFixedTime(start + 4 * 60_000);
    await mark(first).getByText("4 min", { exact: true }).waitFor();
    await page.getByRole("region", { name: tail(first) }).getByText("Unanswered for 4 min").waitFor();
    await server.say([first], "Are you there?");
    await worker.seesMessage("Are you there?");
    assert.equal(await mark(first).textContent(), "4 min", "more words do not begin anew");
    await page.clock.setFixedTime(start);
    await checkAppearance(page, "unanswered sessions");
  });

  await t.test("an answer clears the mark, and the next word sets it again", async () => {
    await worker.says("Yes, I am.");
    await mark(first).waitFor({ state: "detached" });
    await server.say([first], "Good.");
    await mark(first).waitFor();
  });

  await t.test("the key and the button say that no reply is needed", async () => {
    assert.match(
      await page.getByRole("button", { name: "No reply needed" }).getAttribute("title"),
      /need no reply \(Alt\+A\)/,
    );
    await worker.box().press("Alt+a");
    await mark(first).waitFor({ state: "detached" });
    await worker.session(second).click();
    await page.getByRole("button", { name: "No reply needed" }).click();
    await mark(second).waitFor({ state: "detached" });
    await eventually("the box has the focus", async () =>
      assert.ok(await worker.box().evaluate((box) => box === document.activeElement)),
    );
    await page.reload();
    await mark(third).waitFor();
    assert.equal(await sectionOf(page, "own-sessions").locator(".unanswered").count(), 1);
  });

  await t.test("on a phone the menu says that no reply is needed, and what each action means", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("button", { name: "Back to the list" }).click();
    await worker.session(third).click();
    await worker.press(`More for ${tail(third)}`);
    await page.getByRole("dialog").getByText("The customer keeps their place").waitFor();
    await checkAppearance(page, "the menu of an unanswered session");
    await page.getByRole("dialog").getByRole("button", { name: "No reply needed" }).click();
    await mark(third).waitFor({ state: "detached" });
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await t.test("a customer who is handed back waits at the place of before, and the draft is kept", async () => {
    await server.say([second], "One more thing.");
    await worker.session(second).click();
    await worker.box().fill("I will ask");
    await worker.press(`More for ${tail(second)}`);
    await page.getByRole("dialog").getByRole("button", { name: "Hand back to the queue" }).click();
    await sectionOf(page, "waiting").getByRole("button", { name: `Take ${tail(second)}` }).waitFor();
    assert.equal(await worker.session(second).count(), 0);
    await worker.sees("Choose a session");
    assert.equal((await namesIn(page, "waiting")).at(-1), tail(second), "this word came last");
    await sectionOf(page, "unsent").getByText("I will ask").waitFor();
    await worker.take(second);
    await eventually("the draft is back", async () => assert.equal(await worker.box().inputValue(), "I will ask"));
  });

  await t.test("a session that goes back to the queue while it is in view stays, with a way to take it", async () => {
    const session = await sessionOf(worker, second);
    await posts(worker, "session/hand_back", { appid: APPID, session });
    await worker.sees("This customer is waiting in the queue");
    await worker.seesMessage("One more thing.");
    await checkAppearance(page, "a session that is back in the queue");
    await worker.press("Take");
    await worker.session(second).waitFor();
  });
});

test("an agent chooses how customers come, and sees when there are more than the limit", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  const shown = (text) => page.getByTestId("intake").getByText(text, { exact: true }).waitFor();
  const opens = () => page.getByTestId("intake").click();
  const dialog = page.getByRole("dialog");
  const saves = () => dialog.getByRole("button", { name: "Save" }).click();

  await t.test("the limit: empty is the account's, and more are shown", async () => {
    await shown("0/10");
    await opens();
    assert.ok(await dialog.getByRole("radio", { name: "As the account" }).isChecked());
    await dialog.getByText("At present: automatic").waitFor();
    await checkAppearance(page, "the switch and the limit");
    await dialog.getByLabel("Limit of sessions").fill("2");
    await page.keyboard.press("Enter");
    await shown("0/2");
    const customers = openids("c", 3);
    await server.say(customers, "Hello?");
    await shown("2/2");
    await sectionOf(page, "waiting").getByRole("button", { name: `Take ${tail(customers[2])}` }).waitFor();
    await page.keyboard.press("Alt+n");
    await shown("3/2");
    await page.getByRole("button", { name: "3 of 2 sessions" }).waitFor();
    await checkAppearance(page, "more sessions than the limit");
    await page.reload();
    await shown("3/2");
    await opens();
    assert.equal(await dialog.getByLabel("Limit of sessions").inputValue(), "2");
    await dialog.getByLabel("Limit of sessions").fill("0");
    await saves();
    assert.ok(await dialog.isVisible(), "a limit is 1 at least");
    await dialog.getByLabel("Limit of sessions").fill("");
    await saves();
    await shown("3/10");
  });

  await t.test("the switch: by hand, customers wait although there is room", async () => {
    await opens();
    await dialog.getByRole("radio", { name: "Manual" }).check();
    await saves();
    await shown("Manual · 3");
    const [one] = openids("d", 1);
    await server.say([one], "Hello?");
    await sectionOf(page, "waiting").getByRole("button", { name: `Take ${tail(one)}` }).waitFor();
    await opens();
    await dialog.getByRole("radio", { name: "Automatic" }).check();
    await saves();
    await worker.session(one).waitFor();
    await shown("4/10");
    await opens();
    assert.ok(await dialog.getByRole("radio", { name: "Automatic" }).isChecked());
    await page.keyboard.press("Escape");
    await shown("4/10");
  });
});

test("an agent who gave no answer in time is told why they are away, and comes back by a button", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  await server.order("account", "set", "--appid", APPID, "--answer-s", "1");
  const customer = await people.customer();
  await customer.at();
  await customer.says("Hello?");
  const notice = page.getByRole("alert").filter({ hasText: "has set you to away" });
  await notice.waitFor();
  await page.getByTestId("presence").getByText("Away").waitFor();
  await customer.sees("Your agent has left. You’re next");
  await checkAppearance(page, "an agent who was set away");
  await checkAppearance(customer.page, "a customer whose agent has left");
  await page.reload();
  await notice.waitFor();
  await page.getByRole("button", { name: "I’m back" }).click();
  await page.getByTestId("presence").getByText("Online").waitFor();
  await notice.waitFor({ state: "detached" });
  await customer.sees("Your agent has left. You’re next");
  await page.getByRole("switch", { name: "Available" }).click();
  await page.getByTestId("presence").getByText("Away").waitFor();
  await page.reload();
  await worker.sees("Away");
  assert.equal(await notice.count(), 0, "an agent who chose to be away gets no notice");
});

test("the customer's page says who serves the customer, or how many are before", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  await worker.page.getByRole("switch", { name: "Available" }).click();
  await worker.page.getByTestId("presence").getByText("Away").waitFor();
  const earlier = openids("e", 3);
  await server.say(earlier, "Hello?");
  const customer = await people.customer();
  await customer.at();
  await customer.sees("How can we help you?");
  const asked = [];
  customer.page.on("request", (request) => request.url().endsWith("/place") && asked.push(request.url()));
  await customer.says("Is anybody there?");
  await customer.sees("Message received. 3 before you");
  await checkAppearance(customer.page, "a customer with others before");
  await worker.take(earlier[0]);
  await customer.sees("Message received. 2 before you");
  for (const one of earlier.slice(1)) await worker.take(one);
  await customer.sees("Message received. You’re next");
  await worker.page.keyboard.press("Alt+n");
  await customer.sees("Your agent: 小美");
  const before = asked.length;
  assert.ok(before >= 3);
  await customer.page.waitForTimeout(16_000);
  assert.equal(asked.length, before, "a page that does not wait never asks");
  const { openid } = await servedLast(worker);
  await posts(worker, "session/hand_back", { appid: APPID, session: await sessionOf(worker, openid) });
  await customer.sees("Your agent has left. You’re next");
  await worker.take(openid);
  await worker.says("Here I am again.");
  await customer.seesMessage("Here I am again.");
  await customer.sees("Your agent: 小美");
  await posts(worker, "session/hand_back", { appid: APPID, session: await sessionOf(worker, openid) });
  await customer.page.reload();
  await customer.sees("Your agent has left. You’re next");
});

/** The worker's session that was opened last. */
const servedLast = (worker) =>
  worker.page.evaluate(async () => {
    const { accounts } = await (await fetch("/desk/api/snapshot")).json();
    return accounts[0].sessions.toSorted((a, b) => b.opened_at - a.opened_at)[0];
  });

test("the desk says why a customer waits, and why an agent gets none", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  const dialog = page.getByRole("dialog");
  const says = (text) => dialog.getByText(text, { exact: true }).waitFor();

  await t.test("an agent without sessions", async () => {
    await worker.press("Why do I get no customers?");
    await says("You get the next customer who needs an agent.");
    await says("No customers are waiting.");
    await checkAppearance(page, "why an agent gets no customers");
    await page.keyboard.press("Escape");
    await page.getByRole("switch", { name: "Available" }).click();
    await page.getByTestId("presence").getByText("Away").waitFor();
    await worker.press("Why do I get no customers?");
    await says("You are away. Switch to online to get customers.");
    await page.keyboard.press("Escape");
  });

  await t.test("customers who wait, and where the answer does not come", async () => {
    const [first, second] = openids("y", 2);
    await server.say([first, second], "Hello?");
    const why = page.getByRole("button", { name: `Why is ${tail(second)} waiting?` });
    await why.focus();
    await page.keyboard.press("Enter");
    await says("All agents who are here are away.");
    await says("1 before this customer");
    await dialog.getByText(AGENT).waitFor();
    await checkAppearance(page, "why a customer waits");
    await page.keyboard.press("Escape");
    await eventually("the focus is back", async () =>
      assert.ok(await why.evaluate((node) => node === document.activeElement)),
    );
    await page.route("**/desk/api/why/**", (call) => call.abort(), { times: 1 });
    await why.click();
    await says("The server cannot be reached. Check your network and try again");
    await dialog.getByRole("button", { name: "Try again" }).click();
    await says("All agents who are here are away.");
    await dialog.getByRole("button", { name: "Close" }).click();
  });
});

test("a supervisor sees who was missed, reads what they wrote, and removes them", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  const customer = await people.customer();
  await customer.at();
  await customer.says("Does nobody answer?");
  await worker.session((await servedLast(worker)).openid).click();
  const { id, openid } = await servedLast(worker);
  await worker.press("Close session");
  await page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  await page.getByText("No open sessions").waitFor();
  const at = Date.now();
  const one = (session, reason) => ({ session, openid, since: at - 3 * 3_600_000, at, reason });
  // Being missed takes 48 hours; the list of the server is tested there.
  await page.route("**/desk/api/missed?*", (call) =>
    call.fulfill({ json: { missed: [one(id, "window"), one(id + 1, "silence")] } }),
  );
  assert.equal(await sectionOf(page, "missed").count(), 0, "an agent sees no list");
  await server.setAdmin(AGENT);
  const list = sectionOf(page, "missed");
  await list.getByText("No answer within 48 hours").waitFor();
  await list.getByText("The agent gave no answer").waitFor();
  await list.getByText("3 h ago").first().waitFor();
  await checkAppearance(page, "customers who were missed");
  await list.getByRole("button", { name: `Show the messages of ${tail(openid)}` }).first().click();
  await worker.seesMessage("Does nobody answer?");
  await worker.sees("This session is closed");
  await checkAppearance(page, "the messages of a customer who was missed");
  await list.getByRole("button", { name: `Remove ${tail(openid)} from the list` }).first().click();
  await eventually("one is left", async () => assert.equal(await list.locator("li").count(), 1));
  await list.getByRole("button", { name: `Remove ${tail(openid)} from the list` }).click();
  await list.waitFor({ state: "detached" });
});
