// The workbench says who gets what the open customer writes: the desk, or the developer's server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance, switchLanguage } from "../support/browser.mjs";
import { receiver, transfer } from "../support/receiver.mjs";
import { AGENT, scene, workerAndCustomer } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

test("an agent sees whether the developer's server gets what the customer writes", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const developer = await receiver(t, (body) => ({ text: transfer(body) }));
  const { worker, customer: alone } = await workerAndCustomer(people);
  const { page } = worker;
  const recipient = page.getByTestId("recipient");
  assert.equal(await recipient.count(), 0, "the account has no developer's server");

  await server.order("account", "callback", "--appid", APPID, "--url", developer.url);
  const customer = await people.customer();
  await customer.at();
  await customer.writesFirstMessage("人工", [alone]);
  await worker.session(customer.openid).click();
  await worker.sees("Only the desk gets this customer’s messages");
  await checkAppearance(page, "an open session beside a developer's server");

  await page.setViewportSize(PHONE);
  for (const [language, words] of [
    ["zh-CN", "客户的消息仅发给客服，不发给开发者服务器"],
    ["en", "Only the desk gets this customer’s messages"],
  ]) {
    await switchLanguage(page, language);
    await worker.sees(words);
    const { height } = await recipient.boundingBox();
    assert.ok(height < 42, `${language}: ${height} px`);
  }
  await page.setViewportSize(DESKTOP);

  await worker.press("Close session");
  await worker.sees("The customer can write again at any time. The developer’s server gets that first.");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await server.close(AGENT, customer.openid);
  await worker.sees("Messages go to the developer’s server, not here");
  await page.getByText("The developer’s server may hand the customer over again.").waitFor();
  await checkAppearance(page, "a closed session beside a developer's server");
});
