"""Writes docs/compatibility.md from what a run saw."""

import textwrap
from pathlib import Path

from push.outcome import MODES
from push.sentences import SENTENCES
from sentences.steps import STEPS

FILE = Path(__file__).parents[2] / "docs/compatibility.md"

HEAD = """# Compatibility

Made by `tests/conformance/run --bless` from the outcome of a run; do not edit. Each SDK is the unchanged package that
its users install, at the version named. It runs against a fresh `kefu demo --as api.weixin.qq.com`, finds the host
there and trusts its authority. Every sentence below is checked with every SDK that has the calls for it. A run fails if
a sentence does not hold, if a listed fault of an SDK no longer occurs, and if an SDK's code has the path of an endpoint
that is neither driven nor listed.
"""


def text(outcomes, pushed, played, served):
    """The whole file."""
    developers = [servers(pushed), *map(server_section, pushed), pushed_sentences()]
    parts = [HEAD, matrix(outcomes, served), *map(section, outcomes), sentences(served), *developers, replays(played)]
    return "\n".join(parts)


def wrapped(text):
    """Markdown in lines of at most 120 columns."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def cell(outcome, endpoint):
    if endpoint not in outcome.has:
        return "–"
    return "pass, but" if outcome.faults.get(endpoint) else "pass"


def matrix(outcomes, served):
    """SDK × endpoint."""
    rows = [
        "## Every SDK and every endpoint\n",
        wrapped(
            "`pass`: all sentences hold. `pass, but`: the SDK has a fault of its own, described in its section. "
            "`–`: the SDK has no call for this endpoint."
        )
        + "\n",
        "| endpoint | " + " | ".join(outcome.sdk.title for outcome in outcomes) + " |",
        "|---" * (len(outcomes) + 1) + "|",
    ]
    for endpoint in served:
        rows.append(f"| {endpoint} | " + " | ".join(cell(outcome, endpoint) for outcome in outcomes) + " |")
    return "\n".join(rows) + "\n"


def section(outcome):
    """One SDK: how it lives with tokens, what it needs, and its own faults."""
    sdk = outcome.sdk
    passed = sum(map(len, outcome.passed.values()))
    summary = f"{sdk.language}. {passed} sentences hold. {tokens(sdk)}{needs(sdk)}{more(sdk)}"
    lines = [f"## {sdk.title}", "", wrapped(summary), ""]
    faults = [(endpoint, step, fault) for endpoint, seen in outcome.faults.items() for step, fault in seen]
    for endpoint, step, fault in faults:
        why = fault.why if fault else "NOT EXPLAINED."
        lines.append(wrapped(f"- **{endpoint}**: “{step.sentence}” does not hold. {why}"))
    for endpoint, why in sorted(outcome.left.items()):
        lines.append(wrapped(f"- **{endpoint}** is in its code and is not driven: {why}"))
    return "\n".join(lines).rstrip() + "\n"


def tokens(sdk):
    if sdk.renews:
        codes = " and ".join(map(str, sorted(sdk.renews)))
        return f"It fetches a new token and repeats the call after {codes}."
    return "It renews its token by the clock alone; 40001 and 42001 reach its user."


def needs(sdk):
    given = " ".join(f"--{name} {value}" for name, value in sdk.settings.items())
    return f" It needs `kefu account set {given}`." if given else ""


def more(sdk):
    return f" {sdk.note}" if sdk.note else ""


def sentences(served):
    """What is asked, by endpoint."""
    lines = ["## What is asked", ""]
    endpoint = None
    order = [one.endpoint for one in STEPS]
    for step in sorted((one for one in STEPS if one.endpoint in served), key=lambda one: order.index(one.endpoint)):
        if step.endpoint != endpoint:
            endpoint = step.endpoint
            lines.append(f"- **{endpoint}**")
        lines.append(f"  - {step.sentence}")
    return "\n".join(lines) + "\n"


def servers(pushed):
    """SDK × mode of message push."""
    intro = (
        "These SDKs run as developers' servers, unchanged, and receive what Kefu pushes in XML. The EncodingAESKey is "
        "the one of Weixin's examples, whose last character has bits that are not used. Every sentence is checked in "
        "every mode."
    )
    rows = ["## Developers' servers", "", wrapped(intro), ""]
    rows += ["| SDK | " + " | ".join(MODES) + " |", "|---" * (len(MODES) + 1) + "|"]
    for outcome in pushed:
        cells = ["pass, but" if outcome.faults[mode] else "pass" for mode in MODES]
        rows.append(f"| {outcome.server.title} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def server_section(outcome):
    """One developer's server, and its own faults."""
    held = sum(map(len, outcome.held.values()))
    lines = [f"### {outcome.server.title} as a developer's server", "", f"{held} sentences hold."]
    known = {id(fault): (one, fault) for seen in outcome.faults.values() for one, fault in seen}
    for one, fault in known.values():
        lines += ["", wrapped(f"- “{one.sentence}” does not hold ({', '.join(fault.modes)}). {fault.why}")]
    return "\n".join(lines) + "\n"


def pushed_sentences():
    """What is asked of developers' servers."""
    lines = ["### What is asked of developers' servers", ""]
    return "\n".join(lines + [wrapped(f"- {one.sentence}") for one in SENTENCES]) + "\n"


def replays(played):
    """The requests of SDKs that do not run here."""
    lines = [
        "## Requests of SDKs that are not run",
        "",
        "`tests/conformance/replays.txt` has their requests, byte by byte, and what their parsers need.",
        "",
        "| SDK | endpoint | from, and what is special | |",
        "|---|---|---|---|",
    ]
    lines += [f"| {one.sdk} | {one.endpoint} | {one.source} | {'pass' if ok else 'FAILS'} |" for one, ok in played]
    return "\n".join(lines) + "\n"


def check(outcomes, pushed, played, served, whole, bless):
    """What is wrong with the file; writes it where that is asked for."""
    if whole:
        fresh = text(outcomes, pushed, played, served)
        if bless:
            FILE.write_text(fresh)
        return [] if FILE.exists() and FILE.read_text() == fresh else [stale("it")]
    there = FILE.read_text() if FILE.exists() else ""
    parts = [section(outcome) for outcome in outcomes] + [server_section(outcome) for outcome in pushed]
    parts += [sentences(served), pushed_sentences(), replays(played)]
    return [stale(part.split("\n", 1)[0].strip("# ")) for part in parts if part not in there]


def stale(part):
    return f"docs/compatibility.md: {part} is not what was seen; find out why, then run tests/conformance/run --bless"
