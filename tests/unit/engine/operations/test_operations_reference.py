"""Promise: the reference page names every directive with every argument, and no others."""

from __future__ import annotations

import inspect
import io
import re
from pathlib import Path

import pytest

from stillhouse_engine import op
from stillhouse_engine.operations import BatchOperations, Operations
from stillhouse_engine.operations import ops as operation_classes
from stillhouse_engine.runtime.migration import MigrationContext

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "operations.md"
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)
DOCUMENTED = dict(ROW.findall(PAGE.read_text()))
CLASS_METHODS = {"context", "implementation_for", "register_operation"}
DIRECTIVES = sorted(
    name
    for name in {*vars(Operations), *vars(Operations.__mro__[1])}
    if not name.startswith("_") and name not in CLASS_METHODS
)


def test_every_directive_is_documented():
    assert sorted(DOCUMENTED) == DIRECTIVES


@pytest.mark.parametrize("name", DIRECTIVES)
def test_every_argument_is_documented(name):
    parameters = list(inspect.signature(getattr(op, name)).parameters)
    assert [parameter for parameter in parameters if f"`{parameter}`" not in DOCUMENTED[name]] == []


@pytest.mark.parametrize("name", [name for name in vars(BatchOperations) if not name.startswith("_")])
def test_every_batch_directive_is_one_of_them(name):
    assert name in DOCUMENTED


def test_the_example_of_an_own_operation_works():
    source = next(
        block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "register" in block
    )
    source = source.replace(
        "from alembic.operations import MigrateOperation, Operations",
        "from stillhouse_engine.operations import Operations\nfrom stillhouse_engine.operations.ops import MigrateOperation",
    )
    exec(compile(source, str(PAGE), "exec"), {"__name__": "example"})
    buffer = io.StringIO()
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True, "output_buffer": buffer})
    try:
        Operations(context).create_sequence("s")
    finally:
        del Operations.create_sequence
    assert buffer.getvalue() == "CREATE SEQUENCE s;\n\n"


def test_every_operation_class_has_a_docstring():
    assert [name for name in operation_classes.__all__ if not getattr(operation_classes, name).__doc__] == []
