"""A proxy for programs with a setting for one: a CONNECT to api.weixin.qq.com leads to the desk.

The desk itself shows the certificate for that host. No byte is looked at or changed on the way."""

import asyncio
import os
import threading

HOST = "api.weixin.qq.com"


class Tunnel:
    """Serves from construction to `close`."""

    def __init__(self, desk):
        self.desk = desk
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        if not self.ready.wait(10):
            raise AssertionError("the tunnel does not start")

    async def _serve(self):
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self.end.wait()

    async def _connect(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"CONNECT %s:443 HTTP/1." % HOST.encode()):
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.desk.https)
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        except asyncio.CancelledError:
            pass  # the tunnel closes

    def environment(self):
        """What makes `requests` go through here: its ordinary settings, nothing of the SDK's."""
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[name]
        os.environ["HTTPS_PROXY"] = self.url
        os.environ["REQUESTS_CA_BUNDLE"] = self.desk.authority

    def places(self, proxy):
        """Where a driver finds the host, by itself or through the tunnel, and which authority to believe."""
        return {
            **({"HTTPS_PROXY": self.url} if proxy else {}),
            "KEFU_HTTPS": str(self.desk.https),
            "KEFU_HTTP": str(self.desk.http),
            "REQUESTS_CA_BUNDLE": self.desk.authority,
            "NODE_EXTRA_CA_CERTS": self.desk.authority,
            "SSL_CERT_FILE": self.desk.authority,
        }

    def close(self):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()


async def _copy(reader, writer):
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass  # one side has gone, maybe in the middle of its farewell
    finally:
        writer.close()
