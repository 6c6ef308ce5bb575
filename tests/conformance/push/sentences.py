"""What must hold with every SDK that receives pushes, in every mode."""

import uuid
from dataclasses import dataclass
from typing import Callable

from actors import AGENT, APPID, Customer, eventually
from push.developer import KEY, TOKEN
from sentences.files import FILES, KINDS
from sentences.world import equal

SENTENCES = []
ARTICLE = {
    "title": "标题",
    "description": "说明",
    "picture": "https://a.example/p.png",
    "url": "https://a.example/1",
}


@dataclass(frozen=True)
class Sentence:
    """One sentence, and the kind of reply an SDK must have for it."""

    name: str
    sentence: str
    needs: str | None
    run: Callable


def sentence(needs=None):
    def keep(run):
        SENTENCES.append(Sentence(run.__name__, " ".join(run.__doc__.split()), needs, run))
        return run

    return keep


class Place:
    """A desk with a developer's server, in one mode."""

    def __init__(self, desk, shop, developer, mode):
        self.desk, self.shop, self.developer, self.mode = desk, shop, developer, mode
        self.url = developer.begin(mode)
        self.saves()

    def saves(self):
        """Saves the settings, which calls the developer's server with an echostr."""
        given = ["--url", self.url, "--token", TOKEN, "--mode", self.mode, "--format", "xml"]
        self.operator("account", "callback", *given, *([] if self.mode == "plain" else ["--aes-key", KEY]))

    def operator(self, *words):
        self.desk.operator(*words, "--appid", APPID)

    def customer(self):
        """A customer, and the openid once the developer's server knows it."""
        customer = Customer(self.desk)
        greeting = self.says(customer, f"你好 {uuid.uuid4().hex[:8]}")
        return customer, greeting["openid"]

    def heard(self, number, before, **members):
        """Messages with these members that the handler got after the first `before`, once there are so many."""
        got = []

        def there():
            new = self.developer.heard()[before:]
            got[:] = [one for one in new if all(one.get(name) == value for name, value in members.items())]
            return len(got) >= number or self.developer.errors

        eventually(f"{number} messages at the developer's server", there)
        if len(got) < number:
            raise AssertionError(f"the SDK failed: {self.developer.errors[0]}")
        return got

    def says(self, customer, text):
        """What the handler got of a text."""
        before = len(self.developer.heard())
        customer.says(text)
        return self.heard(1, before, text=text)[0]

    def answered(self, customer, kind, **reply):
        """The message on the customer's page that comes of a reply of this kind."""
        word = f"回复 {kind} {uuid.uuid4().hex[:8]}"
        self.developer.answers(word, kind, **reply)
        customer.says(word)

        def there():
            if self.developer.errors:
                raise AssertionError(f"the SDK failed: {self.developer.errors[0]}")
            last = customer.reads()[-1]
            return None if last.get("text") == word else last

        return eventually(f"the reply to {word}", there)

    def waiting(self):
        answer = self.shop.get("/customservice/kfsession/getwaitcase")
        return [one["openid"] for one in answer["waitcaselist"]]

    def session(self, openid):
        return self.shop.get("/customservice/kfsession/getsession", openid=openid)["kf_account"]

    def event(self, name, openid):
        """The event of this name and customer that the handler got."""

        def there():
            found = [one for one in self.developer.heard() if one.get("event") == name and one["openid"] == openid]
            if not found and self.developer.errors:
                raise AssertionError(f"the SDK failed: {self.developer.errors[0]}")
            return found

        return eventually(f"the event {name}", there)[0]


@sentence()
def the_address_is_verified(place):
    """The SDK answers the verification of the address, and the settings are saved."""
    place.saves()


@sentence()
def a_text_is_understood(place):
    """A text reaches the handler with openid, account, number and content."""
    customer, openid = place.customer()
    heard = place.says(customer, "在吗？ <&> ]]> 😀")
    equal((heard["kind"], heard["openid"], heard["text"]), ("text", openid, "在吗？ <&> ]]> 😀"), "the message")
    if not heard["account"].startswith("gh_") or int(heard["id"]) <= 0:
        raise AssertionError(f"account and number are {heard}")


@sentence()
def texts_of_every_length_are_understood(place):
    """Thirty-three texts, each a byte longer, arrive in order and once: no length of the padding is misread."""
    customer, openid = place.customer()
    before = len(place.developer.heard())
    texts = ["a" * length for length in range(1, 34)]
    for text in texts:
        customer.says(text)
    got = place.heard(len(texts), before, kind="text", openid=openid)
    equal([one["text"] for one in got], texts, "the texts")


@sentence()
def a_picture_is_understood(place):
    """A picture reaches the handler; its address and its media_id both give the file."""
    customer, openid = place.customer()
    before = len(place.developer.heard())
    customer.shows(FILES[KINDS["image"]])
    heard = place.heard(1, before, kind="image")[0]
    equal(heard["openid"], openid, "the customer")
    by_address = place.shop.http.get(heard["picture"], timeout=20).content
    if not by_address or by_address != place.shop.file(heard["media_id"]):
        raise AssertionError("address and media_id do not give the same file")


@sentence()
def no_reply_is_taken(place):
    """A handler that answers nothing is not asked again, and the customer sees nothing of it."""
    customer, _ = place.customer()
    heard = place.says(customer, "不用回复")
    place.says(customer, "再见")
    again = [one for one in place.developer.heard() if one.get("id") == heard["id"]]
    equal(len(again), 1, "how often it was pushed")
    equal(customer.reads()[-1]["text"], "再见", "the last message on the page")


@sentence("success")
def success_is_taken(place):
    """`success` as the SDK renders it, encrypted or not, is not shown to the customer."""
    customer, _ = place.customer()
    place.developer.answers("成功", "success")
    place.says(customer, "成功")
    place.says(customer, "再见")
    equal(customer.reads()[-1]["text"], "再见", "the last message on the page")


@sentence("text")
def a_text_reply_arrives(place):
    """A text reply is on the customer's page."""
    customer, _ = place.customer()
    equal(place.answered(customer, "text", content="您好，<&> 😀")["text"], "您好，<&> 😀", "the reply")


@sentence("image")
def a_picture_reply_arrives(place):
    """A reply with a picture is on the customer's page."""
    customer, _ = place.customer()
    media_id = place.shop.upload("image", KINDS["image"], FILES[KINDS["image"]])
    equal(place.answered(customer, "image", media_id=media_id)["kind"], "image", "the reply")


@sentence("voice")
def a_voice_reply_arrives(place):
    """A reply with a voice message is on the customer's page."""
    customer, _ = place.customer()
    media_id = place.shop.upload("voice", KINDS["voice"], FILES[KINDS["voice"]])
    equal(place.answered(customer, "voice", media_id=media_id)["kind"], "voice", "the reply")


@sentence("video")
def a_video_reply_arrives(place):
    """A reply with a video is on the customer's page."""
    customer, _ = place.customer()
    media_id = place.shop.upload("video", KINDS["video"], FILES[KINDS["video"]])
    shown = place.answered(customer, "video", media_id=media_id, title="标题", description="说明")
    equal(shown["kind"], "video", "the reply")


@sentence("music")
def a_music_reply_arrives(place):
    """A reply with music is on the customer's page."""
    customer, _ = place.customer()
    thumb = place.shop.upload("thumb", KINDS["thumb"], FILES[KINDS["thumb"]])
    shown = place.answered(
        customer, "music", title="标题", description="说明", url="https://a.example/1", thumb=thumb
    )
    equal(shown["kind"], "music", "the reply")


@sentence("news")
def a_news_reply_arrives(place):
    """A reply with an article is on the customer's page."""
    customer, _ = place.customer()
    equal(place.answered(customer, "news", **ARTICLE)["kind"], "news", "the reply")


@sentence("transfer")
def a_transfer_hands_over(place):
    """A handler hands the customer over to the desk, which gives the customer to the agent who is there."""
    customer, openid = place.customer()
    place.developer.answers("人工", "transfer")
    place.says(customer, "人工")
    eventually("the customer has a session", lambda: place.session(openid) == AGENT or openid in place.waiting())
    _ends(place, openid)


@sentence("transfer_to")
def a_transfer_to_a_seat_opens_its_session(place):
    """A handler hands the customer over to an agent by name, who has the session and the message."""
    customer, openid = place.customer()
    place.developer.answers("找 kf1", "transfer_to", account=AGENT)
    place.says(customer, "找 kf1")
    eventually("the agent has the session", lambda: place.session(openid) == AGENT)
    _ends(place, openid)


def _ends(place, openid):
    if place.session(openid) == AGENT:
        place.shop.post("/customservice/kfsession/close", kf_account=AGENT, openid=openid)


@sentence()
def events_of_sessions_are_understood(place):
    """The beginning and the end of a session reach the handler as events, where the SDK names the agent."""
    _, openid = place.customer()
    place.shop.post("/customservice/kfsession/create", kf_account=AGENT, openid=openid)
    begun = place.event("kf_create_session", openid)
    place.shop.post("/customservice/kfsession/close", kf_account=AGENT, openid=openid)
    ended = place.event("kf_close_session", openid)
    for event in (begun, ended):
        if event.get("agent") not in (AGENT, None):
            raise AssertionError(f"the agent is {event['agent']}")
