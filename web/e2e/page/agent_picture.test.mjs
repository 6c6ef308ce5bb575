// Agents' pictures at the customer page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { png } from "../support/png.mjs";
import { AGENT, scene, workerAndCustomer } from "../support/scene.mjs";

const PICTURE = "**/headimg/*";

test("a customer sees the agent's picture, and without one the first letter", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const { page } = customer;
  const places = [page.locator("header .avatar"), page.getByTestId("message").locator(".avatar")];
  await worker.says("Good morning");
  await customer.seesMessage("Good morning");
  for (const place of places) {
    await place.getByText("小", { exact: true }).waitFor();
    assert.equal(await place.locator("img").count(), 0);
  }
  await checkAppearance(page, "an agent without a picture");
  const before = await boxes(places);

  // A picture that takes its time moves nothing.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(PICTURE, async (route) => {
    await held;
    await route.continue();
  });
  await server.uploadPicture(AGENT, png(300, 200));
  await page.reload();
  for (const place of places) await place.locator("img").waitFor({ state: "attached" });
  assert.deepEqual(await boxes(places), before, "its place is kept");
  release();
  for (const place of places) {
    await eventually("it is drawn", async () =>
      assert.equal(await place.locator("img").evaluate((image) => image.naturalWidth), 300),
    );
  }
  assert.deepEqual(await boxes(places), before);
  await checkAppearance(page, "an agent with a picture");
  await worker.says("How are you?");
  await customer.seesMessage("How are you?");
  assert.equal(await places[1].count(), 1, "the picture is beside the first of several messages in a row");
  await customer.says("Fine");
  await worker.says("Good");
  await customer.seesMessage("Good");
  assert.equal(await page.getByTestId("message").locator(".avatar img").count(), 2, "also beside what has just come");
  await page.unroute(PICTURE);
});

test("a picture that cannot be loaded is as none", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  await server.uploadPicture(AGENT, png(30, 30));
  await customer.page.route(PICTURE, (route) => route.abort());
  await worker.says("Good morning");
  await customer.seesMessage("Good morning");
  await customer.page.reload();
  await customer.page.getByTestId("message").locator(".avatar").getByText("小", { exact: true }).waitFor();
  await customer.page.locator("header .avatar").getByText("小", { exact: true }).waitFor();
});

const boxes = (places) => Promise.all(places.map((place) => place.boundingBox()));
