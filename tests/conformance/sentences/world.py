"""What a step uses: a fresh server, one SDK, calls to the server without the SDK, and helpers."""

import re
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from actors import AGENT, APPID, SECRET, Customer
from sdk.driver import Refused
from sentences.files import FILES, KINDS

# A customer who never wrote.
STRANGER = "o" + "Z" * 27


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, not {expected!r}")


def done(value):
    """A write that went well: `{"errcode":0,"errmsg":"ok"}` or nothing at all, as the SDK has it."""
    if isinstance(value, str):
        raise AssertionError(f"the answer is {value}")
    if value is not None:
        equal((value.get("errcode"), value.get("rawmsg", value.get("errmsg"))), (0, "ok"), "the answer")


@contextmanager
def refused(code):
    """The SDK's user learns Weixin's code, in the error's member for it or in its text."""
    try:
        yield
    except Refused as refusal:
        equal(refusal.code, code, "the code")
    except AssertionError as error:
        if not re.search(rf"\b{code}\b", str(error)):
            raise
    else:
        raise AssertionError(f"not refused with {code}")


def listed(value, member):
    """Some SDKs give the list, some the object around it."""
    return value if isinstance(value, list) else value[member]


def same(found, expected, needed):
    """An entry of a list: what the SDK has of it is what the server says, and it has what is needed."""
    for member in needed:
        if member not in found:
            raise AssertionError(f"{member} is missing in {found}")
    for member, value in found.items():
        if value is not None and value != expected.get(member):
            # wx-sdk reads kf_wx and invite_wx into one member.
            equal(value, expected.get("invite_wx") if member == "kf_wx" else None, member)


class World:
    """A fresh server, one SDK, and a look at the server that does not go through the SDK."""

    def __init__(self, desk, sdk, shop, folder):
        self.desk, self.sdk, self.shop = desk, sdk, shop
        self.folder, self.worker = Path(folder), None
        for name, data in FILES.items():
            self.folder.joinpath(name).write_bytes(data)

    def begin(self, appid=APPID, secret=SECRET):
        """A new client, without a token."""
        self.sdk.ask("begin", appid=appid, secret=secret)

    def any_call(self):
        """A call that changes nothing, by whatever the SDK has."""
        if "list" in self.sdk.names:
            return self.sdk.list()
        with refused(40003):  # the customer is unknown, but the token is good
            self.sdk.text(openid=STRANGER, content="你好")

    def warm(self):
        """A client that has a token which works."""
        self.begin()
        self.any_call()

    def operator(self, *words):
        self.desk.operator(*words, "--appid", APPID)

    @contextmanager
    def calls(self, endpoint):
        """How often an endpoint is asked for meanwhile."""
        before = self.desk.asked()[endpoint]
        yield lambda: self.desk.asked()[endpoint] - before

    def has(self, account, nickname="客服"):
        self.shop.post("/customservice/kfaccount/add", kf_account=account, nickname=nickname)

    def invited(self, account, person):
        self.shop.post("/customservice/kfaccount/inviteworker", kf_account=account, invite_wx=person)

    def agents(self):
        return {one["kf_account"]: one for one in self.shop.get("/cgi-bin/customservice/getkflist")["kf_list"]}

    def sessions(self):
        answer = self.shop.get("/customservice/kfsession/getsessionlist", kf_account=AGENT)
        return {one["openid"]: one["createtime"] for one in answer["sessionlist"]}

    def file(self, name):
        return str(self.folder / name)

    def bytes(self, name):
        return FILES[name]

    def hash(self, name):
        return sha256(FILES[name]).hexdigest()

    def media(self, kind):
        """The media_id of a file of this kind."""
        return self.shop.upload(kind, KINDS[kind], FILES[KINDS[kind]])

    def fetch(self, url):
        """The content of an address of the desk, as a browser gets it."""
        return self.shop.http.get(url, timeout=20).content

    def has_session(self):
        """A customer writes, and the worker takes the session."""
        return self.customer()[0]

    def customer(self):
        """The openid of a customer who has the only session, and the customer."""
        for openid in self.sessions():
            self.shop.post("/customservice/kfsession/close", kf_account=AGENT, openid=openid)
        customer = Customer(self.desk)
        customer.says("你好")
        (openid,) = self.sessions()
        return openid, customer
