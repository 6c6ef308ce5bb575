"""Starts a fresh demo, checks it against its own description with schemathesis, and counts the tested operations.

Fails when a check fails, and when an operation was not tested.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
APPID = "wx0123456789abcdef"
# Fewest cases for each operation.
MANY = 10


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="kefu-openapi-") as folder:
        server = start(Path(folder))
        try:
            base = address(server, Path(folder) / "out")
            run(base, administrators_token(base), Path(folder))
        finally:
            server.terminate()
            server.wait(20)
        said = (Path(folder) / "log").read_text()
        if '"level":"ERROR"' in said:
            sys.exit("openapi: something failed inside\n" + said)


def start(folder):
    with (folder / "out").open("w") as out, (folder / "log").open("w") as log:
        command = [os.environ["KEFU"], "demo", "--memory", "--listen", "127.0.0.1:0"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, cwd=folder)


def address(server, out):
    for _ in range(300):
        if server.poll() is not None:
            sys.exit("openapi: the server ended at once")
        found = re.search(r"API base URL +(\S+)", out.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    sys.exit("openapi: the server does not say where it listens")


def post(base, path, body, cookie=""):
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", "Cookie": cookie}
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request, timeout=20)


def administrators_token(base):
    """A token as the page /debug gets it: the tested calls end the account's other tokens, but not this one."""
    with post(base, "/desk/api/login", {"name": "kf_demo", "password": "demo"}) as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    with post(base, "/desk/api/debug/token", {"appid": APPID}, cookie) as answer:
        return json.load(answer)["access_token"]


def run(base, token, folder):
    report = folder / "report.json"
    command = [
        Path(sys.executable).with_name("st"), "--config-file", HERE / "schemathesis.toml", "run",
        "--report", "json", "--report-json-path", report, f"{base}/openapi.json",
    ]  # fmt: skip
    environment = {**os.environ, "KEFU_TOKEN": token, "PYTHONDONTWRITEBYTECODE": "1"}
    status = subprocess.run(command, env=environment, cwd=HERE, stdin=subprocess.DEVNULL).returncode
    if status != 0:
        sys.exit(f"openapi: schemathesis ended with {status}")
    with urllib.request.urlopen(f"{base}/openapi.json", timeout=20) as answer:
        described = sum(len(methods) for methods in json.load(answer)["paths"].values())
    seen = json.loads(report.read_text())
    tested, cases = seen["operations"]["tested"], seen["test_cases"]["generated"]
    if not seen["complete"] or tested != described or cases < MANY * described:
        sys.exit(f"openapi: {tested} of {described} operations were tested, with {cases} cases")
    print(f"openapi: {described} of {described} operations tested, {cases} cases passed")


if __name__ == "__main__":
    main()
