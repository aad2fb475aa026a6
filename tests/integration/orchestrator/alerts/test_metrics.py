"""A scrape counts the targets that are well and names those that are not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import yaml

from stillhouse_orchestrator import metrics
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.values import DriftStatus, Health, TargetState

AT = datetime(2026, 11, 23, tzinfo=UTC)
RULES = Path(__file__).parents[4] / "deploy" / "prometheus" / "rules.yaml"
STATES = (
    TargetState("a", health=Health.HEALTHY, drift=DriftStatus.IN_SYNC, pending=2, reached_at=AT),
    TargetState("b", health=Health.HEALTHY, drift=DriftStatus.DRIFTED, pending=0),
    TargetState("c", health=Health.UNREACHABLE),
)


async def scrape():
    async with memory_store() as store:
        async with store.write() as session:
            await session.targets.save(STATES)
        return (await metrics.exposition(store, "shop")).decode()


async def test_targets_are_counted_and_troubled_ones_named():
    text = await scrape()

    assert 'stillhouse_targets{fleet="shop",health="healthy"} 2.0' in text
    assert 'stillhouse_drift_targets{fleet="shop",status="drifted"} 1.0' in text
    assert 'stillhouse_pending_targets{fleet="shop"} 1.0' in text
    assert 'stillhouse_target_trouble{fleet="shop",kind="drift",target="b"} 1.0' in text
    assert 'stillhouse_target_trouble{fleet="shop",kind="unreachable",target="c"} 1.0' in text
    assert 'target="a"' not in text


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
