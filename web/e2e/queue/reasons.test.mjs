// How customers reach an agent, and what the pages say of the queue: the limit, the place, the reasons, who was missed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { openids, posts, sectionOf, sessionOf, tail } from "../support/queue.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

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

/** The worker's session that was opened last, once there is one. */
const servedLast = (worker) =>
  eventually("the worker has a session", async () => {
    const session = await worker.page.evaluate(async () => {
      const { accounts } = await (await fetch("/desk/api/snapshot")).json();
      return accounts[0].sessions.toSorted((a, b) => b.opened_at - a.opened_at)[0];
    });
    assert.ok(session);
    return session;
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
