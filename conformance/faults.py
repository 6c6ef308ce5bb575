"""What SDKs do wrong by themselves. Each is asked for in every run, and must still fail in just this way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """How the step fails, and why that is the SDK's doing."""

    seen: str
    why: str


STALE_DELETE = Fault(
    "TypeError: 'str' object does not support item assignment",
    "It keeps this call's query as text, and fails with a TypeError when it is to put a new token into it"
    " (`client/api/customservice.py`). The agent is deleted when the call is made again.",
)

FAULTS = {
    ("wechatpy 1.8.18", "an_agent_is_deleted_with_an_expired_token"): STALE_DELETE,
    ("wechatpy 2.0.0a26", "an_agent_is_deleted_with_an_expired_token"): STALE_DELETE,
    ("itchatmp 0.0.17", "an_agent_may_be_called_by_an_emoji"): Fault(
        "refused with -10001",
        "It cannot write characters beyond the first 65,536 into JSON and sends nothing (`utils.py: encode_send_dict`).",
    ),
    ("itchatmp 0.0.17", "an_agent_is_renamed"): Fault(
        "refused with 65406",
        "Its update goes to `kfaccount/add` (`controllers/mpapi/mp/customerservice.py`), where the agent exists already.",
    ),
    ("itchatmp 0.0.17", "an_unknown_agent_is_not_renamed"): Fault(
        "not refused with 65401",
        "Its update goes to `kfaccount/add` (`controllers/mpapi/mp/customerservice.py`), so the agent is made.",
    ),
}

# Paths in an SDK's code that are not driven, and why.
LEFT = {}
