"""Runs every step with every SDK, and compares the outcome with the list of the SDKs' own faults."""

import re
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import requests
import sentences.messages  # noqa: F401  its steps
import sentences.scenario  # noqa: F401  its steps
from actors import APPID, SECRET, Desk, Worker, eventually
from sdk.driver import Driver
from sdk.faults import FAULTS, LEFT
from sentences.steps import CALLS, STEPS
from tunnel import Tunnel
from sentences.world import World

TABLE = Path(__file__).parents[2] / "crates/protocol/src/endpoint/table.rs"


def endpoints():
    """Every endpoint of the server, by name, with its documented path."""
    row = r'^        name: "(\w+)",\n(?:        .*\n)*?        path: "([^"]+)"'
    found = re.findall(row, TABLE.read_text(), re.MULTILINE)
    if len(found) < 10:
        raise AssertionError("there are no endpoints in the table")
    return dict(found)


class Shop:
    """Reads from the server, and prepares it, without an SDK."""

    def __init__(self, desk):
        self.base, self.token = desk.base, None
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path, **query):
        return self._call("GET", path, query, None)

    def post(self, path, **body):
        return self._call("POST", path, {}, body)

    def fresh(self):
        """A token which works."""
        self.get("/cgi-bin/customservice/getkflist")
        return self.token

    def upload(self, kind, name, data):
        """The media_id of a file."""
        query = {"access_token": self.fresh(), "type": kind}
        url = self.base + "/cgi-bin/media/upload"
        answer = self.http.post(url, params=query, files={"media": (name, data)}, timeout=20).json()
        if "media_id" not in answer and "thumb_media_id" not in answer:
            raise AssertionError(f"upload of {name}: {answer}")
        return answer.get("media_id") or answer["thumb_media_id"]

    def file(self, media_id):
        query = {"access_token": self.fresh(), "media_id": media_id}
        return self.http.get(self.base + "/cgi-bin/media/get", params=query, timeout=20).content

    def ask(self, path, **body):
        """An answer, whatever it is."""
        return self.http.post(self.base + path, params={"access_token": self.fresh()}, json=body, timeout=20).json()

    def _call(self, method, path, query, body):
        for _ in range(2):
            query["access_token"] = self.token
            answer = self.http.request(method, self.base + path, params=query, json=body, timeout=20).json()
            if answer.get("errcode") not in (40001, 41001, 42001):
                break
            who = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
            answered = self.http.post(self.base + "/cgi-bin/stable_token", json=who, timeout=20).json()
            self.token = answered["access_token"]
        if answer.get("errcode"):
            raise AssertionError(f"{method} {path}: {answer}")
        return answer


@dataclass
class Outcome:
    """The outcome of all steps with one SDK."""

    sdk: object
    # The endpoints that the SDK has calls for.
    has: set = field(default_factory=set)
    # By endpoint: the steps that passed, and the faults that occurred.
    passed: dict = field(default_factory=lambda: defaultdict(list))
    faults: dict = field(default_factory=lambda: defaultdict(list))
    # Endpoints in the SDK's code that are not driven, and why.
    left: dict = field(default_factory=dict)
    # Failures.
    wrong: list = field(default_factory=list)


def paths_in(sdk, served):
    """The endpoints whose path is in the SDK's code, without comments."""
    aside = {"node_modules", "test", "tests", "examples"}
    files = [
        file
        for root in sdk.code
        for file in root.rglob("*")
        if file.suffix in (".py", ".js", ".rs") and not aside & set(file.relative_to(root).parts)
    ]
    if not files:
        raise AssertionError(f"{sdk.title}: there is no code at {sdk.code}")
    lines = [line for file in files for line in file.read_text(errors="replace").splitlines()]
    code = "\n".join(line for line in lines if not re.match(r"\s*(//|\*|/\*|#)", line))
    tails = {name: re.sub("^/(cgi-bin|customservice)/", "", path) for name, path in served.items()}
    return {name for name, tail in tails.items() if re.search(rf"(?<!\w){re.escape(tail)}(?!\w)", code)}


def ask(sdk, program):
    """The outcome of every step with this SDK."""
    outcome = Outcome(sdk)
    desk = Desk(program)
    try:
        tunnel = Tunnel(desk)
        try:
            with tempfile.TemporaryDirectory(prefix="kefu-sdk-") as folder:
                driver = Driver(sdk, {**tunnel.places(sdk.language == "Rust"), "KEFU_FOLDER": folder})
                try:
                    _steps(outcome, World(desk, driver, Shop(desk), folder))
                    _complete(outcome, driver)
                finally:
                    driver.end()
        finally:
            tunnel.close()
    finally:
        desk.close()
    return outcome


def _steps(outcome, world):
    sdk = outcome.sdk
    for name, value in sdk.settings.items():
        world.operator("account", "set", f"--{name}", value)
    world.begin()
    served = endpoints()
    can = [step for step in STEPS if step.endpoint in served and set(step.calls) <= world.sdk.names]
    steps = [step for step in can if step.when(sdk)]
    for step in steps:
        if not step.online:
            _step(outcome, world, step)
    world.worker = worker = Worker(world.desk)
    try:
        online = "/cgi-bin/customservice/getonlinekflist"
        eventually("the worker is online", lambda: world.shop.get(online)["kf_online_list"])
        for step in steps:
            if step.online:
                _step(outcome, world, step)
    finally:
        worker.close()


def _step(outcome, world, step):
    """Runs a step, which must pass, or fail as listed in faults.py for this SDK."""
    known = FAULTS.get((outcome.sdk.title, step.name))
    try:
        step.run(world)
    except AssertionError as failure:
        if known and re.search(known.seen, str(failure)):
            outcome.faults[step.endpoint].append((step, known))
        else:
            outcome.wrong.append(f"{step.name}: {failure}")
            outcome.faults[step.endpoint].append((step, None))
    else:
        outcome.passed[step.endpoint].append(step)
        if known:
            outcome.wrong.append(f"{step.name}: the fault in faults.py does not occur any more")


def _complete(outcome, driver):
    """Every call of the driver is made, and every endpoint whose path is in the SDK is driven or listed."""
    served = endpoints()
    outcome.has = {CALLS[call] for call in driver.names} & served.keys()
    for call in driver.names - driver.called:
        if CALLS[call] in served:
            outcome.wrong.append(f"the driver's call '{call}' was never made")
    outcome.left = left = LEFT.get(outcome.sdk.title, {})
    for name in paths_in(outcome.sdk, served) - outcome.has - left.keys():
        outcome.wrong.append(f"{name}: its path is in the SDK, and the driver does not call it")
    for name in left.keys() & outcome.has:
        outcome.wrong.append(f"{name}: it is driven, and listed as left out")


