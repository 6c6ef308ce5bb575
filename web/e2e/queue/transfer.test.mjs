// Transfers to colleagues and to groups, with notes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { openids, sectionOf, tail } from "../support/queue.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const COLLEAGUE = "kf3@demo";
const LONG = "The customer wants a refund. ".repeat(16).trim();

const group = (server, verb, ...words) => server.order("group", verb, "--appid", APPID, ...words);

/** Two agents who are online, the second in a group of its own, and a group without agents. */
async function twoAgents(t) {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const colleague = await onlineWorker(people, "bob", COLLEAGUE, "Bob");
  await group(server, "add", "--name", "After-sale");
  await group(server, "join", "--group", "After-sale", "--agent", COLLEAGUE);
  await group(server, "add", "--name", "Pre-sale");
  return { people, server, worker, colleague, page: worker.page };
}

test("a transfer with a note: to a colleague by keys, to a group, and refused", async (t) => {
  const { server, worker, colleague, page } = await twoAgents(t);
  const [first] = openids("g", 1);
  const dialog = page.getByRole("dialog");
  const option = (name) => dialog.getByRole("radio", { name });
  const note = dialog.getByLabel("Note (optional)");
  const opensTransfer = () => page.getByRole("button", { name: `Transfer ${tail(first)}`, exact: true });
  await server.create(AGENT, first);
  await server.say([first], "Where is my parcel?");
  await worker.session(first).click();
  await worker.seesMessage("Where is my parcel?");

  await t.test("the list has colleagues and groups, and says what becomes of the customer", async () => {
    await opensTransfer().click();
    await option("Bob").waitFor({ state: "attached" });
    await checkAppearance(page, "a transfer, nothing chosen");
    await page.getByRole("button", { name: "Transfer", exact: true }).click();
    await dialog.getByText("Choose a colleague or a group").waitFor();
    await option("Pre-sale").check();
    await dialog.getByText("“Pre-sale” has no members: the customer waits until an agent joins it.").waitFor();
    await option("After-sale").check();
    await dialog.getByText("The customer waits in “After-sale” for a member who is free.").waitFor();
    await dialog.getByLabel("Filter colleagues and groups").fill("BO");
    assert.equal(await option("Pre-sale").count(), 0);
    assert.equal(await option("After-sale").count(), 1, "what is chosen stays in sight");
    await note.fill("x".repeat(501));
    await dialog.getByText("1 character too long, shorten the note").waitFor();
    await checkAppearance(page, "a transfer with a note that is too long");
    await page.getByRole("button", { name: "Transfer", exact: true }).click();
    assert.ok(await dialog.isVisible(), "a note that is too long is not sent");
    await note.fill(LONG);
    await page.keyboard.press("Escape");
    await eventually("the focus is back where it was", async () =>
      assert.ok(await opensTransfer().evaluate((node) => node === document.activeElement)),
    );
  });

  await t.test("keys alone are enough, and a note that was typed before is still there", async () => {
    await page.keyboard.press("Enter");
    await option("Bob").waitFor({ state: "attached" });
    await page.keyboard.type("bob");
    await page.keyboard.press("Enter");
    await dialog.getByText("Bob sees all earlier messages.").waitFor();
    assert.equal(await note.inputValue(), LONG);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("Wants a refund.");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("Order 17.");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await worker.sees("Choose a session");
    await colleague.session(first).click();
    await colleague.seesMessage("Where is my parcel?");
  });

  await t.test("a refused transfer keeps the note, and shows who is there now", async () => {
    const other = colleague.page.getByRole("dialog");
    const written = other.getByLabel("Note (optional)");
    const chosen = other.getByRole("radio", { name: "小美" });
    const submit = other.getByRole("button", { name: "Transfer", exact: true });
    await colleague.press(`Transfer ${tail(first)}`);
    await chosen.check();
    await written.fill(LONG);
    await page.getByRole("switch", { name: "Available" }).click();
    await page.getByTestId("presence").getByText("Away").waitFor();
    await submit.click();
    await other.getByText("This colleague is no longer online. Choose another").waitFor();
    await chosen.and(colleague.page.locator(":disabled")).waitFor({ state: "attached" });
    assert.equal(await written.inputValue(), LONG);
    await checkAppearance(colleague.page, "a transfer that was refused");
    await other.getByRole("radio", { name: "Pre-sale" }).check();
    await group(server, "delete", "--group", "Pre-sale");
    await other.getByRole("radio", { name: "Pre-sale" }).waitFor({ state: "detached" });
    await submit.click();
    await other.getByText("Choose a colleague or a group").waitFor();
    assert.equal(await written.inputValue(), LONG);
    await other.getByRole("radio", { name: "All agents" }).check();
    await submit.click();
    await other.waitFor({ state: "hidden" });
    await sectionOf(page, "waiting").getByRole("button", { name: `Take ${tail(first)}` }).waitFor();
  });

  await t.test("a session that is gone keeps the note", async () => {
    await worker.take(first);
    await opensTransfer().click();
    await option("Bob").check();
    await note.fill("Nearly done");
    await server.close(AGENT, first);
    await dialog.getByText("This session was moved or closed in the meantime. Your note is kept here.").waitFor();
    assert.equal(await note.inputValue(), "Nearly done");
    await checkAppearance(page, "a transfer of a session that is gone");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
  });
});

test("a note is an internal line in the conversation, live and after a reload, and never the customer's", async (t) => {
  const { people, server, worker, colleague, page } = await twoAgents(t);
  await server.setAdmin(COLLEAGUE);
  const presence = colleague.page.getByRole("switch", { name: "Available" });
  await presence.click();
  await colleague.page.getByTestId("presence").getByText("Away").waitFor();
  const customer = await people.customer();
  await customer.at();
  await customer.writesFirstMessage("Hello", []);
  const { openid } = customer;
  await worker.session(openid).click();
  await worker.says("Let me look.");
  await colleague.tab("Colleagues’ sessions").click();
  await colleague.others(openid).click();
  await colleague.seesMessage("Let me look.");
  const noteAt = (who) => who.page.getByRole("note", { name: "Internal note" });

  await t.test("a supervisor who looks at the session sees it at once", async () => {
    await worker.press(`Transfer ${tail(openid)}`);
    await page.getByRole("radio", { name: "After-sale" }).check();
    await page.getByLabel("Note (optional)").fill(`${LONG}\nOrder 17.`);
    await page.getByRole("dialog").getByRole("button", { name: "Transfer", exact: true }).click();
    await noteAt(colleague).getByText("from 小美 to “After-sale”").waitFor();
    assert.equal(await noteAt(colleague).locator(".text").textContent(), `${LONG}\nOrder 17.`);
    await presence.click();
  });

  await t.test("it stands between the messages, after a reload too, and the group is in the header", async () => {
    await colleague.session(openid).click();
    await colleague.says("Here I am.");
    await customer.seesMessage("Here I am.");
    await colleague.page.reload();
    await colleague.seesMessage("Here I am.");
    const lines = colleague.page.getByRole("log").locator("[data-testid=message], [data-testid=note]");
    assert.deepEqual(
      await lines.evaluateAll((all) => all.map((one) => one.dataset.testid)),
      ["message", "message", "note", "message"],
    );
    await colleague.page.getByRole("region", { name: tail(openid) }).getByText("After-sale", { exact: true }).waitFor();
    await checkAppearance(colleague.page, "a conversation with a note");
    assert.equal(await customer.page.getByText("refund").count(), 0);
  });

  await t.test("an agent who looks at a waiting customer sees the group and, once served, the note", async () => {
    await presence.click();
    await colleague.page.getByTestId("presence").getByText("Away").waitFor();
    await server.say([openid], "Still here?");
    await colleague.press(`More for ${tail(openid)}`);
    await colleague.page.getByRole("dialog").getByRole("button", { name: "Hand back to the queue" }).click();
    const row = sectionOf(page, "waiting").locator("li");
    await row.getByText("After-sale", { exact: true }).waitFor();
    await checkAppearance(page, "a customer who waits for a group");
    await worker.take(openid);
    await noteAt(worker).getByText("from you to “After-sale”").waitFor();
  });
});
