"""What a user of wechatpy relies on. The package is the one from PyPI, and nothing in it is replaced."""

import os
import re
import time
import unittest
from collections import Counter
from contextlib import contextmanager

from actors import AGENT, APPID, SECRET, WORKER, Customer, Desk, Worker, eventually
from tunnel import Tunnel
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

RID = r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}"
INVITE = "https://api.weixin.qq.com/customservice/kfaccount/inviteworker"
PASSWORD = "the retired member which the SDK still sends"

desk = shop = None


def setUpModule():
    global desk, shop
    desk = Desk(os.environ["KEFU"])
    unittest.addModuleCleanup(desk.close)
    tunnel = Tunnel(desk)
    unittest.addModuleCleanup(tunnel.close)
    tunnel.environment()
    shop = client()


def client(secret=SECRET, appid=APPID, **settings):
    return WeChatClient(appid, secret, timeout=20, **settings)


def accounts():
    return {one["kf_account"]: one for one in shop.customservice.get_accounts()}


def online():
    return {one["kf_account"]: one for one in shop.customservice.get_online_accounts()}


def waiting():
    return [one["openid"] for one in shop.customservice.get_wait_case()["waitcaselist"]]


def sessions():
    return {one["openid"]: one["createtime"] for one in shop.customservice.get_session_list(AGENT)}


class Test(unittest.TestCase):
    @contextmanager
    def refused(self, code, text):
        """The SDK's own exception, with Weixin's number and text, from an answer with HTTP status 200."""
        with self.assertRaises(WeChatClientException) as caught:
            yield
        refusal = caught.exception
        self.assertIs(type(refusal.errcode), int)
        self.assertEqual(refusal.errcode, code, refusal.errmsg)
        self.assertRegex(refusal.errmsg, f"^{re.escape(text)},? rid: {RID}$")
        self.assertEqual(refusal.response.status_code, 200)
        self.assertEqual(refusal.response.headers["content-type"], "application/json; encoding=utf-8")

    @contextmanager
    def calls(self, *endpoints):
        """Exactly these calls leave the SDK meanwhile."""
        before = desk.asked()
        yield
        self.assertEqual(desk.asked() - before, Counter(endpoints))

    def add(self, account, nickname="客服"):
        ok = shop.customservice.add_account(account, nickname, PASSWORD)
        self.assertEqual(ok, {"errcode": 0, "errmsg": "ok"})
        self.addCleanup(self.forget, account)

    def forget(self, account):
        if account in accounts():
            shop.customservice.delete_account(account)


LIST = "getkflist"
TOKEN = "getAccessToken"


class Tokens(Test):
    def test_a_token_is_fetched_once_and_kept(self):
        mine = client()
        with self.calls(TOKEN, LIST, LIST):
            mine.customservice.get_accounts()
            mine.customservice.get_accounts()
        self.assertGreater(mine.expires_at, time.time() + 7000)
        self.assertRegex(mine.access_token, r"^[A-Za-z0-9_-]{1,512}$")

    def test_two_clients_with_a_token_each_work_side_by_side(self):
        first, second = client(auto_retry=False), client(auto_retry=False)
        first.fetch_access_token()
        second.fetch_access_token()
        self.assertNotEqual(first.access_token, second.access_token)
        self.assertEqual(first.customservice.get_accounts(), second.customservice.get_accounts())

    def test_a_third_token_ends_the_first_and_its_client_recovers_by_itself(self):
        first = client()
        first.fetch_access_token()
        old = first.access_token
        client().fetch_access_token()
        client().fetch_access_token()
        with self.refused(40001, "invalid credential, access_token is invalid or not latest"):
            client(access_token=old, auto_retry=False).customservice.get_accounts()
        with self.calls(LIST, TOKEN, LIST):
            self.assertIn(AGENT, [one["kf_account"] for one in first.customservice.get_accounts()])
        self.assertNotEqual(first.access_token, old)

    def test_an_expired_token_is_refused_with_42001(self):
        strict = client(auto_retry=False)
        strict.fetch_access_token()
        desk.operator("token", "expire", "--appid", APPID)
        with self.refused(42001, "access_token expired"):
            strict.customservice.get_accounts()

    def test_a_read_with_an_expired_token_is_refreshed_and_repeated(self):
        mine = client()
        mine.fetch_access_token()
        desk.operator("token", "expire", "--appid", APPID)
        with self.calls(LIST, TOKEN, LIST):
            self.assertIn(AGENT, [one["kf_account"] for one in mine.customservice.get_accounts()])

    def test_a_write_with_an_expired_token_is_refreshed_and_happens_once(self):
        mine = client()
        mine.fetch_access_token()
        desk.operator("token", "expire", "--appid", APPID)
        self.addCleanup(self.forget, "late@demo")
        with self.calls("addkfaccount", TOKEN, "addkfaccount"):
            mine.customservice.add_account("late@demo", "迟到", PASSWORD)
        self.assertEqual(accounts()["late@demo"]["kf_nick"], "迟到")

    def test_a_token_which_never_was_one_is_replaced(self):
        with self.calls(LIST, TOKEN, LIST):
            client(access_token="80_never-issued").customservice.get_accounts()

    def test_a_wrong_secret_is_refused(self):
        with self.refused(40125, "invalid appsecret"):
            client(secret="f" * 32).customservice.get_accounts()

    def test_an_unknown_appid_is_refused(self):
        with self.refused(40013, "invalid appid"):
            client(appid="wxffffffffffffffff").customservice.get_accounts()


class Agents(Test):
    def test_an_agent_is_added_renamed_and_deleted(self):
        self.add("a_1@demo", "客服小明")
        self.assertEqual(accounts()["a_1@demo"]["kf_nick"], "客服小明")
        ok = shop.customservice.update_account("a_1@demo", "客服小红", PASSWORD)
        self.assertEqual(ok, {"errcode": 0, "errmsg": "ok"})
        self.assertEqual(accounts()["a_1@demo"]["kf_nick"], "客服小红")
        ok = shop.customservice.delete_account("a_1@demo")
        self.assertEqual(ok, {"errcode": 0, "errmsg": "ok"})
        self.assertNotIn("a_1@demo", accounts())

    def test_a_listed_agent_has_every_member_in_its_type(self):
        self.add("new@demo", "新人")
        bound, new = accounts()[AGENT], accounts()["new@demo"]
        for agent in bound, new:
            self.assertIs(type(agent["kf_id"]), int)
            self.assertGreaterEqual(agent["kf_id"], 2001)
            self.assertIs(type(agent["kf_nick"]), str)
            self.assertIs(type(agent["kf_headimgurl"]), str)
        self.assertEqual(bound["kf_wx"], WORKER)
        self.assertEqual(new["kf_wx"], "")
        self.assertNotIn("invite_wx", new)

    def test_a_number_is_never_given_twice(self):
        self.add("once@demo")
        first = accounts()["once@demo"]["kf_id"]
        shop.customservice.delete_account("once@demo")
        self.add("once@demo")
        self.assertGreater(accounts()["once@demo"]["kf_id"], first)

    def test_sixteen_characters_are_a_nickname_whatever_their_bytes(self):
        self.add("long@demo", "客" * 16)
        self.add("smile@demo", "🙂" * 16)
        self.assertEqual(accounts()["long@demo"]["kf_nick"], "客" * 16)
        self.assertEqual(accounts()["smile@demo"]["kf_nick"], "🙂" * 16)

    def test_a_nickname_too_long_or_empty_is_refused(self):
        for nickname in "客" * 17, "", "   ":
            with self.subTest(nickname), self.refused(65403, "illegal nickname"):
                shop.customservice.add_account("nick@demo", nickname, PASSWORD)
        self.add("nick@demo")
        with self.refused(65403, "illegal nickname"):
            shop.customservice.update_account("nick@demo", "客" * 17, PASSWORD)

    def test_a_badly_shaped_account_is_refused(self):
        for account in "noat", "@demo", "eleven_long@demo", "a b@demo", "客服@demo", "a@b@demo", "a@other", "a@Demo":
            with self.subTest(account), self.refused(65404, "illegal custom service account"):
                shop.customservice.add_account(account, "客服", PASSWORD)

    def test_an_agent_is_not_added_twice(self):
        self.add("twice@demo", "一")
        with self.refused(65406, "custom service account exists"):
            shop.customservice.add_account("twice@demo", "二", PASSWORD)
        self.assertEqual(accounts()["twice@demo"]["kf_nick"], "一")

    def test_an_unknown_agent_is_neither_renamed_nor_deleted(self):
        with self.refused(65401, "invalid custom service account"):
            shop.customservice.update_account("nobody@demo", "客服", PASSWORD)
        with self.refused(65401, "invalid custom service account"):
            shop.customservice.delete_account("nobody@demo")

    def test_the_hundred_and_first_agent_is_refused(self):
        for number in range(len(accounts()), 100):
            self.add(f"n{number}@demo", f"第{number}位")
        self.assertEqual(len(accounts()), 100)
        with self.refused(65405, "custom service account number reach limit"):
            shop.customservice.add_account("n100@demo", "客服", PASSWORD)
        self.assertEqual(len(accounts()), 100)

    def test_an_invitation_shows_in_the_list_and_is_made_once(self):
        self.add("inv1@demo")
        self.add("inv2@demo")
        self.invite("inv1@demo", "wx_someone")
        invited = accounts()["inv1@demo"]
        self.assertEqual((invited["invite_wx"], invited["invite_status"]), ("wx_someone", "waiting"))
        self.assertIs(type(invited["invite_expire_time"]), int)
        self.assertGreater(invited["invite_expire_time"], time.time())
        self.assertNotIn("kf_wx", invited)
        with self.refused(65411, "a effective invitation to bind the custom service account exists"):
            self.invite("inv1@demo", "wx_other")
        with self.refused(65408, "you have already invited the wechat user"):
            self.invite("inv2@demo", "wx_someone")

    def test_an_invitation_which_cannot_be_is_refused(self):
        self.add("inv3@demo")
        with self.refused(65401, "invalid custom service account"):
            self.invite("nobody@demo", "wx_new")
        with self.refused(65412, "the custom service account have been bound by a wechat user"):
            self.invite(AGENT, "wx_new")
        with self.refused(65409, "wechat account invalid"):
            self.invite("inv3@demo", "不是微信号")
        with self.refused(65407, "the wechat user have been one of your workers"):
            self.invite("inv3@demo", WORKER)

    def invite(self, account, person):
        """The SDK has no method for this one; its users post by hand."""
        return shop.post(INVITE, data={"kf_account": account, "invite_wx": person})


class WhileNobodyIsOnline(Test):
    def test_no_agent_is_listed_as_online(self):
        self.assertEqual(shop.customservice.get_online_accounts(), [])

    def test_a_customer_waits(self):
        before = waiting()
        Customer(desk).says("有人吗？")
        Customer(desk).says("在吗？")
        answer = shop.customservice.get_wait_case()
        arrived = [one for one in answer["waitcaselist"] if one["openid"] not in before]
        self.assertEqual(len(arrived), 2)
        self.assertEqual(answer["count"], len(answer["waitcaselist"]))
        self.assertEqual(answer["waitcaselist"][: len(before)], answer["waitcaselist"][:-2])
        for one in arrived:
            self.assertRegex(one["openid"], r"^o[A-Za-z0-9_-]{27}$")
            self.assertIs(type(one["latest_time"]), int)
            self.assertAlmostEqual(one["latest_time"], time.time(), delta=60)
            session = shop.customservice.get_session(one["openid"])
            self.assertEqual((session["kf_account"], session["createtime"]), ("", 0))

    def test_a_session_needs_an_agent_who_is_there(self):
        self.add("idle@demo")
        openid = "o" + "W" * 27
        with self.refused(65401, "invalid custom service account"):
            shop.customservice.create_session(openid, "nobody@demo")
        with self.refused(65402, "the custom service account need to bind a wechat user"):
            shop.customservice.create_session(openid, "idle@demo")
        with self.refused(65415, "the worker is not online"):
            shop.customservice.create_session(openid, AGENT)

    def test_the_sessions_of_an_agent_who_cannot_have_any_are_refused(self):
        self.add("none@demo")
        self.assertEqual(shop.customservice.get_session_list(AGENT), [])
        with self.refused(65402, "the custom service account need to bind a wechat user"):
            shop.customservice.get_session_list("none@demo")
        with self.refused(65401, "invalid custom service account"):
            shop.customservice.get_session_list("nobody@demo")


class WhileAWorkerIsOnline(Test):
    @classmethod
    def setUpClass(cls):
        worker = Worker(desk)
        cls.addClassCleanup(eventually, "the worker is offline", lambda: not online())
        cls.addClassCleanup(worker.close)
        eventually("the worker is online", online)

    def tearDown(self):
        for openid in sessions():
            shop.customservice.close_session(openid, AGENT)

    def arrives(self):
        """A customer's first message, and the openid under which the shop knows the customer."""
        before = sessions()
        Customer(desk).says("你好")
        (openid,) = [openid for openid in sessions() if openid not in before]
        return openid

    def test_the_agent_is_listed_as_online_with_every_member_in_its_type(self):
        (agent,) = shop.customservice.get_online_accounts()
        self.assertEqual((agent["kf_account"], agent["status"], agent["accepted_case"]), (AGENT, 1, 0))
        self.assertEqual(agent["kf_id"], accounts()[AGENT]["kf_id"])
        self.assertIs(type(agent["kf_openid"]), str)
        self.assertNotIn("auto_accept", agent)

    def test_a_first_message_opens_a_session_and_both_lists_say_so(self):
        openid = self.arrives()
        created = sessions()[openid]
        self.assertIs(type(created), int)
        self.assertAlmostEqual(created, time.time(), delta=60)
        session = shop.customservice.get_session(openid)
        self.assertEqual((session["kf_account"], session["createtime"]), (AGENT, created))
        self.assertEqual(online()[AGENT]["accepted_case"], 1)
        self.assertNotIn(openid, waiting())

    def test_two_customers_are_two_sessions(self):
        openids = [self.arrives(), self.arrives()]
        self.assertEqual(list(sessions()), openids)
        self.assertEqual(online()[AGENT]["accepted_case"], 2)

    def test_a_session_is_closed_once(self):
        openid = self.arrives()
        ok = shop.customservice.close_session(openid, AGENT, text="再见")
        self.assertEqual(ok, {"errcode": 0, "errmsg": "ok"})
        self.assertEqual(shop.customservice.get_session(openid)["kf_account"], "")
        self.assertEqual((sessions(), online()[AGENT]["accepted_case"]), ({}, 0))
        with self.refused(65413, "no effective session for the customer"):
            shop.customservice.close_session(openid, AGENT)

    def test_a_waiting_customer_is_given_to_the_agent(self):
        self.reception("manual")
        self.addCleanup(self.reception, "automatic")
        before = waiting()
        Customer(desk).says("我先来的")
        (openid,) = [openid for openid in waiting() if openid not in before]
        ok = shop.customservice.create_session(openid, AGENT, text="转给你了")
        self.assertEqual(ok, {"errcode": 0, "errmsg": "ok"})
        self.assertNotIn(openid, waiting())
        self.assertEqual(shop.customservice.get_session(openid)["kf_account"], AGENT)

    def reception(self, reception):
        """In manual reception customers wait, although the agent has room."""
        desk.operator("account", "set", "--reception", reception, "--appid", APPID)

    def test_a_session_with_the_same_agent_stays_the_one_it_is(self):
        openid = self.arrives()
        before = shop.customservice.get_session(openid)
        shop.customservice.create_session(openid, AGENT)
        self.assertEqual(shop.customservice.get_session(openid), before)
        self.assertEqual(online()[AGENT]["accepted_case"], 1)

    def test_a_customer_who_never_wrote_can_be_given_to_an_agent(self):
        openid = "o" + "Z" * 27
        shop.customservice.create_session(openid, AGENT)
        self.assertIn(openid, sessions())

    def test_a_badly_shaped_openid_is_refused(self):
        for openid in "nobody", "o" + "a" * 26, "x" + "a" * 27:
            with self.subTest(openid), self.refused(40003, "invalid openid"):
                shop.customservice.create_session(openid, AGENT)
            with self.subTest(openid), self.refused(40003, "invalid openid"):
                shop.customservice.get_session(openid)
