"""A process in which an SDK runs. It reads which call to make, and writes what the SDK's user got."""

import json
import os
import selectors
import subprocess
import tempfile


class Refused(AssertionError):
    """The SDK raised one of Weixin's error codes."""

    def __init__(self, code, text):
        super().__init__(f"refused with {code}: {text}")
        self.code, self.text = code, text


class Broke(AssertionError):
    """The SDK failed in a way of its own."""


class Driver:
    """Runs from construction to `end`."""

    def __init__(self, sdk, environment):
        answers, theirs = os.pipe()
        self.answers = os.fdopen(answers, "rb", buffering=0)
        self.unread = b""
        # A file, because a pipe that nobody reads stops the process once it is full.
        self.log = tempfile.TemporaryFile()
        ours = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *sdk.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            env={**ours, **environment, "KEFU_ANSWERS": str(theirs)},
            pass_fds=(theirs,),
        )
        os.close(theirs)
        self.names = frozenset(self.ask("names")) - {"begin"}
        self.called = set()

    def ask(self, call, **given):
        """What the SDK gives its user, as JSON.

        Raises `Refused` where that is a code of Weixin's, and `Broke` where it is anything else the SDK raises."""
        self.process.stdin.write(json.dumps({"call": call, "with": given}).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self._line())
        if error := answer.get("error"):
            if error["code"] is None:
                raise Broke(f"{error['kind']}: {error['text']}")
            raise Refused(error["code"], error["text"])
        value = answer["value"]
        if isinstance(value, dict) and value.get("errcode"):
            raise Refused(value["errcode"], value.get("errmsg"))
        return value

    def __getattr__(self, call):
        def act(**given):
            self.called.add(call)
            return self.ask(call, **given)

        return act

    def _line(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            while b"\n" not in self.unread:
                if not selector.select(60):
                    raise AssertionError("the SDK says nothing for 60 s")
                if not (chunk := self.answers.read(1 << 16)):
                    self.log.seek(0)
                    last = self.log.read().decode(errors="replace")[-2000:]
                    raise AssertionError("the driver ended: " + last)
                self.unread += chunk
        line, self.unread = self.unread.split(b"\n", 1)
        return line

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.answers.close()
