"""What is asked of every SDK about files, messages and records, one sentence a step."""

import re
import time

from actors import AGENT, last_hour
from sentences.steps import renews, step
from sentences.world import STRANGER, done, equal, refused

ARTICLE = {
    "title": "新品",
    "description": "今日上架",
    "url": "https://a.example/shoes",
    "picurl": "https://a.example/shoes.png",
}
MENU = {
    "head_content": "满意吗？",
    "list": [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}],
    "tail_content": "欢迎再来",
}

# ---- files ----


@step("uploadkfheadimg", "headimg")
def a_picture_becomes_an_agents(w):
    """A picture becomes the agent's, and can be fetched where getkflist says."""
    w.has("face@demo")
    done(w.sdk.headimg(account="face@demo", file=w.file("face.png")))
    equal(w.fetch(w.agents()["face@demo"]["kf_headimgurl"]), w.bytes("face.png"), "the picture")


@step("uploadkfheadimg", "headimg")
def a_file_of_another_name_becomes_an_agents_picture(w):
    """The file may have a Chinese name and be a JPEG."""
    w.has("face2@demo")
    done(w.sdk.headimg(account="face2@demo", file=w.file("头像.jpg")))
    equal(w.fetch(w.agents()["face2@demo"]["kf_headimgurl"]), w.bytes("头像.jpg"), "the picture")


@step("uploadkfheadimg", "headimg")
def what_is_no_picture_is_refused(w):
    """What is no picture is refused with 40005, and an unknown agent with 65401."""
    w.has("face3@demo")
    for account, file, code in ("face3@demo", "words.png", 40005), ("nobody@demo", "face.png", 65401):
        with refused(code):
            w.sdk.headimg(account=account, file=w.file(file))


@step("uploadkfheadimg", "headimg", when=renews(42001))
def a_picture_is_sent_again_with_an_expired_token(w):
    """With an expired token the picture arrives at the second try."""
    w.has("face4@demo")
    w.warm()
    w.operator("token", "expire")
    done(w.sdk.headimg(account="face4@demo", file=w.file("face.png")))
    equal(w.fetch(w.agents()["face4@demo"]["kf_headimgurl"]), w.bytes("face.png"), "the picture")


@step("uploadTempMedia", "upload")
def a_file_is_uploaded(w):
    """A picture is uploaded, and what comes back under its media_id are its bytes."""
    answer = w.sdk.upload(kind="image", file=w.file("face.png"))
    equal((answer["type"], type(answer["created_at"])), ("image", int), "the answer")
    equal(w.shop.file(answer["media_id"]), w.bytes("face.png"), "the file")


@step("uploadTempMedia", "upload")
def a_file_that_is_none_is_refused(w):
    """What is no picture is refused with 40005."""
    with refused(40005):
        w.sdk.upload(kind="image", file=w.file("words.png"))


@step("uploadTempMedia", "upload", when=renews(42001))
def a_file_is_uploaded_again_with_an_expired_token(w):
    """With an expired token the file arrives at the second try."""
    w.warm()
    w.operator("token", "expire")
    answer = w.sdk.upload(kind="image", file=w.file("face.png"))
    equal(w.shop.file(answer["media_id"]), w.bytes("face.png"), "the file")


@step("uploadTempMedia", "upload_bytes")
def bytes_are_uploaded(w):
    """The SDK's other call uploads a picture, too."""
    answer = w.sdk.upload_bytes(file=w.file("face.png"))
    equal(w.shop.file(answer["media_id"]), w.bytes("face.png"), "the file")


@step("getMedia", "download")
def a_file_is_downloaded(w):
    """A file comes back as it was uploaded."""
    equal(w.sdk.download(media_id=w.media("image")), {"sha256": w.hash("face.png")}, "the file")


@step("getMedia", "download")
def an_unknown_file_is_refused(w):
    """An unknown media_id is refused with 40007."""
    with refused(40007):
        w.sdk.download(media_id="A" * 64)


@step("getMedia", "download_bytes")
def bytes_are_downloaded(w):
    """The SDK's other call downloads a file, too."""
    equal(w.sdk.download_bytes(media_id=w.media("image")), {"sha256": w.hash("face.png")}, "the file")


# ---- messages ----


@step("sendCustomMessage", "text")
def a_stranger_gets_nothing(w):
    """A message to somebody who never wrote is refused with 40003."""
    with refused(40003):
        w.sdk.text(openid=STRANGER, content="你好")


@step("sendCustomMessage", "text", online=True)
def a_text_arrives(w):
    """A text arrives at the customer, with its markup."""
    openid, customer = w.customer()
    text = '您好，见 <a href="https://a.example/?a=1&b=2">这里</a>'.replace('"', "'")
    done(w.sdk.text(openid=openid, content=text))
    message = customer.reads()[-1]
    equal((message["kind"], message["text"], message["from"]), ("text", text, "account"), "the message")


@step("sendCustomMessage", "text", online=True)
def a_text_of_any_characters_arrives(w):
    """A text may have lines, quotation marks and backslashes."""
    openid, customer = w.customer()
    text = '一\n二 "三" \\四\\'
    done(w.sdk.text(openid=openid, content=text))
    equal(customer.reads()[-1]["text"], text, "the message")


@step("sendCustomMessage", "text", online=True)
def an_emoji_arrives(w):
    """A text may have characters beyond the first 65,536."""
    openid, customer = w.customer()
    done(w.sdk.text(openid=openid, content="🙂"))
    equal(customer.reads()[-1]["text"], "🙂", "the message")


@step("sendCustomMessage", "text_from", online=True)
def a_text_is_sent_as_an_agent(w):
    """A text may come from an agent; an unknown one is refused with 65401."""
    openid, customer = w.customer()
    done(w.sdk.text_from(openid=openid, content="我是客服1", account=AGENT))
    message = customer.reads()[-1]
    equal((message["from"], message["kf_account"], message["text"]), ("agent", AGENT, "我是客服1"), "the message")
    with refused(65401):
        w.sdk.text_from(openid=openid, content="我是谁", account="nobody@demo")


@step("sendCustomMessage", "text", online=True)
def a_sixth_message_is_refused(w):
    """After five messages the sixth is refused with 45047."""
    openid, _ = w.customer()
    for number in range(5):
        done(w.sdk.text(openid=openid, content=f"第{number + 1}条"))
    with refused(45047):
        w.sdk.text(openid=openid, content="第6条")


def arrives(w, call, kind, body, **given):
    """A message of a kind arrives, and holds what was given."""
    openid, customer = w.customer()
    done(getattr(w.sdk, call)(openid=openid, **given))
    message = customer.reads()[-1]
    equal(message["kind"], kind, "the kind")
    for member, value in body.items():
        equal(message["body"].get(member), value, member)


@step("sendCustomMessage", "image", online=True)
def a_picture_arrives(w):
    """A picture arrives."""
    media_id = w.media("image")
    arrives(w, "image", "image", {}, media_id=media_id)
    with refused(40007):
        w.sdk.image(openid=w.has_session(), media_id="A" * 64)


@step("sendCustomMessage", "voice", online=True)
def a_voice_arrives(w):
    """A voice arrives."""
    arrives(w, "voice", "voice", {}, media_id=w.media("voice"))


@step("sendCustomMessage", "video", online=True)
def a_video_arrives(w):
    """A video arrives with its thumb."""
    arrives(w, "video", "video", {}, media_id=w.media("video"), thumb=w.media("thumb"))


@step("sendCustomMessage", "music", online=True)
def music_arrives(w):
    """Music arrives."""
    arrives(w, "music", "music", {"title": "标题", "musicurl": "https://a.example/1"}, thumb=w.media("thumb"))


@step("sendCustomMessage", "news", online=True)
def an_article_arrives(w):
    """An article arrives."""
    arrives(w, "news", "news", {"articles": [ARTICLE]}, article=ARTICLE)


@step("sendCustomMessage", "mpnews", online=True)
def a_published_article_arrives(w):
    """An article by its media_id arrives."""
    arrives(w, "mpnews", "mpnews", {}, media_id="MATERIAL")


@step("sendCustomMessage", "menu", online=True)
def a_menu_arrives(w):
    """A menu arrives with its items."""
    arrives(w, "menu", "msgmenu", {"list": MENU["list"]}, menu=MENU)


@step("sendCustomMessage", "card", online=True)
def a_card_arrives(w):
    """A card arrives."""
    arrives(w, "card", "wxcard", {"card_id": "p1Pj9jr90_SQRaVqYI239Ka1erkI"}, card_id="p1Pj9jr90_SQRaVqYI239Ka1erkI")


@step("sendCustomMessage", "page", online=True)
def a_mini_programs_page_arrives(w):
    """A page of a mini program arrives."""
    page = {"title": "标题", "appid": "wx" + "1" * 16, "pagepath": "pages/index", "thumb_media_id": w.media("image")}
    arrives(w, "page", "miniprogrampage", {"title": "标题", "pagepath": "pages/index"}, page=page)


@step("sendCustomMessage", "link", online=True)
def a_link_arrives(w):
    """A mini program sends a link; an Official Account is refused with 48008."""
    openid, customer = w.customer()
    with refused(48008):
        w.sdk.link(openid=openid, article=ARTICLE)
    w.operator("account", "set", "--kind", "mini-program")
    try:
        done(w.sdk.link(openid=openid, article=ARTICLE))
        message = customer.reads()[-1]
        equal((message["kind"], message["body"]["url"]), ("link", ARTICLE["url"]), "the message")
    finally:
        w.operator("account", "set", "--kind", "service")


@step("typing", "typing", online=True)
def typing_is_shown(w):
    """Typing is shown after a message, once at a time, and ended; a stranger's is refused with 40003."""
    openid = w.has_session()
    done(w.sdk.typing(openid=openid, on=True))
    with refused(45081):
        w.sdk.typing(openid=openid, on=True)
    done(w.sdk.typing(openid=openid, on=False))
    with refused(40003):
        w.sdk.typing(openid=STRANGER, on=True)


@step("businessTyping", "business_typing", online=True)
def typing_has_a_path_for_mini_programs(w):
    """A mini program's typing has a path of its own; an Official Account is refused there with 40200."""
    openid = w.has_session()
    with refused(40200):
        w.sdk.business_typing(openid=openid)
    w.operator("account", "set", "--kind", "mini-program")
    try:
        done(w.sdk.business_typing(openid=openid))
    finally:
        w.operator("account", "set", "--kind", "service")


# ---- records ----


@step("getmsglist", "records", online=True)
def records_are_listed_page_by_page(w):
    """What a customer and an agent wrote is listed page by page; more than a day is refused with 65417."""
    openid, _ = w.customer()
    w.worker.replies(openid, "您好，我是客服1")
    now, msgid, found = int(time.time()), 1, []
    for _ in range(50):
        page = w.sdk.records(begin=now - 3600, end=now + 60, msgid=msgid, number=1)
        if not page["recordlist"]:
            break
        equal(page["number"], len(page["recordlist"]), "number")
        found += page["recordlist"]
        msgid = page["msgid"]
    mine = [(one["opercode"], one["worker"], one["text"]) for one in found if one["openid"] == openid]
    equal(mine, [(2003, AGENT, "你好"), (2002, AGENT, "您好，我是客服1")], "the records")
    with refused(65417):
        w.sdk.records(begin=now - 90_000, end=now, msgid=1, number=1)


@step("getrecord", "old_records", online=True)
def records_are_listed_in_the_old_way(w):
    """The withdrawn call lists what a customer and an agent wrote, page by page."""
    openid, _ = w.customer()
    w.worker.replies(openid, "您好，我是客服1")
    begin, end = last_hour(int(time.time()))
    found = []
    for page in range(1, 50):
        answer = w.sdk.old_records(begin=begin, end=end, page=page, size=50)
        if not answer["recordlist"]:
            break
        found += answer["recordlist"]
    # It also tells when sessions were taken and closed.
    texts = [one for one in found if one["openid"] == openid and one["opercode"] in (2002, 2003)]
    mine = [(one["opercode"], one["worker"], one["text"]) for one in texts]
    equal(mine, [(2003, AGENT, "你好"), (2002, AGENT, "您好，我是客服1")], "the records")


# ---- supervisors, quotas, requests ----


@step("setkfadmin", "set_admin", online=True)
def a_supervisor_is_named(w):
    """An agent is made a supervisor; an unknown one is refused with 65401."""
    done(w.sdk.set_admin(account=AGENT))
    with refused(65401):
        w.sdk.set_admin(account="nobody@demo")


@step("cancelkfadmin", "cancel_admin", online=True)
def a_supervisor_is_one_no_longer(w):
    """An agent is a supervisor no longer; an unknown one is refused with 65401."""
    done(w.sdk.cancel_admin(account=AGENT))
    with refused(65401):
        w.sdk.cancel_admin(account="nobody@demo")


@step("getCallbackIp", "callback_ips")
def the_addresses_of_pushes_are_told(w):
    """The addresses that pushes come from are told."""
    answer = w.sdk.callback_ips()
    equal(answer["ip_list"] if isinstance(answer, dict) else answer, ["127.0.0.1"], "the addresses")


@step("callbackCheck", "check_network")
def a_check_without_a_url_is_refused(w):
    """A check of the network is refused with 40201 while the account has no URL."""
    with refused(40201):
        w.sdk.check_network()


@step("clearQuota", "clear_quota")
def quotas_are_cleared(w):
    """Quotas are cleared."""
    done(w.sdk.clear_quota())


@step("clearQuotaByAppSecret", "clear_quota_by_secret")
def quotas_are_cleared_by_secret(w):
    """Quotas are cleared with the secret."""
    done(w.sdk.clear_quota_by_secret())


@step("getApiQuota", "quota")
def a_quota_is_told(w):
    """The answer has what is left of a quota."""
    quota = w.sdk.quota(path="/cgi-bin/customservice/getkflist")["quota"]
    equal(quota["used"] + quota["remain"], quota["daily_limit"], "used and remain")


@step("clearApiQuota", "clear_one_quota")
def one_quota_is_cleared(w):
    """One quota is cleared."""
    done(w.sdk.clear_one_quota(path="/cgi-bin/customservice/getkflist"))


@step("getRidInfo", "rid")
def a_refused_request_is_told(w):
    """The rid of a refused request leads to the request and its answer."""
    answer = w.shop.ask("/customservice/kfaccount/update", kf_account="nobody@demo", nickname="客服")
    rid = re.search(r"rid: (\S+)", answer["errmsg"])[1]
    request = w.sdk.rid(rid=rid)["request"]
    equal("nobody@demo" in request["request_body"], True, "whether the answer has the request")
    equal("65401" in request["response_body"], True, "whether it has the refusal")
