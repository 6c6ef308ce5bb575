// What a customer sees when the account's developer's server does not answer.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const NOTICE = "This account’s service is out of order. Please try again later";

/** A developer's server that answers the verification and nothing else. */
async function failingServer(t) {
  const server = createServer((request, response) => {
    const echo = new URL(request.url, "http://localhost").searchParams.get("echostr");
    response.writeHead(echo ? 200 : 500).end(echo ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

test("a customer is told at once, and after a reload, that a message was not answered", async (t) => {
  const people = await scene(t);
  const url = await failingServer(t);
  await people.server.order("account", "callback", "--appid", APPID, "--url", url);
  const customer = await people.customer();
  await customer.at();
  await customer.says("hello");
  await customer.seesMessage(NOTICE);
  await customer.page.reload();
  await customer.seesMessage(NOTICE);
  assert.deepEqual(await customer.messages(), ["hello"], "the notice is no message of an author");
  await customer.page.getByRole("button", { name: "中文" }).click();
  await customer.seesMessage("该公众号提供的服务出现故障，请稍后再试");
});
