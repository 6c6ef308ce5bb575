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

USED_UP = Fault(
    "refused with 4(1005|4001)|socket hang up",
    "It has read the file to its end by then, and the second try sends none. Uploading the file again works.",
)
NO_ERROR = "It {} (`{}`), so its user gets the refusal as the file."

SUCCESS_IS_AN_ERROR = Fault(
    "refused with 0: ",
    "For a mini program's calls it takes `{\"errcode\":0,\"errmsg\":\"ok\"}` for an error of that number (`src/wxa.rs:"
    " post_send`). What was sent arrives.",
)

FAULTS = {
    **{
        ("wx-sdk 0.0.9", step): SUCCESS_IS_AN_ERROR
        for step in (
            "a_text_arrives",
            "a_text_of_any_characters_arrives",
            "an_emoji_arrives",
            "a_sixth_message_is_refused",
            "a_picture_arrives",
            "a_mini_programs_page_arrives",
            "a_link_arrives",
            "typing_is_shown",
        )
    },
    **{
        (sdk, step): USED_UP
        for sdk in ("wechatpy 1.8.18", "wechatpy 2.0.0a26", "co-wechat-api 3.11.0")
        for step in ("a_picture_is_sent_again_with_an_expired_token", "a_file_is_uploaded_again_with_an_expired_token")
    },
    ("itchatmp 0.0.17", "an_unknown_file_is_refused"): Fault(
        "not refused with 40007",
        NO_ERROR.format("looks for errors in text/plain alone", "controllers/mpapi/mp/messages.py: download"),
    ),
    ("wx-sdk 0.0.9", "bytes_are_uploaded"): Fault(
        "unsupported pair",
        "It makes a form's fields of the bytes, which cannot be (`src/mp/media.rs: upload`), and sends nothing; its"
        " `wxa().customer_message().upload_temp_media` works.",
    ),
    ("wx-sdk 0.0.9", "bytes_are_downloaded"): Fault(
        "unsupported pair",
        "It makes a pair of two texts where a list of pairs is due (`src/wxa/customer_message.rs: get_temp_media`), and"
        " sends nothing; its `mp().media().get` works.",
    ),
    ("wechat-api 1.35.1", "an_unknown_file_is_refused"): Fault(
        "not refused with 40007",
        NO_ERROR.format("looks for errors where the Content-Type has no parameters", "lib/api_media.js: getMedia"),
    ),
    ("node-weixin-api 0.5.1", "an_unknown_file_is_refused"): Fault(
        "not refused with 40007",
        NO_ERROR.format("writes whatever comes into the file", "node-weixin-request: lib/index.js"),
    ),
    ("wechatpy 1.8.18", "an_agent_is_deleted_with_an_expired_token"): STALE_DELETE,
    ("wechatpy 2.0.0a26", "an_agent_is_deleted_with_an_expired_token"): STALE_DELETE,
    ("itchatmp 0.0.17", "an_agent_may_be_called_by_an_emoji"): Fault(
        "refused with -10001",
        "It cannot write characters beyond the first 65,536 into JSON and sends nothing"
        " (`utils.py: encode_send_dict`).",
    ),
    ("itchatmp 0.0.17", "an_emoji_arrives"): Fault(
        "refused with -10001",
        "It cannot write characters beyond the first 65,536 into JSON and sends nothing"
        " (`utils.py: encode_send_dict`).",
    ),
    ("itchatmp 0.0.17", "a_text_of_any_characters_arrives"): Fault(
        "refused with 47001",
        "It takes the escapes out of its JSON before it sends it (`utils.py: encode_send_dict`), so a line's end or a"
        " quotation mark in a text makes it something else than JSON.",
    ),
    ("itchatmp 0.0.17", "quotas_are_cleared"): Fault(
        "the answer is <Response>",
        "It sends its appid as a form instead of JSON, and gives its user the bare response, which has 47001"
        " (`controllers/mpapi/mp/common.py: clear_quota`).",
    ),
    ("itchatmp 0.0.17", "the_addresses_of_pushes_are_told"): Fault(
        r"the addresses is \['127\.0\.0\.'\]",
        "It cuts each address at its slash, and an address without one by its last character"
        " (`controllers/mpapi/mp/common.py: get_server_ip`).",
    ),
    ("itchatmp 0.0.17", "an_agent_is_renamed"): Fault(
        "refused with 65406",
        "Its update goes to `kfaccount/add` (`controllers/mpapi/mp/customerservice.py`), where the agent exists"
        " already.",
    ),
    ("itchatmp 0.0.17", "an_unknown_agent_is_not_renamed"): Fault(
        "not refused with 65401",
        "Its update goes to `kfaccount/add` (`controllers/mpapi/mp/customerservice.py`), so the agent is made.",
    ),
}

# Paths in an SDK's code that are not driven, and why.
LEFT = {
    "node-weixin-api 0.5.1": {
        "getCallbackIp": "it asks by POST, and the endpoint takes GET, as its page says (`node-weixin-auth:"
        " lib/index.js`)."
    },
    "wx-sdk 0.0.9": {
        "updatebusiness": "the path is the end of `express/delivery/service/business/update`, a call about"
        " parcels (`src/wxa/logistics.rs`)."
    }
}
