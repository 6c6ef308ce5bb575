"""The loopback stand-in for https://api.weixin.qq.com.

Its host is part of the SDK's code, so the SDK comes here as through any HTTPS proxy: it asks for a CONNECT to
api.weixin.qq.com, finds TLS with a certificate for that name, and speaks with Kefu. No byte is changed on the way.
"""

import asyncio
import os
import re
import ssl
import tempfile
import threading

import trustme

HOST = "api.weixin.qq.com"
REQUEST = re.compile(rb"^(?:GET|POST) ([^ ?]+)\S* HTTP/1\.1\r\n", re.MULTILINE)


class StandIn:
    """Serves from construction to `close`; `calls` are the paths asked for, in order."""

    def __init__(self, host, port):
        self.upstream = (host, port)
        self.calls = []
        authority = trustme.CA()
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(self.tls)
        self.authority = tempfile.NamedTemporaryFile(prefix="kefu-ca-", suffix=".pem")
        self.authority.write(authority.cert_pem.bytes())
        self.authority.flush()

        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        if not self.ready.wait(10):
            raise AssertionError("the stand-in does not start")

    async def _serve(self):
        inside = await asyncio.start_server(self._terminate, "127.0.0.1", 0, ssl=self.tls)
        self.inside = inside.sockets[0].getsockname()
        plain = await asyncio.start_server(self._terminate, "127.0.0.1", 0)
        self.plain = plain.sockets[0].getsockname()
        outside = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:%d" % outside.sockets[0].getsockname()[1]
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self.end.wait()

    async def _connect(self, reader, writer):
        """A client of the proxy: a tunnel to our own TLS, and to nowhere else."""
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"CONNECT %s:443 HTTP/1." % HOST.encode()):
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join(reader, writer, *await asyncio.open_connection(*self.inside))

    async def _terminate(self, reader, writer):
        """The inside of the TLS: plain HTTP, on to Kefu."""
        await _join(reader, writer, *await asyncio.open_connection(*self.upstream), seen=self._note)

    def _note(self, chunk):
        self.calls += [path.decode() for path in REQUEST.findall(chunk)]

    def environment(self):
        """What makes `requests` go through here: its ordinary settings, nothing of the SDK's."""
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[name]
        os.environ["HTTPS_PROXY"] = self.url
        os.environ["REQUESTS_CA_BUNDLE"] = self.authority.name

    def places(self, proxy):
        """Where a driver finds the host, by itself or through a proxy, and which authority to believe."""
        return {
            **({"HTTPS_PROXY": self.url} if proxy else {}),
            "KEFU_HTTPS": str(self.inside[1]),
            "KEFU_HTTP": str(self.plain[1]),
            "REQUESTS_CA_BUNDLE": self.authority.name,
            "NODE_EXTRA_CA_CERTS": self.authority.name,
            "SSL_CERT_FILE": self.authority.name,
        }

    def close(self):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()
        self.authority.close()


async def _join(reader, writer, far_reader, far_writer, seen=lambda chunk: None):
    try:
        await asyncio.gather(_copy(reader, far_writer, seen), _copy(far_reader, writer))
    except asyncio.CancelledError:
        pass  # the stand-in closes


async def _copy(reader, writer, seen=lambda chunk: None):
    try:
        while chunk := await reader.read(65536):
            seen(chunk)
            writer.write(chunk)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass  # one side has gone, maybe in the middle of its farewell
    finally:
        writer.close()
