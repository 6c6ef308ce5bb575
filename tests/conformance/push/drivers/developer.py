"""A developer's server in Python: it remembers what its handler gets, and answers as it was told."""

import json
import os
import sys
import threading


class Developer:
    """What the servers share."""

    def __init__(self):
        self.got, self.replies = [], {}

    def answers(self, word, reply):
        self.replies[word] = reply

    def heard(self):
        return self.got

    def hears(self, **message):
        """The reply to a message, as it was told; empty for none."""
        self.got.append(message)
        return dict(self.replies.get(message.get("text"), {}))


class Wechatpy(Developer):
    """1.8.18 and 2.0.0a26, in a handler as their documentation writes it."""

    names = ["text", "image", "voice", "video", "music", "news", "transfer"]

    def begin(self, token, appid, key, mode, port):
        self.token, self.appid, self.key = token, appid, key
        self.got.clear()
        return {"serves": False}

    def receive(self, query, body):
        from wechatpy import parse_message
        from wechatpy.crypto import WeChatCrypto
        from wechatpy.utils import check_signature

        stamp = query["timestamp"], query["nonce"]
        check_signature(self.token, query["signature"], *stamp)
        if "echostr" in query:
            return query["echostr"]
        if query.get("encrypt_type", "raw") == "raw":
            return self._answer(parse_message(body))
        crypto = WeChatCrypto(self.token, self.key, self.appid)
        message = parse_message(crypto.decrypt_message(body, query["msg_signature"], *stamp))
        return crypto.encrypt_message(self._answer(message), query["nonce"], query["timestamp"])

    def _answer(self, message):
        heard = {"kind": message.type, "openid": message.source, "account": message.target}
        if message.type == "event":
            heard.update(event=message.event, agent=getattr(message, "account", None))
        elif message.type == "image":
            heard.update(id=message.id, picture=message.image, media_id=message.media_id)
        else:
            heard.update(id=message.id, text=message.content)
        return self._reply(message, self.hears(**heard)).render()

    def _reply(self, message, reply):
        from wechatpy import replies

        if not reply:
            return replies.EmptyReply()
        kind = reply.pop("kind")
        if kind == "news":
            article = {**reply, "image": reply["picture"]}
            return replies.ArticlesReply(message=message, articles=[article])
        if kind == "music":
            reply["music_url"] = reply["hq_music_url"] = reply.pop("url")
            reply["thumb_media_id"] = reply.pop("thumb")
        make = {
            "text": replies.TextReply,
            "image": replies.ImageReply,
            "voice": replies.VoiceReply,
            "video": replies.VideoReply,
            "music": replies.MusicReply,
            "transfer": replies.TransferCustomerServiceReply,
        }
        return make[kind](message=message, **reply)


class Werobot(Developer):
    """A robot that serves by itself."""

    names = ["text", "image", "voice", "video", "music", "news", "transfer", "transfer_to", "success"]

    def begin(self, token, appid, key, mode, port):
        from werobot import WeRoBot

        self.got.clear()
        robot = WeRoBot(token=token, app_id=appid, encoding_aes_key=key or None, SESSION_STORAGE=False)
        robot.handler(self._handle)
        run = {"server": "wsgiref", "host": "127.0.0.1", "port": port}
        threading.Thread(target=robot.run, kwargs=run, daemon=True).start()
        return {"serves": True}

    def _handle(self, message):
        heard = {"kind": message.type, "openid": message.source, "account": message.target}
        if message.type == "text":
            heard.update(id=message.message_id, text=message.content)
        elif message.type == "image":
            heard.update(id=message.message_id, picture=message.img, media_id=message.MediaId)
        else:
            # It has no names for these events and their members.
            event = message.type.removesuffix("_event")
            heard.update(kind="event", event=event, agent=getattr(message, "KfAccount", None))
        return self._reply(message, self.hears(**heard))

    def _reply(self, message, reply):
        from werobot import replies

        if not reply:
            return None
        kind = reply.pop("kind")
        if kind == "news":
            articles = replies.ArticlesReply(message=message)
            articles.add_article(
                replies.Article(reply["title"], reply["description"], reply["picture"], reply["url"])
            )
            return articles
        if kind == "music":
            reply["hq_url"] = reply["url"]
            del reply["thumb"]
        make = {
            "text": replies.TextReply,
            "image": replies.ImageReply,
            "voice": replies.VoiceReply,
            "video": replies.VideoReply,
            "music": replies.MusicReply,
            "transfer": replies.TransferCustomerServiceReply,
            "transfer_to": replies.TransferCustomerServiceReply,
            "success": replies.SuccessReply,
        }
        return make[kind](message=message, **reply)


SERVERS = {"wechatpy": Wechatpy, "WeRoBot": Werobot}


def main():
    server = SERVERS[sys.argv[1]]()
    with open(f"/dev/fd/{os.environ['KEFU_ANSWERS']}", "w") as answers:
        for line in sys.stdin:
            ask = json.loads(line)
            try:
                value = server.names if ask["call"] == "names" else getattr(server, ask["call"])(**ask["with"])
                answer = {"value": value}
            except Exception as error:  # whatever the SDK raises is what its user gets
                answer = {"error": {"code": None, "text": str(error), "kind": type(error).__name__}}
            print(json.dumps(answer), file=answers, flush=True)


main()
