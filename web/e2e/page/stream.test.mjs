import assert from "node:assert/strict";
import { test } from "node:test";
import { checkListsAgree } from "../support/api_agreement.mjs";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { Worker } from "../support/people.mjs";
import { AGENT, PASSWORD, scene, workerAndCustomer } from "../support/scene.mjs";

const NAME = "xiaomei";
const LOST = "Connection lost. Reconnecting…";

/** A worker who is online in the demo's account, with a customer's session in view. */
async function begin(t) {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  return {
    server,
    worker,
    customer,
    checkAgreed: (stage) => checkListsAgree(stage, server, AGENT, worker, [customer]),
  };
}

const isOnline = (server) =>
  eventually("the agent is online", async () =>
    assert.deepEqual(
      (await server.online()).map((one) => one.status),
      [1],
    ),
  );

/** Looks at getonlinekflist all the while something else happens. */
async function stayingOnline(server, happening) {
  let over = false;
  const watching = (async () => {
    while (!over) {
      assert.deepEqual(
        (await server.online()).map((one) => one.status),
        [1],
        "the agent never leaves getonlinekflist",
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await Promise.all([happening().finally(() => (over = true)), watching]);
}

test("the pages go on by themselves when the server was cut off and is back", async (t) => {
  const { server, worker, customer, checkAgreed } = await begin(t);
  await server.kill();
  await Promise.all([worker.sees(LOST), customer.sees(LOST)]);
  for (const { page } of [worker, customer]) {
    const notice = await page.getByText(LOST).filter({ visible: true }).last().boundingBox();
    const log = await page.getByRole("log").boundingBox();
    assert.ok(notice.y + notice.height <= log.y, "the notice covers no message");
  }
  await checkAppearance(worker.page, "a workbench cut off");
  await customer.page.getByRole("textbox", { name: "Message" }).fill("Are you there?");
  await customer.page.keyboard.press("Enter");
  await customer.sees("Send again");
  await checkAppearance(customer.page, "a message that could not be sent");
  await worker.page.getByRole("switch", { name: "Available" }).click();
  await worker.sees("The server cannot be reached. Check your network and try again");
  await checkAppearance(worker.page, "a click that could not be done");
  await server.start();
  await isOnline(server);
  await worker.seesMessage("Are you there?");
  await worker.says("Yes.");
  await customer.seesMessage("Yes.");
  await checkAgreed("the server is back");
});

test("a reload is no news to anybody, and nothing is lost by it", async (t) => {
  const { server, worker, customer, checkAgreed } = await begin(t);
  await stayingOnline(server, async () => {
    await worker.page.reload();
    await worker.seesMessage("Hello");
    await worker.page.reload();
    await worker.seesMessage("Hello");
  });
  await checkAgreed("the worker has loaded the page twice");
});

test("two tabs share one stream, and the second goes on when the first is closed", async (t) => {
  const { server, worker, customer, checkAgreed } = await begin(t);
  const other = new Worker(await worker.page.context().newPage(), server, NAME);
  await other.at();
  await other.session(customer.openid).click();
  await customer.says("One");
  await Promise.all([worker.seesMessage("One"), other.seesMessage("One")]);
  await other.says("Two");
  await Promise.all([worker.seesMessage("Two"), customer.seesMessage("Two")]);
  await stayingOnline(server, async () => {
    await worker.page.close();
    await customer.says("Three");
    await other.seesMessage("Three");
  });
  worker.page = other.page;
  await checkAgreed("the first tab is closed");
});

test("a login that has ended leads back to the log-in, in every tab and at once", async (t) => {
  const { server, worker } = await begin(t);
  const other = new Worker(await worker.page.context().newPage(), server, NAME);
  await other.at();
  await other.sees("No customers are waiting");
  const { password } = await server.order("worker", "reset", "--name", NAME);
  await Promise.all([worker.sees("Log in to the workbench"), other.sees("Log in to the workbench")]);
  for (const tab of [worker, other]) await tab.page.getByText("An operator has reset your password").waitFor();
  await checkAppearance(worker.page, "a login that has ended");
  await other.fill("Log in", NAME, password);
  await Promise.all([worker.sees("No customers are waiting"), other.sees("No customers are waiting")]);
  await worker.page.context().clearCookies();
  // Whatever asks the server first finds it out: this click, or before it the tab by itself.
  const clicked = worker.page.getByRole("switch", { name: "Available" }).click({ timeout: 5000 });
  clicked.catch(() => {});
  await Promise.all([worker.sees("Log in to the workbench"), other.sees("Log in to the workbench")]);
});

test("a tab says what another tab of the browser has done to its login", async (t) => {
  const { server, worker } = await begin(t);
  const other = new Worker(await worker.page.context().newPage(), server, NAME);
  const { link } = await server.order("worker", "invite");
  await other.at(link);
  await other.fill("Create login", "bob", PASSWORD);
  await other.sees("Waiting for an invitation");
  await worker.page.getByText("Another tab of this browser has logged in as “bob”").waitFor();
  await worker.sees("Waiting for an invitation");
  await other.logsOut();
  await worker.sees("You logged out in another tab of this browser.");
  await other.fill("Log in", NAME, PASSWORD);
  await worker.sees("No customers are waiting");
});

test("an agent who is deleted while online loses the desk, and the customer waits again", async (t) => {
  const { server, worker, customer } = await begin(t);
  await server.deleteAgent(AGENT);
  await worker.sees("Waiting for an invitation");
  await eventually("no agent is online", async () => assert.deepEqual(await server.online(), []));
  await checkAppearance(worker.page, "a desk that is gone");
  // Nobody has answered.
  await customer.sees("Your agent has left. You’re next");
  await customer.says("Is it over?");
  await eventually("the customer waits", async () => assert.equal((await server.waiting()).count, 1));
  await customer.sees("Your agent has left. You’re next");
});

test("a page that has not reached the server yet says so, and opens by itself", async (t) => {
  const people = await scene(t);
  const [worker, customer] = [await people.worker(NAME), await people.customer()];
  for (const [who, state, open] of [
    [worker, "a workbench without its server", "Log in to the workbench"],
    [customer, "a customer page without its server", "How can we help you?"],
  ]) {
    await who.page.route("**/api/**", (route) => route.abort());
    await who.at();
    await who.sees("The server cannot be reached");
    await checkAppearance(who.page, state);
    await who.page.unroute("**/api/**");
    await who.sees(open);
  }
  await customer.page.goto(`${people.server.base}/chat/wxffffffffffffffff`);
  await customer.sees("This customer service page does not exist");
  await checkAppearance(customer.page, "a customer page of no account");
});
