"""Sends what SDKs send that cannot run here, byte by byte, and looks whether their parsers would take the answer."""

import json
import re
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from actors import AGENT, APPID, SECRET, Customer, last_hour
from sentences.files import FACE, JPEG

TABLE = Path(__file__).parent / "replays.txt"
TYPES = {"int": int, "str": str, "list": list}


@dataclass(frozen=True)
class Replay:
    """One request of the table."""

    sdk: str
    source: str
    endpoint: str
    before: str
    needs: tuple
    after: str
    lines: tuple
    crlf: bool
    chunked: bool

    @property
    def name(self):
        return f"{self.sdk}, {self.endpoint}, {self.source}"


def table():
    """Every request of replays.txt."""
    text = re.sub(r"^#.*\n", "", TABLE.read_text(), flags=re.MULTILINE)
    return [_replay(block) for block in re.split(r"\n\n\n+", text.strip())]


def _replay(block):
    notes = dict(re.findall(r"^@(\w+)\s+(.*)$", block, re.MULTILINE))
    lines = [line for line in block.split("\n") if not line.startswith("@")]
    body = notes.get("body", "").split()
    return Replay(
        notes["sdk"],
        notes["from"],
        notes["for"],
        notes.get("before", ""),
        tuple(notes["needs"].split()),
        notes.get("after", ""),
        tuple(lines),
        "crlf" in body,
        "chunked" in body,
    )


def request(replay, words):
    """The bytes to send."""
    break_at = replay.lines.index("") if "" in replay.lines else len(replay.lines)
    body = ("\r\n" if replay.crlf else "\n").join(replay.lines[break_at + 1 :]).encode()
    if replay.crlf:
        body += b"\r\n"
    for word, value in {**words, "png": FACE, "jpeg": JPEG, "newline": "\n"}.items():
        body = body.replace(b"{%s}" % word.encode(), value if isinstance(value, bytes) else value.encode())
    words = {**words, "length": str(len(body))}
    head = "\r\n".join(replay.lines[:break_at])
    for word, value in words.items():
        head = head.replace("{%s}" % word, value)
    if replay.chunked:
        half = len(body) // 2
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:], b""))
    return head.encode() + b"\r\n\r\n" + body


def exchange(address, sent):
    """The answer's status, headers and body, as they come over the socket."""
    with socket.create_connection(address, 20) as line:
        line.sendall(sent)
        with line.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            headers = {}
            while head := answer.readline().strip():
                name, _, value = head.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            return status, headers, answer.read(int(headers["content-length"]))


def look(replay, answer, words):
    """What every parser needs, and then what this one needs; raises AssertionError."""
    status, headers, body = answer
    if replay.needs == ("file",):
        if (status, headers.get("content-type"), body) != (200, "image/png", FACE):
            raise AssertionError(f"HTTP {status}, {headers.get('content-type')}: {body[:200]!r}")
        return
    if status != 200 or not headers.get("content-type", "").startswith("application/json"):
        raise AssertionError(f"HTTP {status}, {headers.get('content-type')}: {body[:200]!r}")
    if "content-encoding" in headers or re.search(rb"[\x00-\x1f]", body):
        raise AssertionError(f"not one plain line: {headers} {body[:200]!r}")
    answer = json.loads(body)
    for need in replay.needs:
        member, kind, wanted = re.fullmatch(r"([\w.]+)([:=])(.*)", need).groups()
        value = answer
        for step in member.split("."):
            try:
                value = value[int(step) if step.isdigit() else step]
            except (KeyError, IndexError):
                raise AssertionError(f"{member} is missing in {body.decode()}") from None
        if kind == ":" and type(value) is not TYPES[wanted]:
            raise AssertionError(f"{member} is {value!r}, not of type {wanted}")
        if kind == "=" and str(value) != words.get(wanted.strip("{}"), wanted):
            raise AssertionError(f"{member} is {value!r}, not {wanted}: {body.decode()}")


class Player:
    """Plays requests against a desk where a worker is online and a customer waits."""

    def __init__(self, desk, shop, waiting):
        self.desk, self.shop, self.waiting = desk, shop, waiting
        host, port = re.fullmatch(r"http://([\d.]+):(\d+)", desk.base).groups()
        self.address = host, int(port)

    def play(self, replay):
        """Raises AssertionError where the SDK would not be content."""
        words = {"appid": APPID, "secret": SECRET, "token": self.shop.fresh(), "waiting": self.waiting}
        words |= zip(("begin", "end"), map(str, last_hour(int(time.time()))), strict=True)
        match replay.before.split():
            case ["agent", account]:
                self.shop.post("/customservice/kfaccount/add", kf_account=account, nickname="客服")
            case ["session"]:
                words["openid"] = self._session()
            case ["file"]:
                words["media"] = self.shop.upload("image", "face.png", FACE)
            case ["mini-program"]:
                words["icon"] = self.shop.upload("image", "face.png", FACE)
        with self._kind(replay.before):
            look(replay, exchange(self.address, request(replay, words)), words)
        self._after(replay.after)

    @contextmanager
    def _kind(self, before):
        """The account is a Mini Program meanwhile, where that must be so."""
        if before != "mini-program":
            yield
            return
        self.desk.operator("account", "set", "--kind", "mini-program", "--appid", APPID)
        try:
            yield
        finally:
            self.desk.operator("account", "set", "--kind", "service", "--appid", APPID)

    def _session(self):
        """A customer whom the agent serves."""

        def waiting():
            return [one["openid"] for one in self.shop.get("/customservice/kfsession/getwaitcase")["waitcaselist"]]

        before = waiting()
        Customer(self.desk).says("你好")
        (openid,) = [openid for openid in waiting() if openid not in before]
        self.shop.post("/customservice/kfsession/create", kf_account=AGENT, openid=openid)
        return openid

    def _after(self, sentence):
        agents = {one["kf_account"]: one for one in self.shop.get("/cgi-bin/customservice/getkflist")["kf_list"]}
        if not sentence:
            return
        account, _, what = sentence.partition(" is ")
        is_so = {
            "gone": lambda: account not in agents,
            "invited": lambda: agents[account].get("invite_status") == "waiting",
        }.get(what, lambda: agents[account]["kf_nick"] == what.removeprefix("called "))
        if not is_so():
            raise AssertionError(f"{sentence}: {agents.get(account)}")
