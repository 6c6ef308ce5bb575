"""Finds api.weixin.qq.com where the test serves it. The SDK connects and checks the certificate as it always does."""

import os
import socket

HOST = "api.weixin.qq.com"
PORTS = {443: int(os.environ["KEFU_HTTPS"]), 80: int(os.environ["KEFU_HTTP"])}

found = socket.getaddrinfo


def getaddrinfo(host, port, *rest, **named):
    if host in (HOST, HOST.encode()):
        return found("127.0.0.1", PORTS[int(port)], *rest, **named)
    return found(host, port, *rest, **named)


socket.getaddrinfo = getaddrinfo
