// The pushes of an account at the debugging page: what was pushed, replayed, paused and simulated.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { receiver, reply } from "../support/receiver.mjs";
import { scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const OPENID = "o".padEnd(28, "1");

test("an administrator sees what was pushed, replays it, and simulates pushes", async (t) => {
  const { server, worker } = await scene(t);
  const developer = await receiver(t, () => ({ status: 500, text: "out of order" }));
  const ann = await worker("kf_demo");
  const { page } = ann;
  const pushes = page.getByTestId("pushes");
  const rows = pushes.locator("li > button");
  const simulator = page.getByTestId("simulator");

  await t.test("without a developer's server the page says how to get one", async () => {
    await ann.at(`${server.base}/debug#pushes`);
    await ann.fill("Log in", "kf_demo", "demo");
    await page.getByText("The account has no developer’s server yet").waitFor();
    assert.equal(page.url(), `${server.base}/debug#pushes`);
    await page.getByText("No matching pushes").waitFor();
    await checkAppearance(page, "no pushes");
  });

  await t.test("a push that failed appears by itself, with each try", async () => {
    await server.order("account", "callback", "--appid", APPID, "--url", developer.url);
    await server.say([OPENID], "hello <b>");
    await rows.first().waitFor();
    assert.match(await rows.first().textContent(), /Failed.*text/s);
    // By keyboard.
    await rows.first().focus();
    await page.keyboard.press("Enter");
    const push = page.getByTestId("push");
    await push.getByText("Try 3").waitFor();
    assert.equal(await rows.first().getAttribute("aria-expanded"), "true");
    assert.equal(await push.getByText("out of order", { exact: true }).count(), 3);
    await push.getByText("hello <b>").waitFor();
    await push.getByRole("button", { name: "Signed and encrypted" }).click();
    await push.getByText("signature=").waitFor();
    await checkAppearance(page, "a push that failed");
  });

  await t.test("a replay shows the answer", async () => {
    developer.answers((body) => ({ text: reply(body, "收到") }));
    await page.getByRole("button", { name: "Replay", exact: true }).click();
    await page.getByText("The answer is only shown here").waitFor();
    const replayed = page.getByRole("region", { name: "Replay 1", exact: true });
    await replayed.getByText("收到").first().waitFor();
    await page.getByLabel("Pass the answer on to the customer").first().check();
    await page.getByRole("button", { name: "Replay", exact: true }).click();
    await page.getByText("The answer went to the customer").waitFor();
    assert.equal(developer.pushes.length, 5);
    await checkAppearance(page, "a replayed push");
  });

  await t.test("new pushes wait while one is open, and what is wrong with an answer is explained", async () => {
    developer.answers(() => ({ text: "\ufeffsuccess" }));
    await server.say([OPENID], "again");
    await page.getByRole("button", { name: "Show 1 new push" }).click();
    assert.equal(await rows.count(), 2);
    await rows.first().click();
    await page.getByText("A byte order mark (BOM) is before the answer").waitFor();
    await checkAppearance(page, "a warning");
    await rows.first().click();
    assert.equal(await page.getByTestId("push").count(), 0);
  });

  await t.test("the list can be filtered", async () => {
    await pushes.getByLabel("Outcome").selectOption("Failed");
    await eventually("one has failed", async () => assert.equal(await rows.count(), 1));
    await pushes.getByLabel("MsgType or event").fill("image");
    await page.keyboard.press("Enter");
    await page.getByText("No matching pushes").waitFor();
    await pushes.getByLabel("MsgType or event").fill("");
    await pushes.getByLabel("Outcome").selectOption("All");
    await eventually("all are listed", async () => assert.equal(await rows.count(), 2));
  });

  await t.test("what failed is replayed at once, and pushes are paused and resumed", async () => {
    await ann.press("Replay what failed in the last hour");
    await page.getByText("1 replayed, 1 of them taken").waitFor();
    await ann.press("Pause pushes");
    await page.getByText("Pushes are paused: what happens now").waitFor();
    await checkAppearance(page, "paused pushes");
    await server.say([OPENID], "later");
    await ann.press("Resume pushes");
    await eventually("it is pushed", async () => assert.equal(await rows.count(), 3));
  });

  await t.test("any event is simulated", async () => {
    await simulator.getByLabel("MsgType or event").selectOption("kf_switch_session");
    await simulator.getByLabel("ToKfAccount", { exact: true }).fill("kf9@demo");
    await simulator.getByRole("button", { name: "Push", exact: true }).click();
    await simulator.getByText("The answer is only shown here").waitFor();
    assert.match(developer.pushes.at(-1), /<ToKfAccount><!\[CDATA\[kf9@demo\]\]>/);
    await checkAppearance(page, "a simulated push");
    await simulator.getByLabel("Customer’s openid").fill("me");
    await simulator.getByRole("button", { name: "Push", exact: true }).click();
    await simulator.getByRole("alert").waitFor();
  });

  await t.test("alarms tell of a server that failed much", async () => {
    developer.answers(() => ({ status: 500, text: "out of order" }));
    const many = Array.from({ length: 10 }, (_, number) => "o".padEnd(28, String(number)));
    await server.say(many, "hello");
    const alarms = page.getByTestId("alarms");
    await alarms.getByText("Response failed").waitFor();
    await alarms.getByText("MarkFail (left alone)").waitFor();
    await alarms.getByText("is left alone until").waitFor();
    await checkAppearance(page, "alarms");
  });

  await t.test("on a phone the way back leads to the list", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("link", { name: "Back to the endpoints" }).click();
    await page.locator("#to-pushes:focus").waitFor();
    await page.setViewportSize({ width: 1280, height: 800 });
  });
});
