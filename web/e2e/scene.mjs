import assert from "node:assert/strict";
import { openBrowser, person } from "./browser.mjs";
import { Customer, Worker } from "./people.mjs";
import { Server } from "./server.mjs";

/** A server and a browser for one test, both gone when it ends, and people who come to them. */
export async function scene(t) {
  const server = new Server();
  const faults = [];
  let browser = null;
  t.after(async () => {
    await browser?.close();
    await server.stop();
    assert.deepEqual(faults, [], "no page complained");
  });
  await server.start();
  browser = await openBrowser();
  return {
    server,
    worker: async (name) => new Worker(await person(browser, faults), server, name),
    customer: async () => new Customer(await person(browser, faults), server),
  };
}
