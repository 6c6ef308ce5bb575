"""Runs the sentences of every SDK, as a client and as a developer's server, and all replays.

It fails unless all of them hold and the report says the same.

--quick   wechatpy and the replays, and what the report says of them
--bless   write the report
"""

import os
import signal
import sys
import unittest
from pathlib import Path

import compat
import push.outcome
import replays
import report
from push import servers
from sdk import sdks
from actors import APPID, Customer, Desk, Worker, eventually

WAITING = "/customservice/kfsession/getwaitcase"
ONLINE = "/cgi-bin/customservice/getonlinekflist"


def main():
    quick, bless = "--quick" in sys.argv, "--bless" in sys.argv
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wrong = unit()
    program, served = os.environ["KEFU"], compat.endpoints()
    outcomes = []
    for sdk in [sdks.WECHATPY] if quick else sdks.ALL:
        outcomes.append(outcome := compat.ask(sdk, program))
        passed, faults = (sum(map(len, seen.values())) for seen in (outcome.passed, outcome.faults))
        print(f"{sdk.title}: {passed} sentences hold, {faults} faults of its own", flush=True)
        wrong += [f"{sdk.title}: {what}" for what in outcome.wrong]
    pushed = []
    for server in [servers.WECHATPY] if quick else servers.ALL:
        pushed.append(outcome := push.outcome.ask(server, program))
        held, faults = (sum(map(len, seen.values())) for seen in (outcome.held, outcome.faults))
        print(f"{server.title} as a developer's server: {held} sentences hold, {faults} faults of its own", flush=True)
        wrong += [f"{server.title} as a developer's server: {what}" for what in outcome.wrong]
    played, failures = play(program, served)
    wrong += failures
    print(f"{sum(ok for _, ok in played)} of {len(played)} replays pass", flush=True)
    wrong += report.check(outcomes, pushed, played, served, not quick, bless)
    if wrong:
        sys.exit("\n".join(["conformance: failed", *wrong]))


def unit():
    """The tests of one SDK in depth."""
    suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent))
    # The SDK calls methods of its own which it has deprecated.
    try:
        result = unittest.TextTestRunner(verbosity=1, warnings="ignore").run(suite)
    finally:
        unittest.doModuleCleanups()
    passed = result.testsRun - len(result.skipped) - len(result.expectedFailures)
    if not result.wasSuccessful() or passed != result.testsRun or passed == 0:
        return [f"test_wechatpy.py: {passed} of {result.testsRun} ran to an end"]
    return []


def play(program, served):
    """Every replay, and whether it passed; and what did not."""
    played, wrong = [], []
    desk = Desk(program)
    try:
        shop = compat.Shop(desk)
        # A customer waits while an agent with room is online.
        desk.operator("account", "set", "--reception", "manual", "--appid", APPID)
        Customer(desk).says("有人吗？")
        ((waiting,),) = ([one["openid"] for one in shop.get(WAITING)["waitcaselist"]],)
        worker = Worker(desk)
        try:
            eventually("the worker is online", lambda: shop.get(ONLINE)["kf_online_list"])
            player = replays.Player(desk, shop, waiting)
            for replay in replays.table():
                if replay.endpoint not in served:
                    wrong.append(f"{replay.name}: the server has no such endpoint")
                    continue
                try:
                    player.play(replay)
                    played.append((replay, True))
                except AssertionError as failure:
                    played.append((replay, False))
                    wrong.append(f"{replay.name}: {failure}")
        finally:
            worker.close()
    finally:
        desk.close()
    return played, wrong


if __name__ == "__main__":
    main()
