import { expect, it } from "vitest";
import { reader, type Frame } from "./stream";

function frames(pieces: string[]): Frame[] {
  const heard: Frame[] = [];
  const read = reader((frame) => heard.push(frame));
  pieces.forEach(read);
  return heard;
}

const wire = ': hello\n\nevent: change\nid: wx1:7\ndata: {"a":\ndata: 1}\n\nevent: beat\ndata: {}\n\n';
const expected = [
  { type: "change", id: "wx1:7", data: '{"a":\n1}' },
  { type: "beat", id: "", data: "{}" },
];

it("reads frames however the stream is cut", () => {
  expect(frames([wire])).toEqual(expected);
  expect(frames([...wire])).toEqual(expected);
});

it("reads every kind of line end, cut in the middle too", () => {
  expect(frames([...wire.replaceAll("\n", "\r\n")])).toEqual(expected);
  expect(frames([wire.replaceAll("\n", "\r") + ":"])).toEqual(expected);
});

it("hands out nothing before a frame is whole", () => {
  expect(frames(["event: change\ndata: {}\n"])).toEqual([]);
  expect(frames(["event: change\n\n"])).toEqual([]);
});
