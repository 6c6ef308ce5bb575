"""Lets schemathesis read Weixin's way of refusing.

Every answer of Weixin's endpoints is HTTP 200, and `errcode` in the body tells a refusal. Checks of the status would
see success only. So this file gives each answer the status that fits its code: 43001 "require GET method" becomes a
405 that allows GET, 41001 a 401, -1 a 500. Nothing else of an answer changes, no check is off, and requests are sent
unchanged.

The description changes in the same way. Its one answer is a choice of two: the first becomes the 200, the second every
status that a refusal can have.
"""

import copy
import json

import schemathesis
from schemathesis.transport.requests import RequestsTransport

STATUS = {
    401: {40001, 40014, 40125, 41001, 42001},
    403: {40164, 40200, 48001, 48008, 61003, 61004, 61007, 61015, 65400, 70000, 76003, 76022, 10130030},
    404: {40003, 40007, 40013, 40066, 40097, 45071, 65401, 65413, 76001, 76021},
    405: {43001, 43002},
    413: {40006, 45001, 45002},
    429: {45009, 45011, 48006},
    400: {
        40002, 40004, 40005, 40008, 40101, 40202, 40203, 41002, 41004, 41005, 41006, 41018, 44001, 44002, 44003,
        44004, 45008, 45072, 45078, 45091, 45098, 45099, 47001, 65403, 65409, 65416, 65417, 76002,
        10130002, 10130600,
    },
    409: {
        40201, 45015, 45047, 45070, 45077, 45080, 45081, 65402, 65404, 65405, 65406, 65407, 65408, 65410, 65411, 65412,
        65414, 65415, 10130602, 10130603, 10130604,
    },
    500: {-1},
}  # fmt: skip
STATUS_OF = {code: status for status, codes in STATUS.items() for code in codes}
ALLOWED = {43001: "GET", 43002: "POST"}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    unknown = {int(code) for code in raw_schema["x-errcodes"]} - set(STATUS_OF) - {0}
    assert not unknown, f"tests/openapi/hooks.py has no status for {sorted(unknown)}"
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            read(operation["responses"])


def read(responses):
    answer = responses["200"]
    media = answer["content"].pop("application/json")
    if "oneOf" in media["schema"]:
        success, refusal = media["schema"]["oneOf"]
        answer["content"]["application/json"] = {"schema": success}
    else:  # a file, or a refusal
        refusal = media["schema"]
    for status in STATUS:
        responses[str(status)] = {
            "description": answer["description"],
            "content": {"application/json": {"schema": copy.deepcopy(refusal)}},
        }


def reads(send):
    """Wraps the transport: the hook `after_call` does not see the probes of checks."""

    def read_too(*arguments, **options):
        response = send(*arguments, **options)
        read_answer(response)
        return response

    return read_too


RequestsTransport.send = reads(RequestsTransport.send)


def read_answer(response):
    assert response.status_code == 200, "Weixin's endpoints always answer 200"
    if not response.headers.get("content-type", [""])[0].startswith("application/json"):
        return
    if not response.content:
        return  # HEAD
    code = json.loads(response.content).get("errcode", 0)
    if code != 0:
        response.status_code = STATUS_OF[code]
    # The answer to OPTIONS names the missed method, which is not a list of all.
    if code in ALLOWED and response.request.method != "OPTIONS":
        response.headers["allow"] = [ALLOWED[code]]
