"""What a look into the catalogue says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

ABSENT, PRESENT, INVALID = "absent", "present", "invalid"
AGAIN = "repeatable"
"""The state of what a statement changes that may be carried out any number of times."""


class Verdict(Enum):
    """Whether a statement was carried out."""

    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict and what it rests on, for people."""

    verdict: Verdict
    evidence: str


NO_PROBE = Finding(Verdict.UNKNOWN, "nothing in the catalogue tells whether a statement of this kind was carried out")
