// With reduced motion, all colours of a page change at once when the colour scheme changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scene, workerAndCustomer } from "../support/scene.mjs";

test("no text keeps the colour of the scheme that was left", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const articles = [{ title: "Autumn sale", description: "All week", url: "https://example.com/sale" }];
  await server.send({ touser: customer.openid, msgtype: "news", news: { articles } });
  for (const who of [worker, customer]) await who.page.getByRole("link", { name: "Autumn sale" }).waitFor();
  const reader = await people.worker("kf_demo");
  await reader.at(`${server.base}/debug`);
  await reader.fill("Log in", "kf_demo", "demo");
  await reader.sees("Choose an endpoint");
  for (const { page } of [worker, customer, reader]) {
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { moving, ink, late } = await page.evaluate(colours);
      assert.deepEqual(late, [], `${page.url()}, ${colorScheme}: all text has the colour ${ink}`);
      assert.equal(moving, 0, `${page.url()}, ${colorScheme}: nothing moves`);
    }
  }
});

/** What inherits the colour of the page has it. */
function colours() {
  const ink = getComputedStyle(document.body).color;
  const inherits = "a.card, a.card strong, .name, h1, nav a, nav a strong";
  const late = [...document.querySelectorAll(inherits)].filter((node) => getComputedStyle(node).color !== ink);
  const moving = document.getAnimations().filter((one) => one instanceof CSSTransition).length;
  return { moving, ink, late: late.map((node) => node.outerHTML.slice(0, 120)) };
}
