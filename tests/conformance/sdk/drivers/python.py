"""Drives one of the Python SDKs: calls come in as lines of JSON, and what its user would get goes out so."""

import collections
import collections.abc
import json
import os
import sys
from hashlib import sha256

import network  # noqa: F401  before anything connects


def content(answer):
    """What a download brought, named by its hash; a refusal is JSON."""
    if answer.headers["content-type"].startswith(("application/json", "text/plain")):
        return answer.json()
    return {"sha256": sha256(answer.content).hexdigest()}


class Wechatpy:
    """1.8.18 and 2.0.0a26 have the same methods."""

    def begin(self, appid, secret):
        from wechatpy import WeChatClient

        self.client = WeChatClient(appid, secret, timeout=20)
        self.kf, self.message = self.client.customservice, self.client.message

    def token(self):
        return self.client.fetch_access_token()

    def add(self, account, nickname):
        return self.kf.add_account(account, nickname, "password")

    def update(self, account, nickname):
        return self.kf.update_account(account, nickname, "password")

    def delete(self, account):
        return self.kf.delete_account(account)

    def list(self):
        return self.kf.get_accounts()

    def online(self):
        return self.kf.get_online_accounts()

    def headimg(self, account, file):
        with open(file, "rb") as picture:
            return self.kf.upload_headimg(account, picture)

    def create(self, account, openid):
        return self.kf.create_session(openid, account, text="给你")

    def close(self, account, openid):
        return self.kf.close_session(openid, account, text="再见")

    def session(self, openid):
        return self.kf.get_session(openid)

    def sessions(self, account):
        return self.kf.get_session_list(account)

    def waiting(self):
        return self.kf.get_wait_case()

    def records(self, begin, end, msgid, number):
        return self.kf.get_records(begin, end, msgid, number)

    def callback_ips(self):
        return self.client.misc.get_wechat_ips()

    def upload(self, kind, file):
        with open(file, "rb") as media:
            return self.client.media.upload(kind, media)

    def download(self, media_id):
        return content(self.client.media.download(media_id))

    def text(self, openid, content):
        return self.message.send_text(openid, content)

    def text_from(self, openid, content, account):
        return self.message.send_text(openid, content, account)

    def image(self, openid, media_id):
        return self.message.send_image(openid, media_id)

    def voice(self, openid, media_id):
        return self.message.send_voice(openid, media_id)

    def video(self, openid, media_id, thumb):
        return self.message.send_video(openid, media_id, "标题", "说明")

    def music(self, openid, thumb):
        return self.message.send_music(openid, "https://a.example/1", "https://a.example/2", thumb, "标题", "说明")

    def news(self, openid, article):
        picture = article["picurl"]
        return self.message.send_articles(openid, [{**article, "image": picture}])

    def link(self, openid, article):
        return self.message.send_link(openid, {**article, "image": article["picurl"]})

    def card(self, openid, card_id):
        return self.message.send_card(openid, card_id)

    def page(self, openid, page):
        return self.message.send_mini_program_page(openid, page)


class Wechatpy1(Wechatpy):
    def mpnews(self, openid, media_id):
        return self.message.send_articles(openid, media_id)


class Wechatpy2(Wechatpy1):
    def check_network(self):
        return self.client.misc.check_network()

    def menu(self, openid, menu):
        return self.message.send_msg_menu(openid, menu)


class Werobot:
    def begin(self, appid, secret):
        from werobot.client import Client

        self.client = Client({"APP_ID": appid, "APP_SECRET": secret})

    def token(self):
        return self.client.grant_token()

    def callback_ips(self):
        return self.client.get_ip_list()

    def add(self, account, nickname):
        return self.client.add_custom_service_account(account, nickname, "password")

    def update(self, account, nickname):
        return self.client.update_custom_service_account(account, nickname, "password")

    def delete(self, account):
        return self.client.delete_custom_service_account(account, "客服", "password")

    def list(self):
        return self.client.get_custom_service_account_list()

    def online(self):
        return self.client.get_online_custom_service_account_list()

    def headimg(self, account, file):
        with open(file, "rb") as picture:
            return self.client.upload_custom_service_account_avatar(account, picture)

    def upload(self, kind, file):
        with open(file, "rb") as media:
            return self.client.upload_media(kind, media)

    def download(self, media_id):
        return content(self.client.download_media(media_id))

    def text(self, openid, content):
        return self.client.send_text_message(openid, content)

    def text_from(self, openid, content, account):
        return self.client.send_text_message(openid, content, account)

    def image(self, openid, media_id):
        return self.client.send_image_message(openid, media_id)

    def voice(self, openid, media_id):
        return self.client.send_voice_message(openid, media_id)

    def video(self, openid, media_id, thumb):
        return self.client.send_video_message(openid, media_id, "标题", "说明")

    def music(self, openid, thumb):
        return self.client.send_music_message(
            openid, "https://a.example/1", "https://a.example/2", thumb, "标题", "说明"
        )

    def news(self, openid, article):
        from werobot.replies import Article

        return self.client.send_article_message(
            openid, [Article(article["title"], article["description"], article["picurl"], article["url"])]
        )

    def mpnews(self, openid, media_id):
        return self.client.send_news_message(openid, media_id)

    def page(self, openid, page):
        return self.client.send_miniprogrampage_message(
            openid, page["title"], page["appid"], page["pagepath"], page["thumb_media_id"]
        )


class Itchatmp:
    def begin(self, appid, secret):
        # What it takes from `collections` moved in Python 3.10; its users put it back like this.
        collections.MutableMapping = collections.abc.MutableMapping
        import itchatmp
        from itchatmp.controllers import common, customerservice, messages

        server = itchatmp.server
        server.update_config(
            itchatmp.WechatConfig(appId=appid, appSecret=secret), atStorage=itchatmp.TestStorage()
        )
        server.atStorage.store_access_token("", 0)
        self.common, self.kf, self.messages = common, customerservice, messages

    def token(self):
        return self.common.update_access_token()

    def add(self, account, nickname):
        # Without the last argument it looks for the agent itself, and then says that all is well.
        return self.kf.add({"kf_account": account, "nickname": nickname, "password": "password"}, False)

    def update(self, account, nickname):
        return self.kf.update({"kf_account": account, "nickname": nickname, "password": "password"})

    def delete(self, account):
        return self.kf.delete({"kf_account": account, "nickname": "客服", "password": "password"})

    def list(self):
        return self.kf.get()

    def headimg(self, account, file):
        with open(file, "rb") as picture:
            return self.kf.set_head_image(picture, account)

    def upload(self, kind, file):
        return self.messages.upload(kind, file)

    def download(self, media_id):
        answer = self.messages.download(media_id)
        if "File" not in answer:
            return answer
        return {"sha256": sha256(answer["File"].getvalue()).hexdigest()}

    def callback_ips(self):
        return self.common.get_server_ip()

    def clear_quota(self):
        return self.common.clear_quota()

    def text(self, openid, content):
        return self.kf.send("text", content, {}, openid)

    def image(self, openid, media_id):
        return self.kf.send("image", media_id, {}, openid)

    def voice(self, openid, media_id):
        return self.kf.send("voice", media_id, {}, openid)

    def video(self, openid, media_id, thumb):
        more = {"title": "标题", "description": "说明", "thumb_media_id": thumb}
        return self.kf.send("video", media_id, more, openid)

    def music(self, openid, thumb):
        more = {
            "title": "标题",
            "description": "说明",
            "musicurl": "https://a.example/1",
            "hqmusicurl": "https://a.example/2",
            "thumb_media_id": thumb,
        }
        return self.kf.send("music", "", more, openid)

    def news(self, openid, article):
        return self.kf.send("news", "", {"articles": [article]}, openid)

    def mpnews(self, openid, media_id):
        return self.kf.send("news", media_id, {}, openid)

    def card(self, openid, card_id):
        return self.kf.send("card", card_id, {}, openid)


SDKS = {"wechatpy 1": Wechatpy1, "wechatpy 2": Wechatpy2, "WeRoBot": Werobot, "itchatmp": Itchatmp}


def plain(value):
    """itchatmp answers something like a dict, and once a bare response."""
    if isinstance(value, collections.abc.Mapping):
        return {key: member for key, member in value.items()}
    return value if isinstance(value, (list, str, type(None))) else f"<{type(value).__name__}>"


def describe(error):
    """The number where the SDK has one, else what it says."""
    code = getattr(error, "errcode", None)
    text = str(getattr(error, "errmsg", "") or error)
    if type(error).__name__ == "ClientException":
        code, _, text = text.partition(": ")
    return {"code": int(code) if code is not None else None, "text": text, "kind": type(error).__name__}


def main():
    sdk = SDKS[sys.argv[1]]()
    names = [name for name in dir(sdk) if not name.startswith("_") and callable(getattr(sdk, name))]
    os.chdir(os.environ["KEFU_FOLDER"])  # one of them keeps its token in a file
    with open(f"/dev/fd/{os.environ['KEFU_ANSWERS']}", "w") as answers:
        for line in sys.stdin:
            ask = json.loads(line)
            try:
                answer = {"value": names if ask["call"] == "names" else plain(getattr(sdk, ask["call"])(**ask["with"]))}
            except Exception as error:  # whatever the SDK raises is what its user gets
                answer = {"error": describe(error)}
            print(json.dumps(answer), file=answers, flush=True)


main()
