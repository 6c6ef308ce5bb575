// All tabs of a browser share one stream, with and without locks, which need HTTPS or localhost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.mjs";
import { Customer, Worker } from "../support/people.mjs";
import { scene, workerAndCustomer } from "../support/scene.mjs";

const TABS = 7;

for (const locks of [true, false]) {
  test(`seven tabs of either page share one stream ${locks ? "by locks" : "without locks"}`, async (t) => {
    const people = await scene(t);
    const { server } = people;
    const { worker, customer } = await workerAndCustomer(people);
    for (const [who, Person, other] of [
      [customer, Customer, worker],
      [worker, Worker, customer],
    ]) {
      const context = who.page.context();
      if (!locks) await context.addInitScript(withoutLocks);
      const streams = counted(context);
      await who.page.reload();
      const tabs = [who];
      while (tabs.length < TABS) {
        const tab = new Person(await context.newPage(), server, who.name);
        await tab.page.goto(who.page.url());
        await tab.seesMessage("Hello");
        tabs.push(tab);
      }
      await eventually("one stream is open", () => assert.equal(streams.size, 1));
      await other.says(`to all ${TABS}`);
      await Promise.all(tabs.map((tab) => tab.seesMessage(`to all ${TABS}`)));
      await tabs.at(-1).says("from the last");
      await Promise.all([other, ...tabs].map((tab) => tab.seesMessage("from the last")));
      const leader = tabs.find((tab) => streams.has(tab.page));
      await leader.page.close();
      await eventually("another tab has taken it", () => {
        assert.equal(streams.size, 1);
        assert.ok(!streams.has(leader.page));
      });
      await other.says("after the first was closed");
      await Promise.all(
        tabs.filter((tab) => tab !== leader).map((tab) => tab.seesMessage("after the first was closed")),
      );
      who.page = tabs.find((tab) => tab !== leader).page;
    }
  });
}

test("a workbench out of sight keeps its stream, and a customer page leaves it to one in sight", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const [desk, chat] = [counted(worker.page.context()), counted(customer.page.context())];
  await Promise.all([worker.page.reload(), customer.page.reload()]);
  await eventually("both have a stream", () => assert.deepEqual([desk.size, chat.size], [1, 1]));
  for (const { page } of [worker, customer]) await looksAway(page, true);
  await eventually("the customer page has none", () => assert.equal(chat.size, 0));
  assert.equal(desk.size, 1);
  await worker.says("while you were away");
  const second = new Customer(await customer.page.context().newPage(), server);
  await second.at();
  await second.seesMessage("while you were away");
  await eventually("the one in sight has it", () => assert.ok(chat.has(second.page)));
  await second.page.close();
  await worker.says("and nobody looked");
  await looksAway(customer.page, false);
  await customer.seesMessage("and nobody looked");
  await eventually("it is back", () => assert.ok(chat.has(customer.page)));
  await worker.says("welcome back");
  await customer.seesMessage("welcome back");
});

/** The pages of a context that hold a stream open. */
function counted(context) {
  const open = new Map();
  const isStream = (request) => new URL(request.url()).pathname.endsWith("/stream");
  const pageOf = (request) => request.frame().page();
  context.on("request", (request) => isStream(request) && open.set(pageOf(request), request));
  const ended = (request) => {
    if (!isStream(request)) return;
    for (const [page, other] of open) if (other === request) open.delete(page);
  };
  context.on("requestfinished", ended);
  context.on("requestfailed", ended);
  context.on("page", (page) => page.on("close", () => open.delete(page)));
  for (const page of context.pages()) page.on("close", () => open.delete(page));
  return open;
}

function withoutLocks() {
  Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
}

/** Makes a page hidden: in a headless browser all pages are visible. */
const looksAway = (page, away) =>
  page.evaluate((away) => {
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      get: () => (away ? "hidden" : "visible"),
    });
    Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
    document.dispatchEvent(new Event("visibilitychange"));
  }, away);
