// The settings of the developer's server on the debugging page, as an administrator uses them.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { scene } from "../support/scene.mjs";

/** A developer's server that answers the echostr if the token is right; its address. */
async function developer(t, token) {
  const server = createServer((request, response) => {
    const query = new URL(request.url, "http://localhost").searchParams;
    const parts = [token, query.get("timestamp"), query.get("nonce")].sort().join("");
    const isSigned = createHash("sha1").update(parts).digest("hex") === query.get("signature");
    response.writeHead(isSigned ? 200 : 403).end(isSigned ? query.get("echostr") : "wrong signature");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/wx`;
}

test("an administrator saves a developer's server, and steps back", async (t) => {
  const { server, worker } = await scene(t);
  const url = await developer(t, "AAAAA");
  const ann = await worker("kf_demo");
  const { page } = ann;
  await ann.at(`${server.base}/debug#callback`);
  await ann.fill("Log in", "kf_demo", "demo");
  await ann.sees("There is no server: customers’ messages go to the desk.");
  await checkAppearance(page, "no developer's server");

  await page.getByLabel("URL").fill(url);
  await page.getByLabel("Token").fill("BBBBB");
  await ann.press("Verify and save");
  await page.getByRole("alert").getByText("status 403").waitFor();
  assert.equal(await page.getByTestId("callback-staged").getByText(url).count(), 1);
  await checkAppearance(page, "a server that is not verified");

  await page.getByLabel("Token").fill("AAAAA");
  await ann.press("Verify and save");
  await ann.sees("Saved. Pushes go there from now on.");
  assert.match(await page.getByTestId("callback-now").textContent(), new RegExp(url));
  await checkAppearance(page, "a server that is saved");

  await ann.press("Remove the server");
  await ann.sees("Removed. Customers’ messages go to the desk.");
  await ann.press("Step back to the settings before");
  await ann.sees("The settings before are in use again.");
  await checkAppearance(page, "settings that were stepped back to");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("link", { name: "Back to the endpoints" }).click();
  await page.getByRole("link", { name: "Message push settings" }).click();
  await page.getByRole("heading", { name: "Message push settings" }).waitFor();
});
