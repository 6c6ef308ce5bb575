// The queue at the workbench: its order, one's own unanswered customers, and what takes customers out of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";

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
