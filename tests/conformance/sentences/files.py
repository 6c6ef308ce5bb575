"""Files of every kind, as small as can be."""

import struct
import zlib


def png():
    """A picture of one red dot."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    dots = zlib.compress(b"\x00\xff\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dots) + chunk(b"IEND", b"")


JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "08" * 64 + "ffc0000b080001000101011100"
    "ffc4001400010000000000000000000000000000000009ffc4001410010000000000000000000000000000"
    "0000ffda0008010100003f0054ffd9"
)

FACE = png()
# Its head, and a frame that says nothing.
VOICE = b"#!AMR\n" + b"\x3c" + bytes(31)
VIDEO = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp41") + struct.pack(">I4s", 8, b"mdat")

FILES = {
    "face.png": FACE,
    "头像.jpg": JPEG,
    "words.png": "这不是图片".encode(),
    "voice.amr": VOICE,
    "video.mp4": VIDEO,
}
KINDS = {"image": "face.png", "voice": "voice.amr", "video": "video.mp4", "thumb": "头像.jpg"}
