from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_engine.script.nodes import to_tuple
from stillhouse_engine.script.standard import standard_header

WRITTEN = '''"""Add a column

Revision ID: bb22
Revises: aa11

"""
from typing import Sequence, Union

from alembic import op


# revision identifiers, used by Alembic.
revision: str = 'bb22'
down_revision: Union[str, Sequence[str], None] = 'aa11'
branch_labels: Union[str, Sequence[str], None] = ('left', "right")  # two
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    revision = "local"
'''
NAMES = ("revision", "down_revision", "branch_labels", "depends_on")


def as_python_reads(source: str) -> tuple:
    tree = ast.parse(source)
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            values[target.id] = ast.literal_eval(node.value)
    return (
        values["revision"],
        *(to_tuple(values.get(name)) for name in ("down_revision", "depends_on", "branch_labels")),
        ast.get_docstring(tree, clean=False),
    )


def test_what_the_template_writes_is_read_at_once():
    assert standard_header(WRITTEN) == as_python_reads(WRITTEN)
    assert standard_header(WRITTEN)[:4] == ("bb22", ("aa11",), (), ("left", "right"))


@pytest.mark.parametrize(
    "source",
    [
        WRITTEN.replace('"""Add', 'r"""Add'),
        WRITTEN.replace("Add a column", "Add \\n column"),
        WRITTEN.replace('"""\nfrom', '""".strip()\nfrom'),
        WRITTEN.replace("'bb22'\n", "make_id()\n"),
        WRITTEN.replace("'aa11'\n", "'aa' 'bb'\n"),
        WRITTEN.replace("from alembic import op\n", "SQL = '''\nrevision = 'no'\n'''\n"),
        WRITTEN.replace("from alembic import op\n", "depends_on = 'xx11'\n"),
        WRITTEN + "\n\ndown_revision = 'cc33'\n",
        WRITTEN + "\n\nrevision += 'x'\n",
    ],
)
def test_what_looks_different_is_left_to_the_parser(source):
    assert standard_header(source) is None


ids = st.text("ab1_.-é ", min_size=1, max_size=6)
quoted = st.builds(lambda text, quote: f"{quote}{text}{quote}", ids, st.sampled_from("'\""))
values = st.one_of(
    st.just("None"),
    quoted,
    st.lists(quoted, min_size=1, max_size=3).map(lambda some: f"({', '.join(some)},)"),
    st.lists(quoted, min_size=2, max_size=3).map(lambda some: f"(\n    {', '.join(some)}\n)"),
    st.lists(quoted, max_size=2).map(lambda some: f"[{', '.join(some)}]"),
)
noise = st.sampled_from(
    ["", "# revision = 'c'", "import os", "x = 'revision = 1'", "revised = 'x'", 'Y = """', '"""', "if x:", "  pass"]
)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=5),
    st.sampled_from(["", ": str", " : Union[str, None]"]),
    st.lists(noise, max_size=4),
    st.lists(noise, max_size=3),
    st.sampled_from(['"""doc\n\n  more\n"""', '"""a "quoted" word"""', "'doc'", "# none"]),
)
def test_whatever_is_read_at_once_is_what_python_reads(assignments, annotation, above, below, doc):
    lines = [doc, *above, *(f"{name}{annotation} = {value}" for name, value in assignments), *below]
    source = "\n".join(lines) + "\n"
    found = standard_header(source)
    if found is None:
        return
    try:
        expected = as_python_reads(source)
    except SyntaxError:
        return  # fails when it runs, whoever reads its header
    assert found == expected
