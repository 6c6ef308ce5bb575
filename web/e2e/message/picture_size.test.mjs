// The size of a picture in the log.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { png } from "../support/png.mjs";
import { scene, workerAndCustomer } from "../support/scene.mjs";

test("a picture has its own room before it is there, whatever its size", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const session = await worker.sessionId();
  const sizes = [
    [1, 1],
    [40, 30],
    [300, 200],
    [200, 300],
    [2000, 20],
    [20, 2000],
    [1600, 1200],
  ];
  for (const [width, height] of sizes) await worker.postsPicture(session, png(width, height));
  await eventually("all have come", async () => assert.equal(await customer.pictures().count(), sizes.length));
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 320, height: 640 },
  ]) {
    await customer.page.setViewportSize(viewport);
    let letGo = () => {};
    const late = new Promise((resolve) => (letGo = resolve));
    await customer.page.route("**/file?*", async (route) => {
      await late;
      await route.continue();
    });
    await customer.page.reload();
    await eventually("their rooms are there", async () =>
      assert.equal(await customer.pictures().count(), sizes.length),
    );
    const before = await rooms(customer);
    letGo();
    await customer.seesPictures(sizes.length);
    assert.deepEqual(await rooms(customer), before);
    assert.ok(new Set(before.map(String)).size >= 5, `sizes differ: ${before}`);
    for (const [width, height] of before) {
      assert.ok(width >= 48 && height >= 48 && height <= 288, `${width} × ${height}`);
    }
    const wide = before[2];
    assert.ok(Math.abs(wide[0] / wide[1] - 1.5) < 0.02, `300 × 200 is drawn in ${wide}`);
    await customer.page.unrouteAll({ behavior: "wait" });
  }
  await checkAppearance(customer.page, "pictures of all sizes");
});

const rooms = (who) =>
  who
    .pictures()
    .evaluateAll((images) =>
      images
        .map((image) => image.getBoundingClientRect())
        .map(({ width, height }) => [Math.round(width), Math.round(height)]),
    );
