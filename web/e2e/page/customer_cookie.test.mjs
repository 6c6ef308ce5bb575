// How the customer page recognises a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.mjs";
import { Customer } from "../support/people.mjs";
import { scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

test("two tabs of one browser that write first at the same moment are one customer", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const first = await people.customer();
  const second = new Customer(await first.page.context().newPage(), server);
  await first.at();
  await second.at();
  await Promise.all([first.sees("How can we help you?"), second.sees("How can we help you?")]);
  await Promise.all([first.says("one"), second.says("two")]);
  await eventually("each shows what both wrote", async () => {
    for (const tab of [first, second]) assert.deepEqual((await tab.messages()).sort(), ["one", "two"]);
  });
  const { count } = await server.waiting();
  assert.equal(count, 1, "one customer waits");
  await second.says("three");
  await first.seesMessage("three");
});

test("who planted a cookie sees nothing of what is written with it", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const [victim, planter] = [await people.customer(), await people.customer()];
  await planter.at();
  await planter.sees("How can we help you?");
  const planted = await planter.page.context().cookies(`${server.base}/chat/api/${APPID}/`);
  assert.equal(planted.length, 1);
  await victim.page.context().addCookies(planted);
  await victim.at();
  await victim.says("My address is …");
  await planter.page.reload();
  await planter.sees("How can we help you?");
  assert.deepEqual(await planter.messages(), []);
  await victim.page.reload();
  await victim.seesMessage("My address is …");
});
