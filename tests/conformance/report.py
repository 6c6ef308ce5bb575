"""Writes docs/compatibility.md from what a run saw."""

from pathlib import Path

from steps import STEPS

FILE = Path(__file__).parents[2] / "docs/compatibility.md"

HEAD = """# Compatibility

Made by `tests/conformance/run --bless` from what it saw; do not edit. Each SDK is the package its users install, at the version
named, and nothing in it is changed. It runs against a fresh `kefu demo --as api.weixin.qq.com`, finds the host there and believes its authority, and every
sentence below is asked of every SDK that has the calls for it. A run fails when a sentence does not hold, when a listed
fault of an SDK no longer shows, and when an SDK's code names an endpoint that is neither driven nor listed.
"""


def text(outcomes, played, served):
    """The whole file."""
    parts = [HEAD, matrix(outcomes, served), *map(section, outcomes), sentences(served), replays(played)]
    return "\n".join(parts)


def cell(outcome, endpoint):
    if endpoint not in outcome.has:
        return "–"
    return "pass, but" if outcome.faults.get(endpoint) else "pass"


def matrix(outcomes, served):
    """SDK × endpoint."""
    rows = [
        "## Every SDK and every endpoint\n",
        "`pass`: all of it works. `pass, but`: the SDK has a fault of its own, told in its section. `–`: the SDK has no call"
        " for this endpoint.\n",
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
    lines = [f"## {sdk.title}", "", f"{sdk.language}. {passed} sentences hold. {tokens(sdk)}{needs(sdk)}{more(sdk)}", ""]
    faults = [(endpoint, step, fault) for endpoint, seen in outcome.faults.items() for step, fault in seen]
    for endpoint, step, fault in faults:
        lines.append(f"- **{endpoint}**: “{step.sentence}” does not hold. {fault.why if fault else 'NOT EXPLAINED.'}")
    for endpoint, why in sorted(outcome.left.items()):
        lines.append(f"- **{endpoint}** stands in its code and is not driven: {why}")
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


def replays(played):
    """The requests of SDKs that do not run here."""
    lines = [
        "## Requests of SDKs that are not run",
        "",
        "Their requests stand in `tests/conformance/replays.txt`, byte by byte, and their parsers' needs beside them.",
        "",
        "| SDK | endpoint | from, and what is special | |",
        "|---|---|---|---|",
    ]
    lines += [f"| {one.sdk} | {one.endpoint} | {one.source} | {'pass' if ok else 'FAILS'} |" for one, ok in played]
    return "\n".join(lines) + "\n"


def check(outcomes, played, served, whole, bless):
    """What is wrong with the file; writes it where that is asked for."""
    if whole:
        fresh = text(outcomes, played, served)
        if bless:
            FILE.write_text(fresh)
        return [] if FILE.exists() and FILE.read_text() == fresh else [stale("it")]
    there = FILE.read_text() if FILE.exists() else ""
    parts = [section(outcome) for outcome in outcomes] + [sentences(served), replays(played)]
    return [stale(part.split("\n", 1)[0].strip("# ")) for part in parts if part not in there]


def stale(part):
    return f"docs/compatibility.md: {part} is not what was seen; look why, then run tests/conformance/run --bless"
