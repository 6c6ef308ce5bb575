// The server keeps an agent's drafts: they follow the agent to any browser, and no other worker sees them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.mjs";
import { customerName, Worker } from "../support/people.mjs";
import { PASSWORD, scene, workerAndCustomer } from "../support/scene.mjs";

const isTyped = (who, text) =>
  eventually(`${text || "nothing"} is in the box`, async () => assert.equal(await who.box().inputValue(), text));

/** The drafts that the server keeps for the worker of a page. */
const kept = (who) =>
  who.page.evaluate(async () => {
    const { accounts } = await (await fetch("/desk/api/snapshot")).json();
    return accounts.flatMap(({ drafts }) => drafts.map(({ text }) => text));
  });

const isKept = (who, ...texts) =>
  eventually(`the server keeps ${texts}`, async () => assert.deepEqual(await kept(who), texts));

/** A text is nowhere in the page or in the browser's storage. */
const isNowhere = (who, text) =>
  eventually(`${text} is nowhere`, async () => {
    const all = await who.page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({ ...localStorage }));
    assert.ok(!all.includes(text));
    const boxes = who.page.getByRole("textbox");
    for (const box of await boxes.all()) assert.ok(!(await box.inputValue()).includes(text));
  });

/** The same worker at a browser of their own. */
async function elsewhere(people, { name }, customer) {
  const other = await people.worker(name);
  await other.at();
  await other.fill("Log in", name, PASSWORD);
  await other.session(customer.openid).click();
  await other.seesMessage("Hello");
  return other;
}

test("a draft follows its agent through a reload, a log-out and another browser", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  await worker.box().fill("half a sent");
  await worker.page.reload();
  await isTyped(worker, "half a sent");
  const other = await elsewhere(people, worker, customer);
  await isTyped(other, "half a sent");
  await worker.box().fill("gone with the page");
  await worker.page.goto("about:blank");
  await isKept(other, "gone with the page");
  await other.box().fill("half a sentence");
  await isKept(other, "half a sentence");
  await worker.at();
  await worker.session(customer.openid).click();
  await isTyped(worker, "half a sentence");
  await worker.box().fill("half a sentence, typed and left at once");
  await worker.logsOut();
  await isNowhere(worker, "half a sentence");
  await worker.fill("Log in", worker.name, PASSWORD);
  await worker.session(customer.openid).click();
  await isTyped(worker, "half a sentence, typed and left at once");
  await worker.box().press("Enter");
  await customer.seesMessage("half a sentence, typed and left at once");
  await isKept(worker);
  await isTyped(other, "");
  await other.page.reload();
  await isTyped(other, "");
});

test("a draft is at the server while its agent goes on typing, and when they look at another session", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const second = await people.customer();
  await second.at();
  await second.writesFirstMessage("Second", [customer]);
  await worker.box().pressSequentially("typed without a pause, for longer than anybody would wait", { delay: 90 });
  const [sofar] = await kept(worker);
  assert.match(sofar, /^typed without/);
  await worker.box().fill("left");
  await worker.session(second.openid).click();
  await worker.seesMessage("Second");
  await isKept(worker, "left");
  await worker.session(customer.openid).click();
  await isTyped(worker, "left");
});

test("words typed while the login ended elsewhere are there after the log-in, and reach the server", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const other = await elsewhere(people, worker, customer);
  await worker.page.route("**/desk/api/draft", (route) => route.abort());
  await worker.box().fill("while it ended");
  const ended = await other.page.evaluate(async () => {
    const headers = { "Content-Type": "application/json" };
    return (await fetch("/desk/api/login/end", { method: "POST", headers, body: "{}" })).status;
  });
  assert.equal(ended, 200);
  await worker.sees("Log in to the workbench");
  assert.ok(!(await worker.page.content()).includes("while it ended"));
  await worker.fill("Log in", worker.name, PASSWORD);
  await isTyped(worker, "while it ended");
  await worker.page.unroute("**/desk/api/draft");
  await isKept(other, "while it ended");
  await eventually("nothing is left in the browser", async () => {
    const left = await worker.page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.ok(!left.includes("while it ended"));
  });
});

test("another worker at the same browser finds nothing, though they log in at once in another tab", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  await worker.box().fill("between us");
  await isKept(worker, "between us");
  const { link } = await server.order("worker", "invite");
  const bob = new Worker(await worker.page.context().newPage(), server, "bob");
  await bob.at(link);
  await bob.fill("Create login", "bob", PASSWORD);
  for (const tab of [worker, bob]) {
    await tab.sees("Waiting for an invitation");
    await isNowhere(tab, "between us");
  }
  await bob.logsOut();
  await worker.sees("Log in to the workbench");
  await isNowhere(worker, "between us");
  await worker.fill("Log in", worker.name, PASSWORD);
  await worker.session(customer.openid).click();
  await isTyped(worker, "between us");
});

test("without a line a draft waits in the browser for its worker, and goes when the line is back", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  await server.kill();
  await worker.box().fill("without a line");
  await server.start();
  await isKept(worker, "without a line");
  const other = await elsewhere(people, worker, customer);
  await isTyped(other, "without a line");
});

test("tabs in sight show what is typed in one of them, and take nothing from under hands", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const other = new Worker(await worker.page.context().newPage(), server, worker.name);
  await other.page.goto(worker.page.url());
  await other.seesMessage("Hello");
  await other.box().blur();
  await worker.box().fill("from the first");
  await isTyped(other, "from the first");
  await other.box().focus();
  await other.box().fill("from the second");
  await worker.box().fill("from the first again");
  await isKept(worker, "from the first again");
  await isTyped(other, "from the second");
  await other.box().blur();
  await worker.box().fill("and sent");
  await isTyped(other, "and sent");
  await worker.box().press("Enter");
  await customer.seesMessage("and sent");
  await isTyped(other, "");
  await isKept(worker);
});

test("what was typed in a session that is gone is shown at another browser too, until it is given up", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  await worker.box().fill("not finished");
  await worker.press("Close session");
  await worker.page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  const left = ({ page }) => page.locator("section[aria-labelledby=unsent]").getByRole("listitem");
  await left(worker).getByText("not finished").waitFor();
  await isKept(worker, "not finished");
  const other = await people.worker(worker.name);
  await other.at();
  await other.fill("Log in", worker.name, PASSWORD);
  await left(other).getByText("not finished").waitFor();
  await left(other).getByText(customerName(customer.openid)).waitFor();
  await left(other).getByRole("button", { name: /^Delete/ }).click();
  await isKept(other);
  await worker.page.reload();
  await worker.sees("No customers are waiting");
  assert.equal(await left(worker).count(), 0);
});
