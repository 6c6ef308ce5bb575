// The customer page in a browser that stores no cookies: it says why nothing is sent, and loses nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance, switchLanguage } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { scene } from "../support/scene.mjs";

const WHY = {
  en:
    "Not sent: Your browser keeps no cookies, so our answer cannot reach you. " +
    "Allow cookies for this site and send again",
  "zh-CN": "未发送：您的浏览器没有保存 Cookie，我们的回复无法送达。请允许本站使用 Cookie，再重新发送",
};

test("a browser without cookies gets an explanation, makes no customer, and keeps what was written", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const customer = await people.customerWithoutCookies();
  const { page } = customer;
  const calls = callsOf(page);
  await customer.at();
  await customer.sees("How can we help you?");
  calls.length = 0;
  await customer.writes("Where is my parcel?");
  await saysWhy(customer);
  assert.deepEqual(calls, ["POST message", "GET snapshot", "POST message"], "it is tried once more, and no more");
  await customer.seesMessage("Where is my parcel?");
  await checkAppearance(page, "a message of a browser without cookies");
  await customer.writes("Hello?");
  await eventually("each is marked", async () => assert.equal(await page.getByText(WHY.en).count(), 2));
  await page.getByRole("button", { name: "Send again" }).first().click();
  await eventually("it is still marked", async () => assert.equal(await page.getByText(WHY.en).count(), 2));
  assert.deepEqual(await customer.messages(), ["Where is my parcel?", "Hello?"]);
  assert.deepEqual(await customersOf(server), [], "there is no new customer");
});

test("who loses the cookie in the middle becomes no second customer", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const customer = await people.customer();
  const { page } = customer;
  await customer.at();
  await customer.says("Where is my parcel?");
  const before = await customersOf(server);
  assert.equal(before.length, 1);
  await page.context().clearCookies();
  await page.route("**/chat/api/**", withoutCookies);
  await customer.writes("Hello?");
  await saysWhy(customer);
  await customer.seesMessage("Hello?");
  await page.reload();
  await customer.seesMessage("Hello?");
  await saysWhy(customer);
  assert.deepEqual(await customersOf(server), before, "there is no other customer");
  await page.unroute("**/chat/api/**");
  await page.getByRole("button", { name: "Send again" }).click();
  await eventually("it is sent where cookies are kept again", async () => {
    assert.equal(await page.getByText(WHY.en).count(), 0);
    assert.equal((await customersOf(server)).length, 2);
  });
});

async function saysWhy({ page }) {
  for (const [language, why] of Object.entries(WHY)) {
    await switchLanguage(page, language);
    await page.getByText(why, { exact: true }).first().waitFor();
  }
  await switchLanguage(page, "en");
}

/** What a page asks of the server from now on, but for streams. */
function callsOf(page) {
  const calls = [];
  page.on("request", (request) => {
    const [, verb] = /\/chat\/api\/[^/]+\/(snapshot|message)$/.exec(new URL(request.url()).pathname) ?? [];
    if (verb) calls.push(`${request.method()} ${verb}`);
  });
  return calls;
}

/** As a browser calls that neither shows nor takes a cookie. */
async function withoutCookies(route) {
  const request = route.request();
  const { cookie: _, ...headers } = await request.allHeaders();
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
  const body = request.postDataBuffer() ?? undefined;
  const answer = await fetch(request.url(), { method: request.method(), headers: sent, body });
  const { "set-cookie": __, ...kept } = Object.fromEntries(answer.headers);
  await route.fulfill({ status: answer.status, headers: kept, body: Buffer.from(await answer.arrayBuffer()) });
}

async function customersOf(server) {
  const { waitcaselist } = await server.waiting();
  return waitcaselist.map((one) => one.openid);
}
