"""Every directive, replayed, leaves what it leaves when its own Python runs; errors are the same, too."""

from __future__ import annotations

import pytest
from online_cases import ALTERING, EVERYWHERE, POSTGRESQL, RECREATIONS, SETUP
from watched_runs import contents

from stillhouse_engine.runtime.project import DatabaseSpec, Project

GROUPS = {
    "postgresql": {"EVERYWHERE": EVERYWHERE, "ALTERING": ALTERING, "POSTGRESQL": POSTGRESQL},
    "sqlite": {"EVERYWHERE": EVERYWHERE, "RECREATIONS": RECREATIONS},
}
ALL = [(kind, (group, name)) for kind, groups in GROUPS.items() for group, cases in groups.items() for name in cases]


async def outcome(opened, url, *, replay):
    database = DatabaseSpec("d", url, replay=replay)
    await opened.upgrade(database, "r1")
    try:
        error = None
        await opened.upgrade(database)
    except Exception as failure:  # noqa: BLE001 - whatever it is, it must be the same
        error = (type(failure).__name__, getattr(failure, "revision", None), getattr(failure, "statement", None))
    return contents(url), error


@pytest.mark.parametrize(("make_url", "case"), ALL, indirect=["make_url"], ids=str)
@pytest.mark.filterwarnings("ignore")
async def test_what_is_left_is_the_same(case, project, spec_of, make_url):
    url = make_url()
    statements = [part.strip() for part in SETUP.split(";") if part.strip()]
    project.revision("r1", None, "\n".join(f"op.execute({each!r})" for each in statements))
    project.revision("r2", "r1", f"import online_cases\nonline_cases.{case[0]}[{case[1]!r}](op)")
    opened = Project(spec_of(project))
    recorded = await outcome(opened, url, replay=True)
    replayed = await outcome(opened, make_url(), replay=True)
    plain = await outcome(opened, make_url(), replay=False)
    assert recorded == replayed == plain
