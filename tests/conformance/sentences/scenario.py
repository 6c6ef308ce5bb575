"""The steps about tokens, agents and sessions, one sentence each. A step checks what the SDK's user gets, and the state
of the desk afterwards."""

import re

from actors import AGENT, APPID, SECRET, Customer
from sdk.driver import Broke
from sentences.steps import renews, step, tells
from sentences.world import STRANGER, done, equal, listed, refused, same

TOKEN = "getAccessToken"


# ---- tokens ----


@step("getAccessToken", "token")
def a_token_is_issued(w):
    """A token is issued, of characters that need no escaping in a query."""
    value = w.sdk.token()
    if isinstance(value, dict):
        value = value.get("access_token") or value.get("accessToken")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,512}", value or ""):
        raise AssertionError(f"the token is {value!r}")


@step("getAccessToken", "token")
def a_token_is_fetched_once_and_kept(w):
    """A token is fetched once, and kept for the next call."""
    w.begin()
    with w.calls(TOKEN) as seen:
        for _ in range(2):
            w.any_call()
    equal(seen(), 1, "the number of tokens fetched")


@step("getAccessToken", "token")
def a_wrong_secret_is_refused(w):
    """A wrong secret is refused with 40125, an unknown appid with 40013."""
    try:
        for appid, secret, code in (APPID, "f" * 32, 40125), ("wx" + "f" * 16, SECRET, 40013):
            w.begin(appid, secret)
            with refused(code):
                w.sdk.token()
    finally:
        w.begin()


@step("getStableAccessToken", "stable_token")
def a_stable_token_stays(w):
    """A stable token is the same one when asked for again."""
    equal(w.sdk.stable_token(), w.sdk.stable_token(), "the second token")


def renews_once_after(w, ending):
    """Ends the SDK's token by an operator's command, and checks that the next call fetches one new token."""
    w.warm()
    w.operator("token", ending)
    with w.calls(TOKEN) as seen:
        w.any_call()
    equal(seen(), 1, "the number of tokens fetched")


def fails_after(w, ending, code):
    """Ends the SDK's token by an operator's command, and checks that the next call is refused with the code."""
    w.warm()
    w.operator("token", ending)
    try:
        with refused(code):
            w.any_call()
    finally:
        w.begin()


@step("getAccessToken", "token", when=renews(42001))
def an_expired_token_is_renewed(w):
    """After 42001 the SDK fetches a new token and repeats the call."""
    renews_once_after(w, "expire")


@step("getAccessToken", "token", when=renews(40001))
def a_replaced_token_is_renewed(w):
    """After 40001 the SDK fetches a new token and repeats the call."""
    renews_once_after(w, "revoke")


@step("getAccessToken", "token", when=tells(42001))
def an_expired_token_is_told(w):
    """The SDK does not renew tokens by itself; its user learns 42001."""
    fails_after(w, "expire", 42001)


@step("getAccessToken", "token", when=tells(40001))
def a_replaced_token_is_told(w):
    """The SDK does not renew tokens by itself; its user learns 40001."""
    fails_after(w, "revoke", 40001)


# ---- agents ----


@step("addkfaccount", "add")
def an_agent_is_added(w):
    """An agent is added under the name it was given."""
    done(w.sdk.add(account="new@demo", nickname="客服小明"))
    equal(w.agents()["new@demo"]["kf_nick"], "客服小明", "kf_nick")


@step("addkfaccount", "add")
def an_agent_may_be_called_by_an_emoji(w):
    """A name may have characters beyond the first 65,536."""
    done(w.sdk.add(account="smile@demo", nickname="🙂"))
    equal(w.agents()["smile@demo"]["kf_nick"], "🙂", "kf_nick")


@step("addkfaccount", "add")
def an_agent_who_cannot_be_is_refused(w):
    """A second agent of that id is refused with 65406, a bad id with 65404, a bad name with 65403."""
    w.has("twice@demo")
    for account, nickname, code in ("twice@demo", "二", 65406), ("a@b@demo", "客服", 65404), ("b@demo", "客" * 17, 65403):
        with refused(code):
            w.sdk.add(account=account, nickname=nickname)


@step("addkfaccount", "add", when=renews(42001))
def an_agent_is_added_with_an_expired_token(w):
    """With an expired token the agent is added at the second try, once."""
    w.warm()
    w.operator("token", "expire")
    done(w.sdk.add(account="late@demo", nickname="迟到"))
    equal(w.agents()["late@demo"]["kf_nick"], "迟到", "kf_nick")


@step("updatekfaccount", "update")
def an_agent_is_renamed(w):
    """An agent is renamed."""
    w.has("old@demo", "旧名")
    done(w.sdk.update(account="old@demo", nickname="新名"))
    equal(w.agents()["old@demo"]["kf_nick"], "新名", "kf_nick")


@step("updatekfaccount", "update")
def an_unknown_agent_is_not_renamed(w):
    """An unknown agent is refused with 65401."""
    with refused(65401):
        w.sdk.update(account="nobody@demo", nickname="客服")


@step("delkfaccount", "delete")
def an_agent_is_deleted(w):
    """An agent is deleted, and is then refused with 65401."""
    w.has("gone@demo")
    done(w.sdk.delete(account="gone@demo"))
    equal("gone@demo" in w.agents(), False, "whether the agent is still listed")
    with refused(65401):
        w.sdk.delete(account="gone@demo")


@step("delkfaccount", "delete", when=renews(42001))
def an_agent_is_deleted_with_an_expired_token(w):
    """With an expired token the agent is deleted at the second try."""
    w.has("past@demo")
    w.warm()
    w.operator("token", "expire")
    done(w.sdk.delete(account="past@demo"))
    equal("past@demo" in w.agents(), False, "whether the agent is still listed")


@step("invitekfworker", "invite")
def a_person_is_invited(w):
    """A person is invited; a second invitation is refused with 65411, for an unknown agent with 65401."""
    w.has("asks@demo")
    done(w.sdk.invite(account="asks@demo", person="wx_somebody"))
    equal(w.agents()["asks@demo"]["invite_wx"], "wx_somebody", "invite_wx")
    for account, code in ("asks@demo", 65411), ("nobody@demo", 65401):
        with refused(code):
            w.sdk.invite(account=account, person="wx_other")


@step("getkflist", "list")
def agents_are_listed(w):
    """Agents with a worker, with an invitation and with neither are listed with every member."""
    w.has("plain@demo")
    w.has("invited@demo")
    w.invited("invited@demo", "wx_invited")
    agents = w.agents()
    found = {one["kf_account"]: one for one in listed(w.sdk.list(), "kf_list")}
    equal(set(found), set(agents), "the list")
    for account, agent in agents.items():
        same(found[account], agent, ("kf_account", "kf_nick", "kf_id", "kf_headimgurl"))


@step("getkflist", "list", when=lambda sdk: "kf-id-as-string" in sdk.settings)
def a_number_is_not_read(w):
    """Without `--kf-id-as-string true` the SDK cannot read the list."""
    w.operator("account", "set", "--kf-id-as-string", "false")
    try:
        w.sdk.list()
    except Broke:
        return
    finally:
        w.operator("account", "set", "--kf-id-as-string", "true")
    raise AssertionError("it can read it")


# ---- sessions ----


@step("getonlinekflist", "online")
def nobody_is_online(w):
    """The list is empty while no agent is online."""
    equal(listed(w.sdk.online(), "kf_online_list"), [], "the list")


@step("getonlinekflist", "online", online=True)
def a_worker_is_online(w):
    """An agent whose worker is there is listed with every member."""
    (found,) = listed(w.sdk.online(), "kf_online_list")
    (agent,) = w.shop.get("/cgi-bin/customservice/getonlinekflist")["kf_online_list"]
    equal((agent["kf_account"], agent["status"]), (AGENT, 1), "the agent")
    same(found, agent, ("kf_account", "status", "kf_id", "accepted_case"))


@step("createkfsession", "create")
def a_session_needs_a_worker(w):
    """A session with an agent who is not there is refused with 65415, with an unknown one with 65401."""
    for account, code in (AGENT, 65415), ("nobody@demo", 65401):
        with refused(code):
            w.sdk.create(account=account, openid=STRANGER)


@step("createkfsession", "create", online=True)
def a_session_is_created(w):
    """A session is created; a badly shaped openid is refused with 40003."""
    done(w.sdk.create(account=AGENT, openid=STRANGER))
    equal(w.shop.get("/customservice/kfsession/getsession", openid=STRANGER)["kf_account"], AGENT, "the agent")
    with refused(40003):
        w.sdk.create(account=AGENT, openid="nobody")


@step("closesession", "close", online=True)
def a_session_is_closed(w):
    """A session is closed, and is then refused with 65413."""
    openid = w.has_session()
    done(w.sdk.close(account=AGENT, openid=openid))
    equal(w.shop.get("/customservice/kfsession/getsession", openid=openid)["kf_account"], "", "the agent")
    with refused(65413):
        w.sdk.close(account=AGENT, openid=openid)


@step("getkfsession", "session", online=True)
def a_session_is_told(w):
    """The answer has a customer's session, or an empty kf_account without one; a bad openid is refused with 40003."""
    openid = w.has_session()
    found = w.sdk.session(openid=openid)
    equal(found["kf_account"], AGENT, "kf_account")
    equal(found["createtime"], w.sessions()[openid], "createtime")
    equal(w.sdk.session(openid="o" + "Y" * 27)["kf_account"], "", "kf_account")
    with refused(40003):
        w.sdk.session(openid="nobody")


@step("getkfsessionlist", "sessions", online=True)
def sessions_are_listed(w):
    """An agent's sessions are listed; an unknown agent is refused with 65401."""
    w.has_session()
    found = {one["openid"]: one["createtime"] for one in listed(w.sdk.sessions(account=AGENT), "sessionlist")}
    equal(found, w.sessions(), "the list")
    with refused(65401):
        w.sdk.sessions(account="nobody@demo")


@step("getwaitcase", "waiting")
def the_waiting_are_listed(w):
    """Customers who wait are listed in their order."""
    for text in "有人吗？", "在吗？":
        Customer(w.desk).says(text)
    found = w.sdk.waiting()
    expected = w.shop.get("/customservice/kfsession/getwaitcase")
    equal((found["count"], found["waitcaselist"]), (2, expected["waitcaselist"]), "the list")
