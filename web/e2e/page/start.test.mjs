// The start page: links to everything, in both languages at once and without a script.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkBothSizes } from "../support/browser.mjs";
import { scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

test("the start page leads to everything that is here", async (t) => {
  const { server, worker } = await scene(t);
  const { page } = await worker("kf_demo");
  await page.goto(server.base);
  for (const scheme of ["light", "dark"]) await checkBothSizes(page, "the start page", scheme);
  assert.equal(await page.locator("script").count(), 0);
  const links = await page.getByRole("link").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  assert.deepEqual(links, ["/desk/", `/chat/${APPID}`, "/debug", "/openapi.json"]);
  for (const link of links) assert.equal((await fetch(server.base + link)).status, 200, link);
  await page.getByRole("link", { name: "Workbench" }).click();
  await page.waitForURL(`${server.base}/desk/`);
});
