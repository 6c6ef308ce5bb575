"""What SDKs that receive pushes do wrong by themselves. Each must still fail in just this way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """How the sentence fails, in which modes, and why that is the SDK's doing."""

    seen: str
    why: str
    modes: tuple = ("plain", "compatible", "safe")


FAULTS = {
    ("wx-sdk 0.0.9", "a_picture_reply_arrives"): Fault(
        "the reply is 'notice', not 'image'",
        "It writes the element as `Iamge` (`src/mp/reply.rs`), so the reply has no picture and is refused.",
    ),
}
