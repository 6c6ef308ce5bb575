// Groups of agents, as supervisors manage them and agents see them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { openids, sectionOf, tail } from "../support/queue.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";

test("a supervisor makes, changes and deletes groups, and agents see theirs", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const worker = await onlineWorker(people);
  const { page } = worker;
  const dialog = page.getByRole("dialog").first();
  const button = (name) => dialog.getByRole("button", { name, exact: true });
  const groups = page.getByRole("button", { name: "Groups", exact: true });
  assert.equal(await groups.count(), 0, "agents manage no groups");
  await server.setAdmin(AGENT);

  await t.test("what a group is for, and a refusal at its field", async () => {
    await groups.click();
    await dialog.getByText("No groups yet").waitFor();
    await checkAppearance(page, "no groups");
    await dialog.getByLabel("Name").fill("a@b");
    await page.keyboard.press("Enter");
    await dialog.getByText("Invalid name: use 1 to 32 characters, without @").waitFor();
    await eventually("the field has the focus", async () =>
      assert.ok(await dialog.getByLabel("Name").evaluate((node) => node === document.activeElement)),
    );
    await checkAppearance(page, "a group with a wrong name");
    await dialog.getByLabel("Name").fill("After-sale");
    await dialog.getByLabel("Menu choice").fill("2");
    await page.keyboard.press("Enter");
    await dialog.getByText("Edit “After-sale”").waitFor();
  });

  await t.test("members join and leave at once, and see their groups", async () => {
    await dialog.getByRole("checkbox", { name: "小美" }).check();
    await page.locator(".lists header").getByText("小美 · After-sale").waitFor();
    await checkAppearance(page, "a group that is edited");
    await page.route("**/desk/api/group/leave", (call) => call.abort(), { times: 1 });
    await dialog.getByRole("checkbox", { name: "小美" }).click();
    await dialog.getByText("The server cannot be reached").waitFor();
    assert.ok(await dialog.getByRole("checkbox", { name: "小美" }).isChecked(), "what failed is not shown as done");
    await dialog.getByLabel("Name").fill("Repairs");
    await button("Save").click();
    await dialog.getByText("Saved").waitFor();
    await dialog.getByText("Edit “Repairs”").waitFor();
    await button("Back").click();
    const row = dialog.getByRole("button", { name: "Repairs" });
    await row.getByText("1 member · menu choice “2”").waitFor();
    await eventually("the focus is where it was", async () =>
      assert.ok(await row.evaluate((node) => node === document.activeElement)),
    );
    await dialog.getByLabel("Name").fill("Others");
    await dialog.getByLabel("Menu choice").fill("2");
    await button("Add group").click();
    await dialog.getByText("Another group already has this name or menu choice").waitFor();
    await checkAppearance(page, "a list of groups");
    await button("Done").click();
    await page.getByTestId("intake").click();
    await page.getByText("Your groups: Repairs").waitFor();
    await page.keyboard.press("Escape");
  });

  await t.test("a group is deleted after a question, and its customers keep waiting", async () => {
    await page.getByRole("switch", { name: "Available" }).click();
    await page.getByTestId("presence").getByText("Away").waitFor();
    const [one] = openids("h", 1);
    await server.say([one], "Hello?");
    const row = sectionOf(page, "waiting").locator("li");
    await row.getByRole("button", { name: `Transfer ${tail(one)}` }).click();
    await page.getByRole("radio", { name: "Repairs" }).check();
    await page.getByRole("button", { name: "Transfer", exact: true }).click();
    await row.getByText("Repairs", { exact: true }).waitFor();
    await groups.click();
    await dialog.getByRole("button", { name: "Repairs" }).click();
    await button("Delete group…").click();
    const question = page.getByRole("dialog", { name: "Delete “Repairs”?" });
    await question.getByText("Its customer who waits keeps the place").waitFor();
    await checkAppearance(page, "a group that is to be deleted");
    await question.getByRole("button", { name: "Delete group", exact: true }).click();
    await dialog.getByText("No groups yet").waitFor();
    await page.keyboard.press("Escape");
    await row.getByText("Repairs", { exact: true }).waitFor({ state: "detached" });
    await row.getByText(tail(one)).waitFor();
  });
});
