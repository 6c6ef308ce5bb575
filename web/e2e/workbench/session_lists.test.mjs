// The lists of sessions at any length: own sessions are visible, all others one step away, and nothing wraps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance, switchLanguage } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";

const COLLEAGUE = "kf3@demo";
/** A name of the greatest length, in a script that runs from right to left. */
const NICKNAME = "שירות לקוחות 👩‍💻";
const [WAITING, OWN, OTHERS] = [60, 12, 250];
const SIZES = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];
const LONG = "An endless sentence without a full stop 👨‍👩‍👧‍👦 ".repeat(12);

const openids = (letter, count) =>
  Array.from({ length: count }, (_, at) => `o${letter}${String(at).padStart(26, "0")}`);

test("60 waiting, 12 own and 250 sessions of colleagues are all in reach", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  await server.setAdmin(AGENT);
  const colleague = await onlineWorker(people, "bob", COLLEAGUE, NICKNAME);
  const own = openids("m", OWN);
  await server.createAll(AGENT, own);
  await server.createAll(COLLEAGUE, openids("c", OTHERS));
  await server.say(own.slice(0, 4), LONG);
  for (const who of [worker, colleague]) await who.page.getByRole("switch", { name: "Available" }).click();
  await worker.page.getByTestId("presence").getByText("Away").waitFor();
  await colleague.page.getByTestId("presence").getByText("Away").waitFor();
  await server.arrive(WAITING, LONG);
  await page.reload();
  const [ownList, waiting, colleagues] = ["own-sessions", "waiting", "colleague-sessions"].map((name) =>
    page.locator(`section[aria-labelledby=${name}]`),
  );
  await eventually("all are counted", async () => {
    assert.deepEqual(await counts(page), [String(WAITING), String(OWN), String(OTHERS)]);
  });

  await t.test("each list has its share at every size, in both languages", async () => {
    for (const language of ["zh-CN", "en"]) {
      await switchLanguage(page, language);
      for (const size of SIZES) {
        await page.setViewportSize(size);
        const seen = `${language}, ${size.width} wide`;
        await tabOf(page, "own").click();
        assert.ok((await inSight(ownList)) >= 4, `${seen}: own sessions are visible`);
        assert.ok((await inSight(waiting)) >= 2, `${seen}: waiting customers are visible`);
        await inOneLine(page, seen);
        await tabOf(page, "others").click();
        assert.ok((await inSight(colleagues)) >= 5, `${seen}: colleagues' sessions are visible`);
        await inOneLine(page, `${seen}, colleagues' sessions`);
      }
    }
    await checkAppearance(page, "many sessions of colleagues");
    await tabOf(page, "own").click();
    await checkAppearance(page, "many sessions");
  });

  await t.test("the last of each list is reached by the keyboard", async () => {
    for (const [tab, list] of [
      ["own", ownList],
      ["own", waiting],
      ["others", colleagues],
    ]) {
      await tabOf(page, tab).click();
      await list.locator("li button").first().focus();
      await page.keyboard.press("End");
      const last = list.locator("li").last();
      assert.ok(await last.evaluate((row) => row.contains(document.activeElement)));
    }
    const before = await colleagues.locator("li").count();
    await worker.press("Show more");
    await eventually("there are more", async () => assert.ok((await colleagues.locator("li").count()) > before));
    assert.equal(await colleagues.locator("li").count(), OTHERS);
  });

  await t.test("the tabs are walked with arrows, and the browser remembers the chosen one", async () => {
    await tabOf(page, "own").click();
    await tabOf(page, "own").press("ArrowRight");
    await chosen(page, "others");
    assert.ok(await tabOf(page, "others").evaluate((tab) => tab === document.activeElement));
    for (const [key, tab] of [["ArrowRight", "own"], ["ArrowLeft", "others"], ["Home", "own"], ["End", "others"]]) {
      await page.keyboard.press(key);
      await chosen(page, tab);
    }
    assert.equal(await page.locator("[role=tab][tabindex='0']").count(), 1, "one Tab stop");
    assert.ok(!(await ownList.isVisible()) && (await colleagues.isVisible()));
    await page.reload();
    await chosen(page, "others");
    await colleagues.locator("li").nth(30).scrollIntoViewIfNeeded();
    const top = await colleagues.evaluate((list) => list.scrollTop);
    assert.ok(top > 0);
    await tabOf(page, "own").click();
    await tabOf(page, "others").click();
    assert.equal(await colleagues.evaluate((list) => list.scrollTop), top, "what was being read stays put");
  });

  await t.test("a message in an own session is counted on the other tab, which leads to its list", async () => {
    await server.say([own[0]], "Are you there?");
    await tabOf(page, "own").getByText(/\d+ unread/).waitFor();
    await checkAppearance(page, "own sessions that call from the other tab");
    await tabOf(page, "own").click();
    await worker.session(own[0]).click();
    await tabOf(page, "others").click();
    await server.say([own[0]], "Hello?");
    await worker.seesMessage("Hello?");
    await chosen(page, "others");
    await page.reload();
    await worker.seesMessage("Hello?");
    await chosen(page, "own");
    await tabOf(page, "others").click();
    await colleagues.locator("li button").first().click();
    await page.getByText("You can only view this session").waitFor();
    await worker.sees("No messages yet");
    await tabOf(page, "own").click();
    await worker.session(own[1]).click();
    await chosen(page, "own");
    await tabOf(page, "others").click();
    await page.goBack();
    await page.getByText("You can only view this session").waitFor();
    await page.goForward();
    await chosen(page, "own");
  });
});

const tabOf = (page, list) => page.locator(`#tab-${list}`);
const chosen = (page, list) => page.locator(`#tab-${list}[aria-selected=true]`).waitFor();
const counts = (page) => page.locator("[role=tab] .count").allTextContents();

/** How many rows of a list are to be seen whole, without scrolling. */
const inSight = (list) =>
  list.evaluate((section) => {
    const { top, bottom } = section.getBoundingClientRect();
    const rows = [...section.querySelectorAll("li")].map((row) => row.getBoundingClientRect());
    return rows.filter((row) => row.top >= top - 1 && row.bottom <= Math.min(bottom, innerHeight) + 1).length;
  });

/** No name, time or count takes two lines; times and counts are whole, and nothing sticks out of its list. */
async function inOneLine(page, seen) {
  const bad = await page.evaluate(() => {
    const all = document.querySelectorAll(".lists :is(.name, time, .preview, .count, .label)");
    const shown = [...all].filter((node) => node.offsetParent);
    const wraps = (node) => node.offsetHeight > 1.7 * parseFloat(getComputedStyle(node).lineHeight);
    const { left, right } = document.querySelector(".lists").getBoundingClientRect();
    const sticksOut = (node) => {
      const box = node.getBoundingClientRect();
      return box.left < left - 1 || box.right > right + 1;
    };
    const isCut = (node) => node.matches("time, .count") && node.scrollWidth > node.clientWidth + 1;
    return shown.filter((node) => wraps(node) || sticksOut(node) || isCut(node)).map((node) => node.outerHTML);
  });
  assert.deepEqual(bad.slice(0, 3), [], seen);
}
