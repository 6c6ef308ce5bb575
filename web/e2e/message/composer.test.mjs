// What is pasted, dropped and typed into the box, which both pages share.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { checkAppearance, switchLanguage } from "../support/browser.mjs";
import { eventually } from "../support/eventually.mjs";
import { PNG, scene, workerAndCustomer } from "../support/scene.mjs";

const CELLS = "one\ttwo\nthree\tfour";

test("text wins over the picture of it, and a picture is shown before it is sent", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  for (const [who, sees] of [
    [worker, customer],
    [customer, worker],
  ]) {
    await pastesCells(who);
    await pastesPicture(who, sees);
  }
});

test("a file that is dropped leads nowhere, and a picture among them is shown before it is sent", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const folder = mkdtempSync(path.join(tmpdir(), "kefu-drop-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [picture, words] = [path.join(folder, "a.png"), path.join(folder, "a.txt")];
  writeFileSync(picture, PNG);
  writeFileSync(words, "words");
  for (const who of [worker, customer]) {
    const address = who.page.url();
    await drops(who.page, words);
    await who.sees("Send PNG, JPEG, GIF or WebP images of up to 10 MB");
    await who.box().pressSequentially("a");
    await eventually("the complaint goes with the next word", async () =>
      assert.equal(await who.page.getByText("Send PNG, JPEG, GIF or WebP").count(), 0),
    );
    await drops(who.page, picture);
    await who.confirmsPicture();
    assert.equal(who.page.url(), address);
  }
  await Promise.all([worker.seesPictures(2), customer.seesPictures(2)]);
});

test("half of an emoji is mended before it is sent", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  await worker.box().evaluate((box) => {
    box.value = "half \ud83d";
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await worker.box().press("Enter");
  await customer.seesMessage("half \ufffd");
});

test("what the box is for can be read on every phone, in both languages", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  for (const { page, box } of [worker, customer]) {
    for (const width of [320, 390]) {
      await page.setViewportSize({ width, height: 700 });
      for (const language of ["en", "zh-CN"]) {
        await switchLanguage(page, language);
        const [needs, has] = await page.locator("textarea:visible").evaluate(widths);
        assert.ok(needs <= has, `${language}, ${width} wide: ${needs} px of words in ${has} px`);
      }
    }
    await switchLanguage(page, "en");
    await box().waitFor();
  }
});

function widths(box) {
  const style = getComputedStyle(box);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return [pen.measureText(box.placeholder).width, room];
}

/** A spreadsheet copies its cells as text and as a picture. */
async function pastesCells(who) {
  await copies(who.page, { text: CELLS, picture: true });
  await who.box().press("ControlOrMeta+V");
  await eventually("the text is in the box", async () => assert.equal(await who.box().inputValue(), CELLS));
  assert.equal(await who.page.getByRole("dialog").count(), 0, "there is no dialog for a picture");
  await who.box().fill("");
}

async function pastesPicture(who, sees) {
  await copies(who.page, { picture: true });
  const before = await who.pictures().count();
  await who.box().press("ControlOrMeta+V");
  await who.sees("Send this picture?");
  await checkAppearance(who.page, "the question whether to send a picture");
  await who.page.keyboard.press("Escape");
  assert.equal(await who.pictures().count(), before, "it is not sent");
  await who.box().press("ControlOrMeta+V");
  await who.confirmsPicture();
  await Promise.all([who.seesPictures(before + 1), sees.seesPictures(before + 1)]);
}

async function copies(page, { text, picture }) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.bringToFront();
  const encoded = PNG.toString("base64");
  await page.evaluate(
    async ({ text, picture, encoded }) => {
      const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      const parts = {};
      if (text) parts["text/plain"] = new Blob([text], { type: "text/plain" });
      if (picture) parts["image/png"] = new Blob([bytes], { type: "image/png" });
      await navigator.clipboard.write([new ClipboardItem(parts)]);
    },
    { text, picture, encoded },
  );
}

/** Drops a file of the disk in the middle of the page, as the desktop does. */
async function drops(page, file) {
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  const { width, height } = page.viewportSize();
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await browser.send("Input.dispatchDragEvent", { type, x: width / 2, y: height / 2, data });
  }
  await browser.detach();
}
