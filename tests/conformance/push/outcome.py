"""Holds a conversation with each developer's server in each mode, and compares it with the SDKs' own faults."""

import re
from dataclasses import dataclass, field

from actors import AGENT, Desk, Worker, eventually
from compat import Shop
from push.developer import Developer
from push.faults import FAULTS
from push.sentences import SENTENCES, Place

MODES = ("plain", "compatible", "safe")
ONLINE = "/cgi-bin/customservice/getonlinekflist"


@dataclass
class Outcome:
    """What held with one developer's server."""

    server: object
    # Sentences by mode: those that held, and those that failed as listed in faults.py.
    held: dict = field(default_factory=lambda: {mode: [] for mode in MODES})
    faults: dict = field(default_factory=lambda: {mode: [] for mode in MODES})
    wrong: list = field(default_factory=list)


def ask(server, program):
    """The outcome of every sentence in every mode."""
    outcome = Outcome(server)
    developer = Developer(server)
    try:
        for mode in MODES:
            # A desk for each mode, because it limits what comes from one address.
            desk = Desk(program)
            try:
                _mode(outcome, desk, developer, mode)
            finally:
                desk.close()
    finally:
        developer.close()
    return outcome


def _mode(outcome, desk, developer, mode):
    worker, shop = Worker(desk), Shop(desk)
    try:
        eventually(f"{AGENT} is online", lambda: shop.get(ONLINE)["kf_online_list"])
        place = Place(desk, shop, developer, mode)
        _sentences(outcome, place)
    except AssertionError as failure:
        outcome.wrong.append(f"{mode}: {failure}")
    finally:
        worker.close()


def _sentences(outcome, place):
    held, faults = outcome.held[place.mode], outcome.faults[place.mode]
    for one in SENTENCES:
        if one.needs and one.needs not in place.developer.replies:
            continue
        known = FAULTS.get((outcome.server.title, one.name))
        place.developer.errors.clear()
        try:
            one.run(place)
        except AssertionError as failure:
            if known and place.mode in known.modes and re.search(known.seen, str(failure)):
                faults.append((one, known))
            else:
                outcome.wrong.append(f"{place.mode}, {one.name}: {failure}")
        else:
            held.append(one)
            if known and place.mode in known.modes:
                outcome.wrong.append(f"{place.mode}, {one.name}: the fault in push/faults.py does not occur any more")
