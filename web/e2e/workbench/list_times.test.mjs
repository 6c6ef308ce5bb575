// Times in the lists of the workbench.
import assert from "node:assert/strict";
import { test } from "node:test";
import { switchLanguage } from "../support/browser.mjs";
import { onlineWorker, scene } from "../support/scene.mjs";

test("times in lists say how long ago the last word was, and go on by themselves", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  const openid = `o${"0".repeat(27)}`;
  await server.say([openid], "Hello");
  const time = worker.session(openid).locator("time");
  await time.getByText("just now", { exact: true }).waitFor();
  assert.match(await time.getAttribute("title"), /20\d\d at \d\d:\d\d$/);
  const start = Date.now();
  for (const [ms, english, chinese] of [
    [3 * 60_000, "3 min ago", "3 分钟前"],
    [5 * 3_600_000, "5 h ago", "5 小时前"],
  ]) {
    await page.clock.setFixedTime(start + ms + 20_000);
    await time.getByText(english, { exact: true }).waitFor();
    await switchLanguage(page, "zh-CN");
    await page.getByText(chinese, { exact: true }).waitFor();
    await switchLanguage(page, "en");
  }
});
