from __future__ import annotations

import re
from pathlib import Path

from stillhouse_orchestrator.events import EventName

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "events.md"


def test_every_event_is_documented_and_nothing_else_is():
    documented = re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert documented == [event.value for event in EventName]


def test_every_event_is_a_noun_and_a_past_verb():
    irregular = {"lost", "sent", "made"}
    for event in EventName:
        noun, verb = event.value.split(".")
        assert noun.isalpha()
        assert verb.endswith("ed") or verb in irregular
        assert event.name == event.value.replace(".", "_").upper()
