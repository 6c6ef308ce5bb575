// The address names what is in view, Back and reload follow it, and the keyboard reaches it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.mjs";
import { customerName } from "../support/people.mjs";
import { AGENT, onlineWorker, scene, workerAndCustomer } from "../support/scene.mjs";

const PHONE = { width: 390, height: 844 };

test("a session is in the address: Back, Forward and a reload come to it", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const { page } = worker;
  const second = await people.customer();
  await second.at();
  await second.writesFirstMessage("Second", [customer]);
  await worker.session(second.openid).click();
  await worker.seesMessage("Second");
  await focused(page, worker.box(), "the reply");
  await page.goBack();
  await worker.seesMessage("Hello");
  await focused(page, worker.box(), "the reply");
  await page.goForward();
  await worker.seesMessage("Second");
  await page.reload();
  await worker.seesMessage("Second");
  await focused(page, worker.box(), "the reply");

  await page.setViewportSize(PHONE);
  await page.goBack();
  await worker.seesMessage("Hello");
  await page.goBack();
  await worker.session(customer.openid).waitFor();
  assert.equal(await page.getByRole("log").count(), 0, "the list is shown");
  await worker.session(customer.openid).click();
  await worker.seesMessage("Hello");
  await worker.press("Back to the list");
  await worker.session(customer.openid).waitFor();
  await page.goForward();
  await worker.seesMessage("Hello");

  await worker.press("Close session");
  await page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  await worker.session(second.openid).waitFor();
  await page.goForward().catch(() => null);
  await page.reload();
  await worker.session(second.openid).waitFor();
  assert.equal(await page.getByRole("log").count(), 0, "a session that is over is not come back to");
});

test("a long list is one Tab stop, and is walked with arrows", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  const openids = Array.from({ length: 12 }, (_, at) => `o${String(at).padStart(27, "0")}`);
  for (const openid of openids) await server.create(AGENT, openid);
  const rows = page.locator("section[aria-labelledby=own-sessions] li button");
  await eventually("all are listed", async () => assert.equal(await rows.count(), openids.length));
  assert.equal(await page.locator("section[aria-labelledby=own-sessions] button[tabindex='0']").count(), 1);
  await rows.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await focused(page, rows.nth(2), "the third row");
  await page.keyboard.press("ArrowUp");
  await focused(page, rows.nth(1), "the second row");
  await page.keyboard.press("End");
  await focused(page, rows.last(), "the last row");
  await page.keyboard.press("Tab");
  assert.ok(!(await rows.evaluateAll((all) => all.includes(document.activeElement))), "Tab leaves the list");
  await page.keyboard.press("Shift+Tab");
  await focused(page, rows.last(), "the last row again");
  await page.keyboard.press("Home");
  const name = await rows.first().locator(".name").textContent();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: `Session with ${name}` }).waitFor();
  await focused(page, worker.box(), "the reply");
  assert.ok(openids.map(customerName).includes(name));
});

test("who wrote is to be seen, in the log and in the list", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const row = worker.session(customer.openid);
  await worker.says("from me");
  await row.getByText("You: from me").waitFor();
  await server.send({
    touser: customer.openid,
    msgtype: "text",
    text: { content: "in my name" },
    customservice: { kf_account: AGENT },
  });
  await worker.page.getByRole("log").getByText("小美 (by a program)").waitFor();
  await row.getByText("Program: in my name").waitFor();
  await server.send({ touser: customer.openid, msgtype: "text", text: { content: "from the shop" } });
  await worker.page.getByRole("log").getByText("Kefu Demo (by a program)").waitFor();
  await customer.page.getByRole("log").getByText("小美").first().waitFor();
  await customer.page.getByRole("log").getByText("Kefu Demo").waitFor();
  const tints = await worker.page
    .getByTestId("message")
    .locator(".words")
    .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
  assert.equal(new Set(tints).size, 3, "the customer's, one's own and programs' differ");
});

test("addresses are links, and each message has the direction of its script", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  await worker.says("请看https://example.com/a?b=1，谢谢");
  const link = customer.page.getByRole("link", { name: "https://example.com/a?b=1", exact: true });
  assert.equal(await link.getAttribute("href"), "https://example.com/a?b=1");
  assert.match(await link.getAttribute("rel"), /noopener noreferrer/);
  await customer.says("שלום עולם");
  for (const who of [worker, customer]) {
    const message = who.page.getByRole("log").getByText("שלום עולם");
    assert.equal(await message.evaluate((node) => getComputedStyle(node).direction), "rtl");
    await who.box().fill("שלום");
    assert.equal(await who.box().evaluate((node) => getComputedStyle(node).direction), "rtl");
  }
});

const focused = (page, locator, what) =>
  eventually(`the focus is in ${what}`, async () =>
    assert.ok(await locator.evaluate((node) => node === document.activeElement)),
  );
