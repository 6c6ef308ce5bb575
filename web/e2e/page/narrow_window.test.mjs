// Everything on a page can still be reached when the window becomes narrow, and covers nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance, switchLanguage } from "../support/browser.mjs";
import { scene, workerAndCustomer } from "../support/scene.mjs";

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

test("a window that becomes narrow takes nothing away", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const { page } = worker;

  await t.test("an open dialog stays in sight, and closes", async () => {
    for (const [opens, closes] of [
      ["Show logged-in devices", "Done"],
      ["Log out", "Cancel"],
    ]) {
      await page.setViewportSize(DESKTOP);
      await page.getByRole("button", { name: opens }).first().click();
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      await page.setViewportSize(PHONE);
      await dialog.getByRole("button", { name: closes, exact: true }).click();
      await dialog.waitFor({ state: "hidden" });
      await page.getByRole("button", { name: "Back to the list" }).waitFor();
      assert.equal(await page.locator(".sidebar").isVisible(), false, "the conversation has the place again");
      await worker.box().fill("in reach");
    }
    await worker.box().fill("");
  });

  await t.test("the box has the room that buttons leave", async () => {
    await worker.says("I am here");
    await customer.seesMessage("I am here");
    for (const language of ["zh-CN", "en"]) {
      for (const one of [page, customer.page]) {
        await switchLanguage(one, language);
        await one.setViewportSize(PHONE);
        const { width } = await one.getByRole("textbox").boundingBox();
        await one.setViewportSize(DESKTOP);
        assert.ok(width > 0.45 * PHONE.width, `${language}: ${width} px to write in`);
      }
    }
    await switchLanguage(page, "en");
    await switchLanguage(customer.page, "en");
  });

  await t.test("an error is shown beside the messages, in the language of the page", async () => {
    await page.setViewportSize(DESKTOP);
    await page.route("**/desk/api/presence", (route) => route.abort());
    await page.getByRole("switch", { name: "Available" }).click();
    await page.getByText("The server cannot be reached. Check your network and try again").waitFor();
    await switchLanguage(page, "zh-CN");
    const alert = page.getByRole("alert").filter({ hasText: "无法连接服务器，请检查网络后重试" });
    await alert.waitFor();
    for (const size of [DESKTOP, PHONE]) {
      await page.setViewportSize(size);
      const [notice, log] = [await alert.boundingBox(), await page.getByRole("log").boundingBox()];
      const apart = notice.y + notice.height <= log.y || notice.y >= log.y + log.height;
      assert.ok(apart, `${size.width} wide: no message is covered`);
    }
    await page.setViewportSize(DESKTOP);
    await checkAppearance(page, "a call that failed");
    await worker.press("Dismiss");
    await page.unroute("**/desk/api/presence");
  });

  await t.test("a customer's state takes one line, whatever it is", async () => {
    await worker.press("Close session");
    await page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
    await customer.sees("Conversation ended. Write us anytime");
    await customer.page.setViewportSize(PHONE);
    await oneLine(customer.page, "closed");
    await page.getByRole("switch", { name: "Available" }).click();
    await page.getByTestId("presence").getByText("Away").waitFor();
    await customer.says("Is anybody there?");
    await customer.sees("Message received. You’re next");
    await oneLine(customer.page, "waiting");
    await customer.page.goto(`${server.base}/chat/wx0000000000000000`);
    await customer.sees("This customer service page does not exist");
    assert.equal(await customer.page.getByTestId("state").count(), 0, "there is no state to keep a line for");
  });
});

/** The header's state does not push the messages down. */
async function oneLine(page, seen) {
  const { height } = await page.getByTestId("state").boundingBox();
  assert.ok(height < 30, `${seen}: ${await page.getByTestId("state").textContent()} takes ${height} px`);
}
