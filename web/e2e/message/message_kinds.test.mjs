import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { checkAppearance } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { AGENT, PICTURE, PNG, scene, workerAndCustomer } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

test("people send each other text, emoji and pictures", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  await customer.choosesPicture(PICTURE);
  await customer.confirmsPicture();
  await worker.seesPictures(1);
  await worker.page.getByRole("button", { name: "Emoji" }).click();
  await checkAppearance(worker.page, "the emoji of the reply");
  await worker.page.getByRole("button", { name: "👍" }).click();
  await worker.page.keyboard.press("Enter");
  await customer.seesMessage("👍");
  await worker.choosesPicture(PICTURE);
  await worker.confirmsPicture();
  await customer.seesPictures(2);
  await checkAppearance(worker.page, "pictures at the workbench");
  await checkAppearance(customer.page, "pictures at the customer page");
  await customer.page.reload();
  await customer.seesPictures(2);
  await customer.choosesPicture({ ...PICTURE, name: "a.txt", mimeType: "text/plain" });
  await customer.sees("Send PNG, JPEG, GIF or WebP images of up to 10 MB");
});

test("both pages show every kind of message that a customer sends", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const files = await mkdtemp(path.join(tmpdir(), "kefu-files-"));
  t.after(() => rm(files, { recursive: true, force: true }));
  const file = async (name, bytes) => {
    await writeFile(path.join(files, name), bytes);
    return path.join(files, name);
  };
  const [voice, film, thumb] = [
    await file("a.amr", "#!AMR\n"),
    await file("a.mp4", "\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
    await file("a.jpg", Buffer.from("ffd8ffe000104a46494600010100000100010000ffd9", "hex")),
  ];
  const send = (kind, ...flags) =>
    people.server.order("customer", "send", kind, "--appid", APPID, "--openid", customer.openid, ...flags);
  await send("location", "--latitude", "23.134521", "--longitude", "-113.358803", "--label", "<b>The bridge</b>");
  await send("link", "--title", "Our order", "--description", "Of Monday", "--url", "https://example.com/?a=1&b=2");
  await send("link", "--title", "A trick", "--url", "javascript:alert(1)");
  await send("voice", "--file", voice);
  await send("video", "--file", film, "--thumb", thumb);
  await send("shortvideo", "--file", film, "--thumb", thumb);
  for (const person of [worker, customer]) {
    const log = person.page.getByRole("log");
    await log.getByText("<b>The bridge</b>").waitFor();
    await log.getByText("23.134521, -113.358803").waitFor();
    const link = log.getByRole("link", { name: "Our order" });
    assert.equal(await link.getAttribute("href"), "https://example.com/?a=1&b=2");
    await link.getByText("https://example.com/?a=1&b=2").waitFor();
    await log.getByText("A trick").waitFor();
    await log.getByText("javascript:alert(1)").waitFor();
    assert.equal(await log.getByRole("link", { name: "A trick" }).count(), 0, "only http and https are links");
    await log.locator("audio[controls][aria-label='Voice message']").waitFor();
    await eventually("both films", async () =>
      assert.equal(await log.locator("video[controls][aria-label='Video']").count(), 2),
    );
    await checkAppearance(person.page, "messages of every kind that a customer sends");
  }
  await worker.sees("[Video]");
});

test("a customer sees every kind of message that a program sends, and chooses of its menus", async (t) => {
  const people = await scene(t);
  const { server } = people;
  const { worker, customer } = await workerAndCustomer(people);
  const send = (msgtype, body, more = {}) =>
    server.send({ touser: customer.openid, msgtype, [msgtype]: body, ...more });
  const image = await server.upload("image", PNG, "a.png");

  await send("text", { content: 'See <a href="https://example.com/x">our page</a>' });
  const link = customer.page.getByRole("link", { name: "our page" });
  assert.equal(await link.getAttribute("href"), "https://example.com/x");
  await send("image", { media_id: image });
  await customer.seesPictures(1);
  await send("news", {
    articles: [{ title: "Autumn sale", description: "All week", url: "https://example.com/sale" }],
  });
  await customer.page.getByRole("link", { name: "Autumn sale" }).waitFor();
  await customer.says("one more"); // who writes may be written to five times again
  await send("music", { title: "A song", description: "Somebody", musicurl: "https://example.com/a.mp3" });
  await customer.page.getByRole("link", { name: "A song" }).waitFor();
  await send("miniprogrampage", { title: "Your order", appid: server.appid, pagepath: "p", thumb_media_id: image });
  await customer.page.getByText("Mini program").waitFor();
  await send("wxcard", { card_id: "card" });
  await customer.page.getByText("Coupon (open it in WeChat)").waitFor();
  await customer.says("and now");
  await send(
    "text",
    { content: "From Xiaomei" },
    { customservice: { kf_account: AGENT }, aimsgcontext: { is_ai_msg: 1 } },
  );
  await customer.seesMessage("Generated by third-party AI");
  await send("msgmenu", {
    head_content: "Are you satisfied?",
    list: [
      { id: "101", content: "Yes" },
      { id: "102", content: "No" },
    ],
    tail_content: "Thank you",
  });
  await customer.seesMessage("Are you satisfied?");
  await checkAppearance(customer.page, "messages of every kind");
  await customer.page.getByRole("button", { name: "Yes" }).evaluate((yes) => [yes.click(), yes.click()]);
  await worker.seesMessage("Yes");
  await customer.writes("That was all");
  await worker.seesMessage("That was all");
  const chosen = (await worker.messages()).filter((text) => text === "Yes");
  assert.equal(chosen.length, 1, "who clicks twice chooses once");
  await checkAppearance(worker.page, "messages of every kind at the workbench");

  await server.typing(customer.openid, "Typing");
  await customer.sees("Typing…");
  await server.typing(customer.openid, "CancelTyping");
  await eventually("typing is not shown any more", async () => {
    assert.equal(await customer.page.getByText("Typing…").count(), 0);
  });
});
