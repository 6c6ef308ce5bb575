// The server counts unread messages: the count is the same after a reload, in each tab and in another browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.mjs";
import { Worker } from "../support/people.mjs";
import { AGENT, PASSWORD, onlineWorker, scene, workerAndCustomer } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

/** More than four pages of messages. */
const MANY = 210;

const counted = async ({ page }) => Number(/^\((\d+)\)/.exec(await page.title())?.[1] ?? 0);

/** The title and the row of the customer's session say how many are unread. */
const unread = (who, customer, count) =>
  eventually(`${count} are unread`, async () => {
    assert.equal(await counted(who), count);
    const row = (await who.session(customer.openid).textContent()) ?? "";
    assert.equal(/(\d+) unread/.exec(row)?.[1] ?? "0", String(count));
  });

async function elsewhere(people, { name }) {
  const other = await people.worker(name);
  await other.at();
  await other.fill("Log in", name, PASSWORD);
  return other;
}

/** A customer writes, as fast as may be. */
async function says(server, { openid }, count) {
  for (let at = 0; at < count; at += 10) {
    const some = Array.from({ length: Math.min(10, count - at) }, (_, more) => `line ${at + more}`);
    await Promise.all(
      some.map((text) => server.order("customer", "say", "--appid", APPID, "--openid", openid, "--text", text)),
    );
  }
}

test("what is unread is the same after a reload and in another browser, until it is read or answered", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const customer = await people.customer();
  await customer.at();
  await customer.writesFirstMessage("Hello", []);
  await unread(worker, customer, 1);
  await says(server, customer, MANY - 1);
  await unread(worker, customer, MANY);
  await worker.page.reload();
  await unread(worker, customer, MANY);
  const other = await elsewhere(people, worker);
  await unread(other, customer, MANY);
  const tab = new Worker(await worker.page.context().newPage(), server, worker.name);
  await tab.at();
  await unread(tab, customer, MANY);
  await worker.session(customer.openid).click();
  for (const each of [worker, tab]) await unread(each, customer, 0);
  await customer.says("seen as it comes");
  await worker.seesMessage("seen as it comes");
  for (const each of [worker, tab]) await unread(each, customer, 0);
  await eventually("the other browser knows at its next load", async () => {
    await other.page.reload();
    await other.session(customer.openid).waitFor();
    assert.equal(await counted(other), 0);
  });
  await worker.page.goto("about:blank");
  await customer.says("after they left");
  for (const each of [tab, other]) await unread(each, customer, 1);
  await tab.page.reload();
  await unread(tab, customer, 1);
  await worker.at();
  await unread(worker, customer, 1);
  await other.posts(await other.sessionId(), "answered");
  for (const each of [worker, tab, other]) await unread(each, customer, 0);
  await worker.page.reload();
  await unread(worker, customer, 0);
});

test("what a customer wrote while they waited is unread when they get an agent, however much it is", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  await worker.page.getByRole("switch", { name: "Available" }).click();
  await eventually("the agent is away", async () => assert.equal((await server.online())[0].status, 0));
  const customer = await people.customer();
  await customer.at();
  await customer.writesFirstMessage("Hello", []);
  await says(server, customer, 59);
  await worker.page.getByRole("switch", { name: "Available" }).click();
  await server.create(AGENT, customer.openid);
  await unread(worker, customer, 60);
});

test("what an older page has marked in this browser counts, once", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  await worker.says("Welcome");
  await customer.seesMessage("Welcome");
  const session = await worker.sessionId();
  await worker.page.goto("about:blank");
  await says(server, customer, 3);
  await worker.at();
  await unread(worker, customer, 3);
  await worker.page.evaluate(
    async ([appid, session]) => {
      const { accounts } = await (await fetch("/desk/api/snapshot")).json();
      const { id } = accounts[0].messages.at(-2);
      localStorage.setItem("kefu.read", JSON.stringify({ [`${appid}:${session}`]: id, [`${appid}:999`]: 5 }));
    },
    [APPID, session],
  );
  await worker.page.reload();
  await unread(worker, customer, 1);
  assert.equal(await worker.page.evaluate(() => localStorage.getItem("kefu.read")), null);
  const other = await elsewhere(people, worker);
  await unread(other, customer, 1);
});
