// What tests of the queue share.
import assert from "node:assert/strict";

/** This many openids, in order, whose customers have names that differ. */
export const openids = (letter, count) =>
  Array.from({ length: count }, (_, at) => `o${"0".repeat(23)}${letter}${String(at).padStart(3, "0")}`);
export const tail = (openid) => `Customer ${openid.slice(-4)}`;
export const sectionOf = (page, name) => page.locator(`section[aria-labelledby=${name}]`);

/** A call of the workbench by a worker, without the page. */
export async function posts(worker, path, data) {
  const headers = { Origin: worker.server.base };
  const answer = await worker.page.request.post(`${worker.server.base}/desk/api/${path}`, { headers, data });
  assert.equal(answer.status(), 200, await answer.text());
}

/** The number of a customer's session, which is the worker's own or waits. */
export const sessionOf = (worker, openid) =>
  worker.page.evaluate(async (openid) => {
    const { accounts } = await (await fetch("/desk/api/snapshot")).json();
    return [...accounts[0].sessions, ...accounts[0].waiting].find((one) => one.openid === openid).id;
  }, openid);
