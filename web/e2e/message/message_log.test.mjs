// The log keeps the reader's position. Both pages share it; each test uses one of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.mjs";
import { png } from "../support/png.mjs";
import { scene, workerAndCustomer } from "../support/scene.mjs";

const STILL_PX = 2;

for (const anchors of [true, false]) {
  const browser = anchors ? "a browser that anchors by itself" : "one that does not";

  test(`pictures that arrive above the reader move nothing, in ${browser}`, async (t) => {
    const people = await scene(t);
    const { worker, customer } = await workerAndCustomer(people);
    const session = await worker.sessionId();
    for (let at = 0; at < 20; at++) await worker.postsPicture(session, png(40 + 60 * (at % 7), 30 + 90 * (at % 5)));
    for (let at = 0; at < 30; at++) await worker.posts(session, `line ${at}`);
    const { page } = customer;
    let letGo = () => {};
    const late = new Promise((resolve) => (letGo = resolve));
    await page.route("**/file?*", async (route) => {
      await late;
      await route.continue();
    });
    await page.reload();
    await customer.seesMessage("line 29");
    if (!anchors) await log(page).evaluate((box) => (box.style.overflowAnchor = "none"));
    await scrollsTo(page, "line 2");
    const before = await topOf(page, "line 2");
    letGo();
    await customer.seesPictures(20);
    assert.ok(Math.abs((await topOf(page, "line 2")) - before) <= STILL_PX, "what is read stays where it is");
  });

  test(`history that comes late does not move the reader, in ${browser}`, async (t) => {
    const people = await scene(t);
    const { worker, customer } = await workerAndCustomer(people);
    const session = await worker.sessionId();
    for (let at = 0; at < 120; at++) await worker.posts(session, `line ${at}`);
    for (const who of [customer, worker]) {
      const { page } = who;
      let letGo = () => {};
      const late = new Promise((resolve) => (letGo = resolve));
      let asked = 0;
      await page.route("**/messages?*", async (route) => {
        asked++;
        await late;
        await route.continue();
      });
      await page.reload();
      if (who === worker) await worker.session(customer.openid).click();
      await who.seesMessage("line 119");
      if (!anchors) await log(page).evaluate((box) => (box.style.overflowAnchor = "none"));
      await scrolls(page, -100_000);
      await eventually("history is asked for", () => assert.ok(asked > 0));
      await scrolls(page, 587);
      const [text, before] = await firstInSight(page);
      letGo();
      await eventually("history is here", async () => assert.ok((await who.messages()).length > 60));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const moved = (await topOf(page, text)) - before;
      assert.ok(Math.abs(moved) <= STILL_PX, `${text} has moved by ${moved} px`);
    }
  });
}

test("the end is left by scrolling only, and comes again with one's own words", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const session = await worker.sessionId();
  for (let at = 0; at < 40; at++) await worker.posts(session, `line ${at}`);
  const { page } = customer;
  await customer.seesMessage("line 39");
  await atEnd(page, "with the last word");
  await page.setViewportSize({ width: 390, height: 400 });
  await atEnd(page, "on a small screen");
  for (let at = 0; at < 3; at++) await worker.postsPicture(session, png(300, 900));
  await customer.seesPictures(3);
  await atEnd(page, "with pictures");
  await page.setViewportSize({ width: 1280, height: 800 });
  await atEnd(page, "on a large screen");
  await scrolls(page, -1200);
  const [text, before] = await firstInSight(page);
  await worker.posts(session, "one more");
  await customer.sees("New messages");
  assert.ok(Math.abs((await topOf(page, text)) - before) <= STILL_PX);
  await customer.says("mine");
  await atEnd(page, "with one's own word");
});

const log = (page) => page.getByRole("log");
const topOf = async (page, text) => (await log(page).getByText(text, { exact: true }).boundingBox()).y;

async function scrolls(page, by) {
  await log(page).evaluate((box, by) => box.scrollBy(0, by), by);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

async function scrollsTo(page, text) {
  await log(page).getByText(text, { exact: true }).evaluate((node) => node.scrollIntoView({ block: "start" }));
  await scrolls(page, 0);
}

/** The text of the first message that is wholly in sight, and where it is. */
const firstInSight = (page) =>
  log(page).evaluate((box) => {
    const edge = box.getBoundingClientRect().top;
    const first = [...box.querySelectorAll("p[dir]")].find((node) => node.getBoundingClientRect().top >= edge);
    return [first.textContent.trim(), first.getBoundingClientRect().y];
  });

const atEnd = (page, when) =>
  eventually(`the end is in sight ${when}`, async () => {
    const left = await log(page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    assert.ok(left <= STILL_PX, `${left} px are left`);
  });
