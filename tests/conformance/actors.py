"""The server under test and the people around it. All of them use the front door."""

import re
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections import Counter
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import requests

APPID = "wx0123456789abcdef"
SECRET = "0123456789abcdef0123456789abcdef"
AGENT = "kf1@demo"
WORKER, PASSWORD = "kf_demo", "demo"

STEAD = ("--as", "api.weixin.qq.com", "--as-https", "127.0.0.1:0", "--as-http", "127.0.0.1:0", "--metrics-listen")
NO_PROXY = {"http": "", "https": ""}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def last_hour(now):
    """The hour before `now` and the minute after it, cut to the calendar day in Beijing, which getrecord asks for."""
    midnight = now - (now + 8 * 3600) % 86_400
    return max(midnight, now - 3600), min(midnight + 86_400, now + 60)


def eventually(what, true):
    """Waits for something another actor sees a moment later."""
    end = time.monotonic() + 20
    while not (value := true()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within 20 s")
        time.sleep(0.05)
    return value


class Desk:
    """A `kefu demo` of its own, on free ports, in the stead of api.weixin.qq.com, from construction to `close`."""

    def __init__(self, program, *flags):
        self.program = program
        self.data = tempfile.TemporaryDirectory(prefix="kefu-")
        self.authority = self.data.name + "/authority/ca.pem"
        self.metrics = f"127.0.0.1:{free_port()}"
        command = [program, "demo", "--listen", "127.0.0.1:0", "--data", self.data.name, *flags, *STEAD, self.metrics]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said, self.base, self.https, self.http = [], None, None, None
        self.ear = threading.Thread(target=self._listen, daemon=True)
        self.ear.start()
        try:
            eventually("the server says its addresses", lambda: self.http or self.process.poll() is not None)
            if not self.http:
                self.ear.join(5)
                raise AssertionError("the server ended:\n" + "".join(self.said))
        except BaseException:
            self.close()
            raise

    def _listen(self):
        for line in self.process.stdout:
            self.said.append(line)
            if not self.base and (found := re.search(r"http://127\.0\.0\.1:\d+", line)):
                self.base = found[0]
            if found := re.search(r"By TLS +127\.0\.0\.1:(\d+)", line):
                self.https = int(found[1])
            if found := re.search(r"In clear +127\.0\.0\.1:(\d+)", line):
                self.http = int(found[1])

    def asked(self):
        """How often each endpoint was asked for so far."""
        text = requests.get(f"http://{self.metrics}/metrics", proxies=NO_PROXY, timeout=20).text
        asked = Counter()
        counter = r'^kefu_requests_total\{endpoint="([^"]+)",errcode="-?\d+"\} (\d+)'
        for endpoint, count in re.findall(counter, text, re.M):
            asked[endpoint] += int(count)
        return asked

    def operator(self, *arguments):
        """A subcommand while the server runs."""
        command = [self.program, *arguments, "--data", self.data.name]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise AssertionError(f"kefu {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.ear.join(5)
        self.process.stdout.close()
        self.data.cleanup()


class Browser:
    """Cookies of one person, and calls as a page of the desk makes them."""

    def __init__(self, desk):
        self.base = desk.base
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Origin"] = desk.base

    def post(self, path, body):
        answer = self.http.post(self.base + path, json=body, timeout=20)
        if answer.status_code != 200 or answer.json().get("errcode", 0) != 0:
            raise AssertionError(f"POST {path}: HTTP {answer.status_code} {answer.text}")
        return answer.json()

    def get(self, path):
        answer = self.http.get(self.base + path, timeout=20)
        answer.raise_for_status()
        return answer.json()


class Worker(Browser):
    """The demo's worker, who is online until `close`: like a browser, it opens a stream that has ended again."""

    def __init__(self, desk):
        super().__init__(desk)
        self.post("/desk/api/login", {"name": WORKER, "password": PASSWORD})
        self.closed = threading.Event()
        self.open()
        threading.Thread(target=self.stay, daemon=True).start()

    def open(self):
        line = HTTPConnection(urlsplit(self.base).netloc, timeout=60)
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.http.cookies)
        line.request("GET", "/desk/api/stream", headers={"Cookie": cookies, "Origin": self.base})
        self.socket = line.sock
        self.stream = line.getresponse()
        if self.stream.status != 200:
            raise AssertionError(f"the stream: HTTP {self.stream.status}")

    def stay(self):
        while not self.closed.is_set():
            try:
                while self.stream.read1(65536):
                    pass
                if not self.closed.is_set():
                    self.open()
            except (OSError, HTTPException, AssertionError):
                # There is no answer yet, or the server has stopped.
                self.closed.wait(0.5)

    def replies(self, openid, text):
        """Answers a customer in a session of the worker."""
        (place,) = self.get("/desk/api/snapshot")["accounts"]
        (session,) = [one["id"] for one in place["sessions"] if one["openid"] == openid]
        given = {"appid": APPID, "session": session, "client_id": str(uuid.uuid4()), "text": text}
        self.post("/desk/api/message", given)

    def close(self):
        self.closed.set()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It has ended already.
        self.http.close()


class Customer(Browser):
    """Somebody with the customer page open."""

    def reads(self):
        """The last messages on the worker's page."""
        return self.get(f"/chat/api/{APPID}/snapshot")["messages"]

    def says(self, text):
        if not self.http.cookies:
            self.reads()  # The page gives a browser its cookie before it writes.
        self.post(f"/chat/api/{APPID}/message", {"client_id": str(uuid.uuid4()), "text": text})

    def shows(self, picture):
        path = f"/chat/api/{APPID}/image?client_id={uuid.uuid4()}"
        answer = self.http.post(self.base + path, data=picture, headers={"Content-Type": "image/png"}, timeout=20)
        if answer.status_code != 200 or answer.json().get("errcode", 0) != 0:
            raise AssertionError(f"POST {path}: HTTP {answer.status_code} {answer.text}")
