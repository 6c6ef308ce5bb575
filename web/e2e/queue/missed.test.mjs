// The list of customers who were missed follows what happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { receiver } from "../support/receiver.mjs";
import { sectionOf } from "../support/queue.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const SILENCE_MS = 60_000;

test("a supervisor sees at once who is missed, and who has written again", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const developer = await receiver(t, () => ({}));
  const { page } = await onlineWorker(people);
  await server.setAdmin(AGENT);
  await server.order("account", "set", "--appid", APPID, "--idle-minutes", "1");
  const customer = await people.customer();
  await customer.at();
  await customer.says("Does nobody answer?");
  await server.order("account", "callback", "--appid", APPID, "--url", developer.url);
  let asked = 0;
  page.on("request", (call) => (asked += call.url().includes("/desk/api/missed?") ? 1 : 0));
  const list = sectionOf(page, "missed");
  await list.getByText("The agent gave no answer").waitFor({ timeout: 2 * SILENCE_MS });
  assert.ok(asked <= 2, `the page asks when the list has changed, not again and again: ${asked}`);
  await server.order("account", "callback", "--appid", APPID, "--remove");
  await customer.writes("Hello?");
  await list.waitFor({ state: "detached" });
});
