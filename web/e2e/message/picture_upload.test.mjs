// How pictures are changed before they are sent: turned the right way up, without metadata of a camera.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scene, workerAndCustomer } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";
import { animated, draws, notedJpeg, notedPng, notedWebp, PLACE } from "../support/camera_picture.mjs";

const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==", "base64");

test("a photo is redrawn the right way up, without its place, before it is shown and sent", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  let count = 0;
  for (const [who, sees] of [
    [customer, worker],
    [worker, customer],
  ]) {
    for (const [mimeType, noted] of [
      ["image/jpeg", notedJpeg],
      ["image/png", notedPng],
    ]) {
      const buffer = noted(await draws(who.page, mimeType));
      await who.choosesPicture({ name: "photo", mimeType, buffer });
      const preview = who.page.getByRole("dialog").getByRole("img", { name: "Picture" });
      assert.deepEqual(await shown(preview), UPRIGHT, `${mimeType} before it is sent`);
      await who.confirmsPicture();
      await sees.seesPictures(++count);
      const { type, bytes } = await file(sees, -1);
      assert.equal(type, mimeType);
      for (const note of [PLACE, "Exif", "eXIf"]) assert.ok(!bytes.includes(note), `${mimeType} says ${note}`);
      assert.deepEqual(await shown(sees.pictures().last()), UPRIGHT, mimeType);
    }
  }
});

test("what is posted past the page is the right way up too, and the server drops its notes", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  let count = 0;
  for (const [type, noted] of [
    ["image/jpeg", notedJpeg],
    ["image/png", notedPng],
    ["image/webp", notedWebp],
  ]) {
    const data = noted(await draws(customer.page, type));
    assert.ok(data.includes(PLACE));
    const message = await posts(customer, data);
    await worker.seesPictures(++count);
    const found = await file(worker, -1);
    assert.equal(found.type, type);
    assert.ok(!found.bytes.includes(PLACE), type);
    const { width, height, top } = await shown(worker.pictures().last());
    assert.deepEqual([message.width, message.height], [width, height], `${type}: the browser agrees on its size`);
    if (type === "image/jpeg") assert.deepEqual({ width, height, top }, UPRIGHT);
  }
});

test("GIF, WebP and animations go as they are", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const moving = animated(await draws(customer.page, "image/png"));
  const webp = await draws(customer.page, "image/webp");
  let count = 0;
  for (const [mimeType, buffer] of [
    ["image/gif", GIF],
    ["image/png", moving],
    ["image/webp", webp],
  ]) {
    await customer.choosesPicture({ name: "picture", mimeType, buffer });
    await customer.confirmsPicture();
    await worker.seesPictures(++count);
    const { type, bytes } = await file(worker, -1);
    assert.equal(type, mimeType);
    assert.ok(bytes.equals(buffer), mimeType);
  }
});

test("a huge photo is made smaller, and what cannot be read goes to the server as it is", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const buffer = await draws(customer.page, "image/jpeg", 12_000, 1500);
  await customer.choosesPicture({ name: "photo.jpg", mimeType: "image/jpeg", buffer });
  await customer.confirmsPicture();
  await worker.seesPictures(1);
  const { width, height } = await shown(worker.pictures().first());
  const checkBothSizes = width <= 8192 && width * height <= 12 << 20;
  assert.ok(checkBothSizes && Math.abs(width / height - 8) < 0.02, `${width} × ${height}`);
  const broken = notedJpeg((await draws(customer.page, "image/jpeg")).subarray(0, 60));
  await customer.choosesPicture({ name: "photo.jpg", mimeType: "image/jpeg", buffer: broken });
  await customer.page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
  await customer.page.getByText("This file is not a PNG, JPEG, GIF or WebP image").waitFor();
});

test("where a browser spoils what is drawn, to hide from trackers, a photo goes undrawn", async (t) => {
  const people = await scene(t);
  const { worker, customer } = await workerAndCustomer(people);
  const buffer = notedJpeg(await draws(customer.page, "image/jpeg"));
  await customer.page.evaluate(() => {
    CanvasRenderingContext2D.prototype.getImageData = () => ({ data: new Uint8ClampedArray(64) });
  });
  await customer.choosesPicture({ name: "photo.jpg", mimeType: "image/jpeg", buffer });
  await customer.confirmsPicture();
  await worker.seesPictures(1);
  const { bytes } = await file(worker, -1);
  assert.ok(bytes.includes("Exif") && !bytes.includes(PLACE), "the server has dropped its place");
  assert.deepEqual(await shown(worker.pictures().first()), UPRIGHT);
});

const UPRIGHT = { width: 200, height: 300, top: "red" };

/** The size of a picture that is drawn, and which of its two colours is on top. */
const shown = (picture) =>
  picture.evaluate(async (image) => {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    pen.drawImage(image, 0, 0);
    const [red, , blue] = pen.getImageData(width >> 1, height >> 3, 1, 1).data;
    return { width, height, top: red > blue ? "red" : "blue" };
  });

/** The type and the bytes of the picture at this place in a log. */
async function file(who, at) {
  const address = await who.pictures().nth(at).getAttribute("src");
  const answer = await who.page.request.get(new URL(address, who.server.base).href);
  return { type: answer.headers()["content-type"], bytes: await answer.body() };
}

/** Posts a picture without the page's help; answers the message. */
async function posts(customer, data) {
  const query = new URLSearchParams({ client_id: Math.random().toString(16).slice(2) });
  const address = `${customer.server.base}/chat/api/${APPID}/image?${query}`;
  const headers = { Origin: customer.server.base, "Content-Type": "image/jpeg" };
  const answer = await customer.page.request.post(address, { headers, data });
  assert.equal(answer.status(), 200, await answer.text());
  return (await answer.json()).message;
}
