"""Files in a bucket of a store that is not ours (moto), which checks signatures, keys, rights and the sizes of parts.

It is looked into with boto3, and the key has the rights that docs/operating.md names and no others.
"""

import datetime
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
import requests
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from actors import AGENT, APPID, NO_PROXY, SECRET, Desk, eventually, free_port
from sentences.files import FACE, FILES, JPEG, KINDS, VIDEO

BUCKET, PREFIX, REGION = "desk", "shops/one", "eu-central-1"
MIB = 1 << 20
# What docs/operating.md asks for.
RIGHTS = ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"]


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, not {expected!r}")


class Store:
    """A moto of its own, from construction to `close`. It asks for keys after `free` calls; None: never."""

    def __init__(self, free, *more, scheme="http"):
        self.port = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        never = {} if free is None else {"INITIAL_NO_AUTH_ACTION_COUNT": str(free)}
        command = [sys.executable, "-B", "-m", "moto.server", "--host", "127.0.0.1", "--port", str(self.port), *more]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            env=os.environ | {"MOTO_S3_CUSTOM_ENDPOINTS": self.url} | never,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually("the store listens", self.listens)

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError("the store ended")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def client(self, what, key=("any", "any"), **more):
        config = Config(proxies={}, s3={"addressing_style": "path"}, retries={"max_attempts": 1})
        named = {"aws_access_key_id": key[0], "aws_secret_access_key": key[1], "region_name": REGION}
        return boto3.client(what, endpoint_url=self.url, config=config, **named, **more)

    def user(self, name, actions):
        """A key with these rights: three calls."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
        return key["AccessKeyId"], key["SecretAccessKey"]

    def bucket(self, **more):
        place = {"LocationConstraint": REGION}
        self.client("s3", **more).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)

    def close(self):
        self.process.kill()
        self.process.wait()


def place(store, key, bucket=BUCKET):
    where = f"s3://{bucket}/{PREFIX}"
    return ["--files", where, "--files-endpoint", store.url, "--files-region", REGION, "--files-key", ":".join(key)]


def doctor(program, *flags, **environment):
    """What the doctor says of files."""
    with tempfile.TemporaryDirectory() as data:
        command = [program, "doctor", "--json", "--data", data, "--listen", f"127.0.0.1:{free_port()}", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | environment)
    found = [finding for finding in json.loads(done.stdout) if finding["what"] == "files"]
    return found[0]["state"], found[0]["says"]


class Shop:
    """The demo's account."""

    def __init__(self, desk):
        self.base = desk.base
        who = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
        self.token = self.ask("/cgi-bin/token", **who)["access_token"]

    def ask(self, path, **query):
        return requests.get(self.base + path, params=query, proxies=NO_PROXY, timeout=60).json()

    def upload(self, kind, data, name="file"):
        query = {"access_token": self.token, "type": kind}
        return self.post("/cgi-bin/media/upload", query, data, name)

    def post(self, path, query, data, name):
        files = {"media": (name, data)}
        return requests.post(self.base + path, params=query, files=files, proxies=NO_PROXY, timeout=60).json()

    def media(self, kind, data):
        answer = self.upload(kind, data)
        return answer.get("media_id") or fail(f"an upload is answered {answer}")

    def fetch(self, media_id, **headers):
        query = {"access_token": self.token, "media_id": media_id}
        url = f"{self.base}/cgi-bin/media/get"
        answer = requests.get(url, params=query, headers=headers, proxies=NO_PROXY, timeout=60)
        if b"video_url" in answer.content:
            answer = requests.get(answer.json()["video_url"], headers=headers, proxies=NO_PROXY, timeout=60)
        return answer


def fail(what):
    raise AssertionError(what)


def large(begin, size):
    """A file of so many bytes that begins like this one."""
    return begin + bytes(at * 7 % 251 for at in range(4096)) * (size // 4096 + 1)


@contextmanager
def broken_off(shop, data):
    """Sends most of an upload, and hangs up."""
    host, port = re.search(r"//(.+):(\d+)", shop.base).groups()
    head = b'--x\r\nContent-Disposition: form-data; name="media"; filename="a.png"\r\n\r\n'
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            f"POST /cgi-bin/media/upload?access_token={shop.token}&type=image HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(data) + 1000}\r\n\r\n".encode()
            + head
            + data
        )
        yield


def trusted(folder):
    """A certificate for 127.0.0.1, its key, and the authority's."""
    now = datetime.datetime.now(datetime.timezone.utc)
    key, own = (ec.generate_private_key(ec.SECP256R1()) for _ in "ab")

    def made(subject, public, extension):
        name = lambda common: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("store's authority"))
        builder = builder.public_key(public).serial_number(x509.random_serial_number()).add_extension(extension, False)
        builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    paths = [Path(folder, name) for name in ("cert.pem", "key.pem", "ca.pem")]
    paths[0].write_bytes(made("store", own.public_key(), address))
    paths[1].write_bytes(own.private_bytes(serialization.Encoding.PEM, *plain))
    paths[2].write_bytes(made("store's authority", key.public_key(), x509.BasicConstraints(True, None)))
    return map(str, paths)


def files_come_and_go(program, store, key, s3):
    desk = Desk(program, *place(store, key))
    try:
        shop = Shop(desk)
        listed = lambda: s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        unfinished = lambda: s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        for kind, name in KINDS.items():
            equal(shop.fetch(shop.media(kind, FILES[name])).content, FILES[name], kind)
        film = large(VIDEO, 3 * MIB)[: 3 * MIB]
        part = shop.fetch(shop.media("video", film), Range="bytes=1000000-1000009")
        equal((part.status_code, part.content), (206, film[1_000_000:1_000_010]), "a part of a film")
        for size in (5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB):
            data = large(FACE, size)[:size]
            fetched = shop.fetch(shop.media("image", data)).content
            equal(fetched == data, True, f"a picture of {size} bytes, unchanged,")
        sizes = sorted(it["Size"] for it in listed())
        equal(sizes[-4:], [5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB], "the sizes of the largest")
        wrong = [it["Key"] for it in listed() if not re.fullmatch(PREFIX + r"/([0-9a-f]{2})/\1[0-9a-f]{30}", it["Key"])]
        equal((wrong, unfinished()), ([], []), "what is not named as ours, and what is half written,")
        print("bucket: files of every kind and size come back as they were", flush=True)

        count = len(listed())
        with broken_off(shop, large(FACE, 8 * MIB)):
            eventually("an upload has begun", unfinished)
        eventually("it is given up", lambda: not unfinished())
        equal(len(listed()), count, "the number of objects")
        print("bucket: an upload that breaks off leaves nothing", flush=True)

        query = {"access_token": shop.token, "kf_account": AGENT}
        for picture in (large(JPEG, 70_000), large(JPEG, 80_000)):
            answer = shop.post("/customservice/kfaccount/uploadheadimg", query, picture, "a.jpg")
            equal(answer["errcode"], 0, "a picture's answer")
        eventually("the picture before is gone", lambda: len(listed()) == count + 1)
        print("bucket: what nothing names goes", flush=True)

        media_id = shop.media("image", FACE)
        store.process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        answer = shop.upload("image", JPEG)
        took = time.monotonic() - begun
        if answer["errcode"] != -1 or took > 15:
            fail(f"a store that does not answer: {answer} after {took:.1f} s")
        listed = shop.ask("/cgi-bin/customservice/getkflist", access_token=shop.token)
        equal(listed.get("errcode", 0), 0, "another call's code")
        store.process.send_signal(signal.SIGCONT)
        equal(shop.fetch(media_id).content, FACE, "the picture of before")
        equal(shop.fetch(shop.media("image", JPEG)).content, JPEG, "a new picture")
        print(f"bucket: a stopped store answers -1 after {took:.1f} s, and serves again when it goes on", flush=True)
        if key[1] in "".join(desk.said):
            fail("the log holds the key")
    finally:
        desk.close()


def keys_are_looked_at(program, store, key):
    good = ("ok", f"s3://{BUCKET}/{PREFIX} can be written and read")
    equal(doctor(program, *place(store, key)), good, "the doctor's word")
    for flags, code in [
        (place(store, (key[0], "wrong")), "SignatureDoesNotMatch"),
        (place(store, ("AKIAWRONG", key[1])), "InvalidAccessKeyId"),
        (place(store, key, "disk"), "NoSuchBucket"),
    ]:
        state, says = doctor(program, *flags)
        if state != "problem" or code not in says:
            fail(f"the doctor says {state} {says}, not {code}")
    print("bucket: the doctor tells a wrong key, a wrong secret and a bucket that is not there", flush=True)


def tls_is_checked(program):
    with tempfile.TemporaryDirectory() as folder:
        cert, key, authority = trusted(folder)
        store = Store(None, "--ssl-cert", cert, "--ssl-key", key, scheme="https")
        try:
            store.bucket(verify=authority)
            state, says = doctor(program, *place(store, ("any", "any")), SSL_CERT_FILE=authority)
            equal(state, "ok", f"what is said of a store with TLS ({says})")
            state, says = doctor(program, *place(store, ("any", "any")))
            if state != "problem" or "UnknownIssuer" not in says:
                fail(f"a store with an untrusted certificate is {state}: {says}")
        finally:
            store.close()
    print("bucket: a store with TLS is spoken to when its authority is trusted", flush=True)


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    program = os.environ["KEFU"]
    store = Store(7)
    try:
        looks, key = store.user("looks", ["s3:*"]), store.user("kefu", RIGHTS)
        store.bucket()
        keys_are_looked_at(program, store, key)
        files_come_and_go(program, store, key, store.client("s3", looks))
    finally:
        store.close()
    tls_is_checked(program)


if __name__ == "__main__":
    main()
