"""The SDKs that are driven, each as its users install it."""

import os
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("KEFU_MODULES", ""))


@dataclass(frozen=True)
class Sdk:
    """One package: its version, its code, and what it needs."""

    name: str
    version: str
    language: str
    command: tuple
    # Where its code is, and so the paths it knows.
    code: tuple
    # After which codes it fetches a new token and repeats the call.
    renews: frozenset = frozenset()
    # What its users set for the account, beside the defaults.
    settings: dict = field(default_factory=dict)
    # What else its users should know.
    note: str = ""

    @property
    def title(self):
        return f"{self.name} {self.version}"


def python(name, version, word, environment, package, **rest):
    venv = Path(os.environ.get(environment, ""))
    command = (str(venv / "bin/python"), "-B", str(HERE / "drivers/python.py"), word)
    code = tuple(venv.glob(f"lib/python3*/site-packages/{package}"))
    return Sdk(name, version, "Python", command, code, **rest)


def node(name, version, packages, **rest):
    command = ("node", "--require", str(HERE / "drivers/node/network.js"), str(HERE / "drivers/node/driver.js"), name)
    return Sdk(name, version, "Node", command, tuple(MODULES / package for package in packages), **rest)


def rust(name, version, **rest):
    code = Path(os.environ.get("KEFU_CRATES", "")) / f"{name}-{version}"
    return Sdk(name, version, "Rust", (os.environ.get("KEFU_RUST_DRIVER", ""), name), (code,), **rest)


WECHATPY = python("wechatpy", "1.8.18", "wechatpy 1", "KEFU_VENV", "wechatpy", renews=frozenset({40001, 42001}))

ALL = (
    WECHATPY,
    python("wechatpy", "2.0.0a26", "wechatpy 2", "KEFU_VENV_MORE", "wechatpy", renews=frozenset({40001, 42001})),
    python("WeRoBot", "1.13.1", "WeRoBot", "KEFU_VENV_MORE", "werobot"),
    python("itchatmp", "0.0.17", "itchatmp", "KEFU_VENV_MORE", "itchatmp"),
    node(
        "wechat-api",
        "1.35.1",
        ["wechat-api"],
        note="Before a card it asks for a ticket, which there is none of here (40066); it says nothing of that, and"
        " sends the card without a signature.",
    ),
    node("co-wechat-api", "3.11.0", ["co-wechat-api"], renews=frozenset({40001, 42001})),
    node(
        "node-easywechat",
        "3.6.2",
        ["node-easywechat"],
        note="It is a client for any path: its users take the paths from Weixin's pages.",
    ),
    node("node-weixin-api", "0.5.1", ["node-weixin-auth", "node-weixin-media", "node-weixin-message"]),
    rust("wx-sdk", "0.0.9", settings={"kf-id-as-string": "true"}),
    rust("wechat-oa-sdk", "1.0.5"),
)
