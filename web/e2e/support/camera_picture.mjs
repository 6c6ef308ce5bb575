// Pictures like those of cameras: drawn by the browser, with metadata added here.
import { crc32 } from "node:zlib";

/** A browser's picture: red on the left, blue on the right. */
export async function draws(page, type, width = 300, height = 200) {
  const encoded = await page.evaluate(
    ([type, width, height]) => {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const pen = canvas.getContext("2d");
      pen.fillStyle = "red";
      pen.fillRect(0, 0, width / 2, height);
      pen.fillStyle = "blue";
      pen.fillRect(width / 2, 0, width / 2, height);
      return canvas.toDataURL(type).split(",")[1];
    },
    [type, width, height],
  );
  return Buffer.from(encoded, "base64");
}

/** EXIF metadata of a camera held sideways: the left side of the picture belongs at the top. */
const TIFF = Buffer.concat([
  Buffer.from("II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", "latin1"),
  Buffer.from("\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0GPS 31.2304 N 121.4737 E", "latin1"),
]);
export const PLACE = "GPS 31.2304 N";

export function notedJpeg(jpeg) {
  const exif = Buffer.concat([Buffer.from("Exif\0\0"), TIFF]);
  const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]);
}

export const notedPng = (png) => Buffer.concat([png.subarray(0, 33), chunk("eXIf", TIFF), png.subarray(33)]);

/** A PNG with an animation of one frame. */
export function animated(png) {
  const frame = Buffer.alloc(26);
  frame.writeUInt32BE(png.readUInt32BE(16), 4);
  frame.writeUInt32BE(png.readUInt32BE(20), 8);
  const plays = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]);
  return Buffer.concat([png.subarray(0, 33), chunk("acTL", plays), chunk("fcTL", frame), png.subarray(33)]);
}

export function notedWebp(webp, width = 300, height = 200) {
  const size = Buffer.alloc(10);
  size[0] = 0x08;
  size.writeUIntLE(width - 1, 4, 3);
  size.writeUIntLE(height - 1, 7, 3);
  const pixels = webp.toString("latin1", 12, 16) === "VP8X" ? webp.subarray(30) : webp.subarray(12);
  const chunks = Buffer.concat([riff("VP8X", size), pixels, riff("EXIF", TIFF)]);
  return riff("RIFF", Buffer.concat([Buffer.from("WEBP"), chunks]));
}

function riff(name, data) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(name), length, data, Buffer.alloc(data.length % 2)]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
