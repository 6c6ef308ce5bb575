import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { customerName } from "../support/people.mjs";
import { scene } from "../support/scene.mjs";

const PASSWORD = "a long password";
const ANN = { kf_account: "kf2@demo", nickname: "Ann" };
const BOB = { kf_account: "kf3@demo", nickname: "小白" };
const SUE = { kf_account: "kf4@demo", nickname: "Sue" };
const MANY = 30;

test("a supervisor reads along, moves, takes over and ends what others have open", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const [ann, bob, sue] = [await people.worker("ann"), await people.worker("bob"), await people.worker("sue")];
  await joins(server, ann, ANN);
  await joins(server, bob, BOB);
  await joins(server, sue, SUE);
  for (const worker of [bob, sue]) await available(worker, "Away");
  await becomesSupervisor(server, sue);

  const customer = await people.customer();
  await customer.at();
  await customer.writesFirstMessage("Where is my parcel?", []);
  await readsAlong(sue, ann, customer);
  await transfers(sue, ann, bob, customer);
  await handsBack(bob, ann, customer);
  await takesOver(sue, customer);
  await seesMany(server, sue);
});

async function joins(server, worker, { kf_account, nickname }) {
  const { link } = await server.order("worker", "invite");
  await worker.at(link);
  await worker.fill("Create login", worker.name, PASSWORD);
  await worker.sees("Waiting for an invitation");
  await server.addAgent(kf_account, nickname);
  await server.invite(kf_account, worker.name);
  await worker.press("Accept the invitation from Kefu Demo");
  await worker.sees("No customers are waiting");
}

async function available(worker, presence) {
  await worker.page.getByRole("switch", { name: "Available" }).click();
  await worker.page.getByTestId("presence").getByText(presence).waitFor();
}

async function becomesSupervisor(server, sue) {
  assert.equal(await sue.page.getByText("Colleagues’ sessions").count(), 0, "without the role there is one list");
  await server.setAdmin(SUE.kf_account);
  await sue.tab("Colleagues’ sessions").waitFor();
  await checkAppearance(sue.page, "a supervisor without sessions");
  await sue.tab("Colleagues’ sessions").click();
  await sue.sees("No colleague has an open session");
  await checkAppearance(sue.page, "a supervisor with nothing to see");
}

async function readsAlong(sue, ann, customer) {
  const row = sue.others(customer.openid);
  await row.getByText("with Ann").waitFor();
  await row.focus();
  await sue.page.keyboard.press("Enter");
  await sue.seesMessage("Where is my parcel?");
  await sue.sees("Ann is serving this customer");
  await checkAppearance(sue.page, "a session that a supervisor reads");
  await ann.session(customer.openid).click();
  await ann.says("Let me look.");
  await sue.seesMessage("Let me look.");
  await customer.says("Thank you.");
  await sue.seesMessage("Thank you.");
  assert.equal(
    await sue.page.getByRole("textbox", { name: "Reply" }).count(),
    0,
    "a supervisor who only reads has no box",
  );
}

async function transfers(sue, ann, bob, customer) {
  const dialog = sue.page.getByRole("dialog");
  const open = sue.page.getByRole("button", { name: `Transfer ${customerName(customer.openid)}`, exact: true });
  await sue.page.route("**/desk/api/colleagues*", (call) => call.abort());
  await open.click();
  await sue.sees("The server cannot be reached. Check your network and try again");
  await checkAppearance(sue.page, "colleagues that cannot be asked for");
  await sue.page.unroute("**/desk/api/colleagues*");
  await dialog.getByRole("button", { name: "Try again" }).click();
  const colleague = dialog.getByRole("radio", { name: "小白" });
  await colleague.and(sue.page.locator(":disabled")).waitFor({ state: "attached" });
  await checkAppearance(sue.page, "no colleague to transfer to but one who is away");
  await sue.page.keyboard.press("Escape");
  await eventually("the focus is back where it was", async () =>
    assert.ok(await open.evaluate((node) => node === document.activeElement)),
  );

  await available(bob, "Online");
  await sue.page.keyboard.press("Enter");
  await colleague.and(sue.page.locator(":enabled")).waitFor({ state: "attached" });
  await sue.page.keyboard.press("ArrowDown");
  await sue.page.keyboard.press("Space");
  await dialog.getByText("小白 sees all earlier messages.").waitFor();
  await checkAppearance(sue.page, "a colleague to transfer to");
  await sue.page.keyboard.press("Enter");
  await sue.sees("小白 is serving this customer");
  await sue.others(customer.openid).getByText("with 小白").waitFor();
  await ann.sees(`${customerName(customer.openid)} is now served by another agent`);
  await checkAppearance(ann.page, "a session that was moved away");
  assert.equal(await ann.session(customer.openid).count(), 0);
  await customer.sees("Your agent: 小白");
  await bob.session(customer.openid).click();
  await bob.seesMessage("Where is my parcel?");
}

async function handsBack(bob, ann, customer) {
  await bob.press(`Transfer ${customerName(customer.openid)}`);
  await checkAppearance(bob.page, "an agent who transfers a session");
  await bob.page.getByRole("dialog").getByRole("radio", { name: "Ann" }).check();
  await bob.press("Transfer");
  await bob.sees("Choose a session");
  await ann.session(customer.openid).click();
  await ann.seesMessage("Let me look.");
  assert.equal(
    await bob.page.getByRole("alert").filter({ hasText: "served by another" }).count(),
    0,
    "an agent who transfers a session gets no notice",
  );
}

async function takesOver(sue, customer) {
  await sue.sees("Ann is serving this customer");
  await sue.press("Take over");
  await sue.session(customer.openid).waitFor();
  assert.equal(await sue.tab("Mine").getAttribute("aria-selected"), "true", "the own sessions are in front");
  await sue.says("This is Sue.");
  await customer.seesMessage("This is Sue.");
  await customer.sees("Your agent: Sue");
  await checkAppearance(sue.page, "a session that was taken over");
  await sue.press("Close session");
  await sue.page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  await sue.page.getByText("No open sessions").waitFor();
  await sue.tab("Colleagues’ sessions").click();
  await sue.sees("No colleague has an open session");
}

async function seesMany(server, sue) {
  const openids = Array.from({ length: MANY }, (_, at) => `o${String(at).padStart(27, "0")}`);
  for (const openid of openids) await server.create(ANN.kf_account, openid);
  await eventually("all are counted", async () =>
    assert.equal(
      await sue.page.locator("section[aria-labelledby=colleague-sessions] .count").textContent(),
      String(MANY),
    ),
  );
  await checkAppearance(sue.page, "a long list of sessions");
  const last = sue.others(openids[0]);
  await last.scrollIntoViewIfNeeded();
  await last.click();
  await sue.press("Close session");
  await sue.page.getByRole("dialog").getByRole("button", { name: "Close session" }).click();
  await eventually("it is over", async () => assert.equal((await server.sessions(ANN.kf_account)).length, MANY - 1));
}
