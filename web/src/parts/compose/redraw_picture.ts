/** Redraws pictures before they are sent: the right way up, and without the place and camera in a photo's metadata. */
import { PICTURE_BYTES_MAX } from "../../api";
import type { PictureFile } from "../../unsent/outbox";

const REDRAWN = ["image/png", "image/jpeg"];
/** As many pixels as a phone's photo has; long screenshots stay readable. */
const PIXELS_MAX = 12 << 20;
const SIDE_MAX_PX = 8192;
const QUALITY = 0.9;
/** A picture that is too large for the server is redrawn smaller. */
const SCALES = [1, 0.7, 0.5, 0.35];

/**
 * Redraws a JPEG or a PNG. Animations, other types, and what the browser cannot draw are sent unchanged: the server
 * removes their metadata.
 */
export async function redraw(file: Blob): Promise<PictureFile> {
  let bitmap: ImageBitmap | undefined;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const { width, height } = bitmap;
    if (!REDRAWN.includes(file.type) || (await isAnimated(file)) || !isFaithful()) return { file, width, height };
    return (await redrawToFit(bitmap, file.type)) ?? { file, width, height };
  } catch {
    return { file, width: 0, height: 0 };
  } finally {
    bitmap?.close();
  }
}

async function redrawToFit(bitmap: ImageBitmap, type: string): Promise<PictureFile | null> {
  const { width, height } = bitmap;
  const most = Math.min(1, Math.sqrt(PIXELS_MAX / (width * height)), SIDE_MAX_PX / Math.max(width, height));
  for (const scale of SCALES) {
    const side = (length: number) => Math.max(1, Math.floor(length * most * scale));
    const drawn = await draw(bitmap, side(width), side(height), type);
    if (!drawn || drawn.file.size <= PICTURE_BYTES_MAX) return drawn;
  }
  return null;
}

async function draw(bitmap: ImageBitmap, width: number, height: number, type: string): Promise<PictureFile | null> {
  const { canvas, pen } = newCanvas(width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  const file = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, QUALITY));
  // Frees the memory at once: Safari limits the memory of all canvases, also of unused ones.
  canvas.width = canvas.height = 0;
  return file?.type === type ? { file, width, height } : null;
}

function newCanvas(width: number, height: number) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  return { canvas, pen };
}

/** Browsers with protection against fingerprinting may return other pixels than were drawn. */
function isFaithful(): boolean {
  const { pen } = newCanvas(4, 4);
  pen.fillStyle = "#48a16c";
  pen.fillRect(0, 0, 4, 4);
  const colour = [0x48, 0xa1, 0x6c, 0xff];
  return pen.getImageData(0, 0, 4, 4).data.every((value, at) => value === colour[at % 4]);
}

/** Whether a PNG is animated; the chunk that says so comes before the first pixels. */
async function isAnimated(file: Blob): Promise<boolean> {
  if (file.type !== "image/png") return false;
  const bytes = new DataView(await file.arrayBuffer());
  for (let at = 8; at + 8 <= bytes.byteLength; at += 12 + bytes.getUint32(at)) {
    const name = bytes.getUint32(at + 4);
    if (name === IDAT) return false;
    if (name === ACTL) return true;
  }
  return false;
}

const IDAT = 0x49444154;
const ACTL = 0x6163544c;
