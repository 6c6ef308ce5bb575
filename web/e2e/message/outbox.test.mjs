// What is typed or sent is never lost, at both pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { Customer, Worker } from "../support/people.mjs";
import { PASSWORD, PICTURE, scene, workerAndCustomer } from "../support/scene.mjs";

test("what was sent without a line goes by itself when the line is back, in order and once", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  await server.kill();
  for (const who of [worker, customer]) {
    await who.writes("first");
    await who.page.getByText("Not sent yet, trying again").first().waitFor();
    await who.writes("second");
    await who.choosesPicture(PICTURE);
    await who.confirmsPicture();
  }
  await worker.marked().waitFor();
  await checkAppearance(worker.page, "messages that could not be sent");
  await server.start();
  await Promise.all([worker.seesPictures(2), customer.seesPictures(2)]);
  const said = await server.said(customer.openid);
  for (const from of ["customer", "agent"]) {
    assert.deepEqual(
      said
        .filter((one) => one.from === from)
        .map((one) => one.text)
        .slice(-3),
      ["first", "second", "[image]"],
    );
  }
  await eventually("nothing is marked any more", async () => assert.equal(await worker.marked().count(), 0));
});

test("what could not be sent is there after a reload, and is sent then", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  for (const [who, sees, path] of [
    [worker, customer, "**/desk/api/{message,image}*"],
    [customer, worker, "**/chat/api/*/{message,image}*"],
  ]) {
    await who.page.route(path, (route) => route.abort());
    await who.writes(`from ${who.boxName}`);
    await who.choosesPicture(PICTURE);
    await who.confirmsPicture();
    await who.page.getByText("Not sent yet, trying again").first().waitFor();
    const pictures = await sees.pictures().count();
    await who.page.reload();
    await who.seesMessage(`from ${who.boxName}`);
    await who.page.getByText("Not sent yet, trying again").first().waitFor();
    await who.page.unroute(path);
    await sees.seesMessage(`from ${who.boxName}`);
    await sees.seesPictures(pictures + 1);
  }
});

test("what is typed is there after a reload, in another tab, and after the login has ended", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const isTyped = (who, text) =>
    eventually(`${text} is in the box`, async () => assert.equal(await who.box().inputValue(), text));
  for (const [who, Person] of [
    [worker, Worker],
    [customer, Customer],
  ]) {
    await who.box().fill("half a sent");
    await who.page.reload();
    await isTyped(who, "half a sent");
    const other = new Person(await who.page.context().newPage(), server, who.name);
    await other.page.goto(who.page.url());
    await isTyped(other, "half a sent");
    await other.box().fill("half a sentence");
    await other.page.close();
    await who.page.reload();
    await isTyped(who, "half a sentence");
  }
  const { password } = await server.order("worker", "reset", "--name", worker.name);
  await worker.sees("Log in to the workbench");
  assert.ok(!(await worker.page.content()).includes("half a sentence"), "it is not in the page before the log-in");
  await worker.fill("Log in", worker.name, password);
  await isTyped(worker, "half a sentence");
  await worker.box().press("Enter");
  await customer.seesMessage("half a sentence");
  await isTyped(worker, "");
});

test("no one sees what another worker left in the same browser, and it comes back with its worker", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  await worker.page.route("**/desk/api/message", (route) => route.abort());
  await worker.writes("between us");
  await worker.page.getByText("Not sent yet, trying again").first().waitFor();
  await worker.box().fill("a draft between us");
  await worker.logsOut();
  const { link } = await server.order("worker", "invite");
  await worker.at(link);
  await worker.fill("Create login", "bob", PASSWORD);
  await worker.sees("Waiting for an invitation");
  assert.ok(!(await worker.page.content()).includes("between us"));
  await worker.logsOut();
  await worker.fill("Log in", worker.name, PASSWORD);
  await worker.session(customer.openid).click();
  await worker.seesMessage("between us");
  assert.equal(await worker.box().inputValue(), "a draft between us");
  await worker.page.unroute("**/desk/api/message");
  await customer.seesMessage("between us");
});

test("what one tab has given up is sent from another", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const other = new Worker(await worker.page.context().newPage(), server, worker.name);
  await other.page.goto(worker.page.url());
  await other.seesMessage("Hello");
  const refused = { status: 409, json: { errcode: 990005, errmsg: "changed meanwhile" } };
  await worker.page.route("**/desk/api/{message,image}*", (route) => route.fulfill(refused));
  await worker.writes("given up");
  await worker.choosesPicture(PICTURE);
  await worker.confirmsPicture();
  const again = (who) => who.page.getByRole("button", { name: "Send again" });
  for (const tab of [worker, other]) {
    await eventually("both are asked about", async () => assert.equal(await again(tab).count(), 2));
  }
  await again(other).first().click();
  await customer.seesMessage("given up");
  await again(other).first().click();
  await customer.seesPictures(1);
  for (const tab of [worker, other]) {
    await eventually("nothing is asked about", async () => assert.equal(await again(tab).count(), 0));
  }
});

test("what was written in a session that is gone is shown until it is given up", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  await worker.page.route("**/desk/api/message", (route) => route.abort());
  await worker.writes("too late");
  await worker.page.getByText("Not sent yet, trying again").first().waitFor();
  await worker.box().fill("not finished");
  await worker.press("Close session");
  await worker.page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  const list = worker.page.locator("section[aria-labelledby=unsent]");
  await list.getByText("too late").waitFor();
  await list.getByText("not finished").waitFor();
  await checkAppearance(worker.page, "messages of a session that is gone");
  await worker.page.reload();
  for (const left of [1, 0]) {
    await list
      .getByRole("button", { name: /^Delete/ })
      .first()
      .click();
    await eventually(`${left} are left`, async () => assert.equal(await list.getByRole("listitem").count(), left));
  }
  assert.ok(!(await customer.messages()).includes("too late"));
});
