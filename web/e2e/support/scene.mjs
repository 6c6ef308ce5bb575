import assert from "node:assert/strict";
import { openBrowser, openWithoutCookies, person } from "./browser.mjs";
import { eventually } from "./eventually.mjs";
import { Customer, Worker } from "./people.mjs";
import { APPID, Server } from "./server.mjs";

/** A server and a browser for one test, which end with it, and people at their pages. */
export async function scene(t) {
  const server = new Server();
  const faults = [];
  let browser = null;
  const closing = [];
  t.after(async () => {
    for (const close of closing) await close();
    await browser?.close();
    await server.stop();
    assert.deepEqual(faults, [], "no page has reported an error");
  });
  await server.start();
  browser = await openBrowser();
  return {
    server,
    worker: async (name) => new Worker(await person(browser, faults), server, name),
    customer: async () => new Customer(await person(browser, faults), server),
    /** A customer whose browser stores no cookies. */
    customerWithoutCookies: async () => {
      const { page, close } = await openWithoutCookies(faults);
      closing.push(close);
      return new Customer(page, server);
    },
  };
}

/** A picture of one pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const PICTURE = { name: "picture.png", mimeType: "image/png", buffer: PNG };

export const AGENT = "kf2@demo";
export const PASSWORD = "a long password";

/** A worker who is online as an agent of the demo's account, with no session in view. */
export async function onlineWorker(people, name = "xiaomei", kf_account = AGENT, nickname = "小美") {
  const { server } = people;
  const worker = await people.worker(name);
  const { link } = await server.order("worker", "invite");
  await worker.at(link);
  await worker.fill("Create login", name, PASSWORD);
  await worker.sees("Waiting for an invitation");
  await server.addAgent(kf_account, nickname);
  await server.order("agent", "bind", "--appid", APPID, "--agent", kf_account, "--worker", name);
  await worker.sees("No customers are waiting");
  await eventually("the worker is online", async () =>
    assert.ok((await server.online()).some((one) => one.kf_account === kf_account && one.status === 1)),
  );
  return worker;
}

/** An online worker, and a customer who has written, whose session is in view. */
export async function workerAndCustomer(people) {
  const worker = await onlineWorker(people);
  const customer = await people.customer();
  await customer.at();
  await customer.writesFirstMessage("Hello", []);
  await worker.session(customer.openid).click();
  await worker.seesMessage("Hello");
  return { worker, customer };
}
