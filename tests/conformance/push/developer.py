"""The developer's server of one SDK. Some SDKs bring a server; for the others a plain one passes requests to them."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from actors import APPID, eventually, free_port
from sdk.driver import Broke, Driver

TOKEN = "conformance"
# The key of everybody's examples. Its last character has bits that are not used.
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Developer:
    """Runs from construction to `close`."""

    def __init__(self, server):
        self.driver, self.lock = Driver(server, {}), threading.Lock()
        # What its handler can answer with.
        self.replies = self.driver.names
        self.http = None
        # What the SDK raised where a handler's author would see it.
        self.errors = []

    def begin(self, mode):
        """Starts the server with the account's settings. Returns its address."""
        self._end()
        self.errors.clear()
        port = free_port()
        key = "" if mode == "plain" else KEY
        given = {"token": TOKEN, "appid": APPID, "key": key, "mode": mode, "port": port}
        if not self.ask("begin", **given)["serves"]:
            self.http = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (Handler,), {"developer": self}))
            threading.Thread(target=self.http.serve_forever, daemon=True).start()
        eventually("the developer's server listens", lambda: listens(port))
        return f"http://127.0.0.1:{port}/wx"

    def ask(self, call, **given):
        with self.lock:
            return self.driver.ask(call, **given)

    def answers(self, word, kind, **reply):
        """Lets the handler answer a text with a reply."""
        self.ask("answers", word=word, reply={"kind": kind, **reply})

    def heard(self):
        """Everything that the handler got, in order."""
        return self.ask("heard")

    def _end(self):
        if self.http:
            self.http.shutdown()
            self.http.server_close()
            self.http = None

    def close(self):
        self._end()
        self.driver.end()


class Handler(BaseHTTPRequestHandler):
    """Passes a request to the SDK, and its answer back."""

    developer = None

    def do_GET(self):
        self._pass("")

    def do_POST(self):
        self._pass(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _pass(self, body):
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            status, answer = 200, self.developer.ask("receive", query=query, body=body)
        except Broke as error:
            self.developer.errors.append(str(error))
            status, answer = 500, ""
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())
        except BrokenPipeError:
            pass  # The desk has stopped meanwhile.

    def log_message(self, *_):
        pass


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
