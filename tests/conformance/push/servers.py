"""SDKs that receive pushes: the developers' servers of their users."""

import os
from dataclasses import dataclass
from pathlib import Path

from sdk.sdks import MODULES

DRIVERS = Path(__file__).parent / "drivers"


@dataclass(frozen=True)
class Server:
    """One package: its version, and the process in which it runs."""

    name: str
    version: str
    language: str
    command: tuple

    @property
    def title(self):
        return f"{self.name} {self.version}"


def python(name, version, word, environment):
    program = str(Path(os.environ.get(environment, "")) / "bin/python")
    return Server(name, version, "Python", (program, "-B", str(DRIVERS / "developer.py"), word))


def node(name, version):
    return Server(name, version, "Node", ("node", str(DRIVERS / "developer.js"), str(MODULES), name))


def rust(name, version):
    return Server(name, version, "Rust", (os.environ.get("KEFU_RUST_DRIVER", ""), name, "developer"))


WECHATPY = python("wechatpy", "1.8.18", "wechatpy", "KEFU_VENV")

ALL = (
    WECHATPY,
    python("wechatpy", "2.0.0a26", "wechatpy", "KEFU_VENV_MORE"),
    python("WeRoBot", "1.13.1", "WeRoBot", "KEFU_VENV_MORE"),
    node("wechat", "2.1.0"),
    node("co-wechat", "2.4.0"),
    rust("wx-sdk", "0.0.9"),
    rust("wechat-oa-sdk", "1.0.5"),
)
