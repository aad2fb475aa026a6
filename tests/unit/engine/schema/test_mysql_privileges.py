from __future__ import annotations

import pytest

from stillhouse_engine.schema.mysql.privileges import held

USAGE = "GRANT USAGE ON *.* TO `bob`@`%`"


@pytest.mark.parametrize(
    ("grant", "privileges"),
    [
        ("GRANT SELECT, TRIGGER ON `shop`.* TO `bob`@`%`", {"SELECT", "TRIGGER"}),
        ("GRANT ALL PRIVILEGES ON *.* TO `bob`@`%` WITH GRANT OPTION", {"ALL PRIVILEGES"}),
        ("GRANT SELECT ON `sho%`.* TO `bob`@`%`", {"SELECT"}),
        ("GRANT SELECT ON `s_op`.* TO `bob`@`%`", {"SELECT"}),
        (r"GRANT SELECT ON `s\_op`.* TO `bob`@`%`", set()),
        ("GRANT SELECT ON `other`.* TO `bob`@`%`", set()),
        ("GRANT SELECT ON `shop`.`users` TO `bob`@`%`", set()),
    ],
)
def test_what_is_granted_on_the_whole_of_a_database_counts(grant, privileges):
    found = held([USAGE, grant], "shop")
    assert found is not None
    assert found - {"USAGE"} == privileges


def test_the_privileges_of_an_active_role_count():
    lines = [
        "GRANT `r` TO `al`@`%`",
        "GRANT USAGE ON *.* TO `al`@`%`",
        "GRANT USAGE ON *.* TO `r`",
        "GRANT SELECT ON `shop`.* TO `r`",
    ]
    assert "SELECT" in (held(lines, "shop") or ())


def test_roles_whose_grants_are_not_told_leave_it_open():
    assert held(["GRANT USAGE ON *.* TO `al`@`%`", "GRANT `r`@`%` TO `al`@`%`"], "shop") is None
