// The debugging page, as an administrator uses it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { checkAppearance } from "../support/browser.mjs";
import { Worker } from "../support/people.mjs";
import { scene } from "../support/scene.mjs";

const run = promisify(execFile);

test("an administrator calls every endpoint from the debugging page", async (t) => {
  const { server, worker } = await scene(t);
  const ann = await worker("kf_demo");
  const { page } = ann;
  const choose = async (name) => {
    await page.goto(`${server.base}/debug#${name}`);
    await page.getByRole("heading", { name, exact: true }).waitFor();
  };
  const result = page.getByTestId("result");
  const send = async (errcode) => {
    await ann.press("Send");
    await result.getByText(errcode, { exact: true }).first().waitFor();
  };

  await t.test("a person who is not logged in logs in, and is back at the endpoint", async () => {
    await ann.at(`${server.base}/debug#getkflist`);
    await ann.sees("You return to the API debugging page once you are logged in.");
    await checkAppearance(page, "the log-in that leads back to the debugging page");
    await ann.fill("Log in", "kf_demo", "wrong");
    await ann.sees("Wrong name or password");
    await ann.fill("Log in", "kf_demo", "demo");
    await page.getByRole("heading", { name: "getkflist", exact: true }).waitFor();
    assert.equal(page.url(), `${server.base}/debug#getkflist`);
    assert.deepEqual(await server.online(), [], "an open debugging page makes no agent online");
  });

  await t.test("the list can be filtered", async () => {
    await ann.at(`${server.base}/debug`);
    await ann.sees("Choose an endpoint");
    await checkAppearance(page, "the list of endpoints");
    const described = await (await fetch(`${server.base}/openapi.json`)).json();
    const names = new Set(Object.values(described.paths).flatMap(Object.values).map((one) => one["x-kefu"].name));
    const links = page.getByRole("navigation", { name: "Endpoints" }).getByRole("link");
    assert.equal(await links.count(), names.size);
    await page.getByRole("searchbox", { name: "Filter endpoints" }).fill("getsessionlist");
    assert.equal(await links.count(), 1);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "getkfsessionlist", exact: true }).waitFor();
    await page.getByRole("searchbox", { name: "Filter endpoints" }).fill("");
  });

  await t.test("a call without a token says what to do", async () => {
    await choose("getkflist");
    await send("41001");
    await result.getByText("Append ?access_token=").waitFor();
    assert.match(await result.textContent(), /[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}/);
    await checkAppearance(page, "a refusal");
  });

  await t.test("a token is filled in, and the answer is shown as it came", async () => {
    await ann.press("Get a token");
    await page.getByText("Your programs’ tokens stay valid").waitFor();
    await send("0");
    await result.getByText("kf1@demo").waitFor();
    await ann.press("Raw");
    const shown = await result.locator("pre").textContent();
    assert.deepEqual(JSON.parse(shown).kf_list, await server.agents());
    await checkAppearance(page, "an answer");
  });

  await t.test("the curl sample gets the same answer", async () => {
    const samples = page.getByTestId("samples");
    const code = () => samples.locator("pre").textContent();
    const { stdout } = await run("bash", ["-c", `${(await code()).replace("curl ", "curl -s ")}`]);
    assert.equal(stdout, await result.locator("pre").textContent());
    await samples.getByRole("button", { name: "Node", exact: true }).click();
    const other = await run(process.execPath, ["--input-type=module", "-e", await code()]);
    assert.equal(other.stdout.trim(), stdout);
    await samples.getByRole("button", { name: "Python", exact: true }).click();
    await run("python3", ["-c", `compile(${JSON.stringify(await code())}, "sample", "exec")`]);
  });

  await t.test("a body is edited and sent, also one that is not JSON", async () => {
    await choose("addkfaccount");
    const body = page.getByRole("textbox", { name: "JSON body" });
    await body.fill(`{"kf_account":"kf2@demo","nickname":"客服2"}`);
    await send("0");
    await body.fill("{");
    await page.getByText("This is not a JSON object").waitFor();
    await send("47001");
    await checkAppearance(page, "a body that is none");
    assert.deepEqual((await server.agents()).map((one) => one.kf_account), ["kf1@demo", "kf2@demo"]);
  });

  await t.test("on a phone the way back leads to the endpoint in the list", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("link", { name: "Back to the endpoints" }).click();
    await page.locator("#to-addkfaccount:focus").waitFor();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await t.test("a call that gets no answer says so, and a phone has room for the token", async () => {
    await choose("getkflist");
    await page.route("**/cgi-bin/customservice/getkflist*", (route) => route.abort());
    await ann.press("Send");
    await result.getByText("No response. Check your network and try again", { exact: true }).waitFor();
    await checkAppearance(page, "no answer");
    await page.unroute("**/cgi-bin/customservice/getkflist*");
    await page.setViewportSize({ width: 390, height: 844 });
    const [button, card] = [page.getByRole("button", { name: "Get a token" }), page.getByTestId("result")];
    const [inner, outer] = [await button.boundingBox(), await card.boundingBox()];
    assert.ok(inner.x + inner.width < outer.x + outer.width - 16, "the button stays within its card's margin");
    await page.setViewportSize({ width: 1280, height: 800 });
  });
});

test("an address leads from the log-in to the debugging page and nowhere else", async (t) => {
  const { server, worker } = await scene(t);
  const evil = "evil.example";
  for (const said of [`https://${evil}`, `//${evil}`, `/\\${evil}`, "javascript:alert(1)", `%2f%2f${evil}`]) {
    const ann = await worker("kf_demo");
    const asked = [];
    ann.page.on("request", (request) => asked.push(new URL(request.url())));
    await ann.at(`${server.base}/desk/#debug=${said}`);
    await ann.fill("Log in", "kf_demo", "demo");
    await ann.sees("Choose an endpoint");
    assert.equal(ann.page.url(), `${server.base}/debug`, said);
    assert.deepEqual(asked.filter(({ origin }) => origin !== server.base), [], said);
    await ann.page.context().close();
  }
});

test("the workbench links to the debugging page for administrators", async (t) => {
  const { server, worker } = await scene(t);
  const ann = await worker("kf_demo");
  const link = ann.page.getByRole("link", { name: "API debugging" });
  await ann.at();
  await ann.fill("Log in", "kf_demo", "demo");
  await checkAppearance(ann.page, "a workbench with the link");
  const [debug] = await Promise.all([ann.page.context().waitForEvent("page"), link.click()]);
  await debug.getByText("Choose an endpoint", { exact: true }).waitFor();
  await debug.close();
  await server.order("account", "admin", "--appid", "wx0123456789abcdef", "--worker", "kf_demo", "--revoke");
  await ann.page.reload();
  await ann.sees("Choose a session");
  assert.equal(await link.count(), 0);
});

test("a login that has ended leads to the log-in, and what was filled in stays", async (t) => {
  const { server, worker } = await scene(t);
  const ann = await worker("kf_demo");
  const { page } = ann;
  await ann.at(`${server.base}/debug#getkfsessionlist`);
  await ann.fill("Log in", "kf_demo", "demo");
  const account = page.getByLabel("kf_account");
  await account.fill("kf7@demo");
  await page.context().clearCookies();
  await ann.press("Get a token");
  await checkAppearance(page, "a login that has ended");
  const link = page.getByRole("alert").getByRole("link", { name: "Log in" });
  const [login] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  const other = new Worker(login, server, "kf_demo");
  await other.fill("Log in", "kf_demo", "demo");
  await login.waitForURL(`${server.base}/debug#getkfsessionlist`);
  await ann.press("Get a token");
  await page.getByText("Your programs’ tokens stay valid").waitFor();
  assert.equal(await account.inputValue(), "kf7@demo");
});

test("a worker who administers no account can read, and gets no token", async (t) => {
  const { server, worker } = await scene(t);
  const ann = await worker("kf_demo");
  await server.order("account", "admin", "--appid", "wx0123456789abcdef", "--worker", "kf_demo", "--revoke");
  await ann.at();
  await ann.fill("Log in", "kf_demo", "demo");
  await ann.sees("Choose a session");
  await ann.at(`${server.base}/debug#getkflist`);
  await ann.sees("You do not administer an account yet");
  assert.equal(await ann.page.getByRole("button", { name: "Get a token" }).count(), 0);
  await checkAppearance(ann.page, "the page of a worker who administers no account");
});
