"""A scrape counts the targets that are well and names those that are not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import yaml

from stillhouse_orchestrator import metrics
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.values import Alert, DriftStatus, Health, Rollout, RolloutState, Severity, TargetState

AT = datetime(2026, 11, 23, tzinfo=UTC)
RULES = Path(__file__).parents[4] / "deploy" / "prometheus" / "rules.yaml"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
STATES = (
    TargetState("a", health=Health.HEALTHY, drift=DriftStatus.IN_SYNC, pending=2, reached_at=AT),
    TargetState("b", health=Health.HEALTHY, drift=DriftStatus.DRIFTED, pending=0),
    TargetState("c", health=Health.UNREACHABLE, drift=DriftStatus.UNKNOWN),
    TargetState("gone", health=Health.VANISHED, drift=DriftStatus.DRIFTED, pending=1, reached_at=LONG_AGO),
)
DRIFT = Alert("drift:1", "drift", Severity.WARNING, "schema drift", ("c",), AT)
FAILED = Rollout("r-1", "head", "p-1", (), {}, AT, "ann", state=RolloutState.FAILED, finished_at=AT)


async def scrape():
    async with memory_store() as store:
        async with store.write() as session:
            await session.targets.save(STATES)
            await session.alerts.save([DRIFT])
            await session.rollouts.add(FAILED)
        return (await metrics.exposition(store, "shop")).decode()


async def test_targets_are_counted_and_troubled_ones_named():
    text = await scrape()

    assert 'stillhouse_targets{fleet="shop",health="healthy"} 2.0' in text
    assert 'stillhouse_drift_targets{fleet="shop",status="drifted"} 1.0' in text
    assert 'stillhouse_pending_targets{fleet="shop"} 1.0' in text
    assert 'stillhouse_target_trouble{fleet="shop",kind="drift",target="b"} 1.0' in text
    assert 'stillhouse_target_trouble{fleet="shop",kind="unreachable",target="c"} 1.0' in text
    assert 'target="a"' not in text


async def test_a_target_out_of_reach_keeps_its_drift_and_one_that_vanished_troubles_nobody():
    text = await scrape()

    assert 'stillhouse_target_trouble{fleet="shop",kind="drift",target="c"} 1.0' in text
    assert 'target="gone"' not in text
    assert f'stillhouse_oldest_look_timestamp_seconds{{fleet="shop"}} {AT.timestamp():.6e}'.replace("e+09", "") in text


async def test_every_metric_is_documented_and_nothing_else_is():
    page = (RULES.parents[2] / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(stillhouse_\w+)` \|", page, re.MULTILINE) == re.findall(
        r"# TYPE (\w+) gauge", await scrape()
    )


async def test_the_alerting_rules_ask_for_metrics_that_exist():
    text = await scrape()
    asked = {
        name
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        for name in re.findall(r"stillhouse_\w+", rule["expr"])
    }

    assert asked
    assert all(f"# TYPE {name} gauge" in text for name in asked)
