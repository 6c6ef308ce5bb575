"""The steps of the scenario: how one is written down, and which endpoint each call of the drivers is about."""

from dataclasses import dataclass
from typing import Callable

STEPS = []
# The endpoint behind each call of the drivers.
CALLS = {
    "token": "getAccessToken",
    "stable_token": "getStableAccessToken",
    "add": "addkfaccount",
    "update": "updatekfaccount",
    "delete": "delkfaccount",
    "invite": "invitekfworker",
    "headimg": "uploadkfheadimg",
    "set_admin": "setkfadmin",
    "cancel_admin": "cancelkfadmin",
    "list": "getkflist",
    "online": "getonlinekflist",
    "create": "createkfsession",
    "close": "closesession",
    "session": "getkfsession",
    "sessions": "getkfsessionlist",
    "waiting": "getwaitcase",
    "records": "getmsglist",
    "old_records": "getrecord",
    "upload": "uploadTempMedia",
    "upload_bytes": "uploadTempMedia",
    "download": "getMedia",
    "download_bytes": "getMedia",
    "clear_quota": "clearQuota",
    "clear_quota_by_secret": "clearQuotaByAppSecret",
    "clear_component_quota": "clearComponentQuotaByAppSecret",
    "quota": "getApiQuota",
    "clear_one_quota": "clearApiQuota",
    "rid": "getRidInfo",
    "callback_ips": "getCallbackIp",
    "check_network": "callbackCheck",
    "typing": "typing",
    "business_typing": "businessTyping",
    "register_business": "registerbusiness",
    "update_business": "updatebusiness",
    "get_business": "getbusiness",
    "list_business": "listbusiness",
    "work": "getKfWorkBound",
    "bind_work": "bindKfWork",
    "unbind_work": "unbindKfWork",
    **dict.fromkeys(
        ("text", "text_from", "image", "voice", "video", "music", "news", "mpnews", "menu", "card", "link", "page"),
        "sendCustomMessage",
    ),
}


@dataclass(frozen=True)
class Step:
    """One sentence, and the calls an SDK must have for it."""

    endpoint: str
    calls: tuple
    name: str
    sentence: str
    run: Callable
    # Whether a worker is there meanwhile.
    online: bool
    # Of which SDKs it is asked.
    when: Callable


def step(endpoint, *calls, online=False, when=lambda sdk: True):
    def keep(run):
        sentence = " ".join(run.__doc__.split())
        STEPS.append(Step(endpoint, calls, run.__name__, sentence, run, online, when))
        return run

    return keep


def renews(code):
    """Asked of SDKs that fetch a new token by themselves after this code."""
    return lambda sdk: code in sdk.renews


def tells(code):
    """Asked of SDKs that leave this code to their user."""
    return lambda sdk: code not in sdk.renews
