"""Lets schemathesis read Weixin's way of refusing.

Every answer of Weixin's endpoints is HTTP 200, and a refusal stands in the body as `errcode`. Checks that look at the
status would see nothing but success. So each answer is read here as what its code says: 43001 "require GET method" is a
405 that allows GET, 41001 is a 401, -1 is a 500. What arrives is changed nowhere else, no check is switched off, and what
is sent is not touched.

The description is read the same way: its one answer is a choice of two, and the first becomes the 200, the second every
status which a refusal can be read as.
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
        40002, 40004, 40005, 40008, 40101, 41002, 41004, 41005, 41006, 41018, 44001, 44002, 44003, 44004, 45008,
        45072, 45078, 45091, 45098, 45099, 47001, 65403, 65409, 65416, 65417, 76002,
        10130002, 10130600,
    },
    409: {
        45015, 45047, 45070, 45077, 45080, 45081, 65402, 65404, 65405, 65406, 65407, 65408, 65410, 65411, 65412, 65414, 65415,
        10130602, 10130603, 10130604,
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
    """Probes of checks go past the hook `after_call`, so the way out of all calls is taken."""

    def read_too(*arguments, **options):
        response = send(*arguments, **options)
        read_answer(response)
        return response

    return read_too


RequestsTransport.send = reads(RequestsTransport.send)


def read_answer(response):
    assert response.status_code == 200, "Weixin's endpoints answer 200, whatever happens"
    if not response.headers.get("content-type", [""])[0].startswith("application/json"):
        return
    if not response.content:
        return  # HEAD
    code = json.loads(response.content).get("errcode", 0)
    if code != 0:
        response.status_code = STATUS_OF[code]
    # What OPTIONS is told is the method that was missed, which is no list of all.
    if code in ALLOWED and response.request.method != "OPTIONS":
        response.headers["allow"] = [ALLOWED[code]]
