// The queue at the workbench: its order, one's own unanswered customers, and what takes customers out of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { openids, posts, sectionOf, sessionOf, tail } from "../support/queue.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const COLLEAGUE = "kf3@demo";
const [WAITING, OWN] = [60, 18];

/** The customers of a list, by name, in the order in which the page shows them. */
const namesIn = (page, name) => sectionOf(page, name).locator("li .name").allTextContents();

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
