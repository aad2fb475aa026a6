from __future__ import annotations

import pytest

from stillhouse_engine.script.headers import NotLiteralError, parse_header

PLAIN = '''"""first line
second line

Revision ID: aa11
revision = "not this one"
"""
from typing import Sequence, Union

# revision identifiers, used by Alembic.
revision: str = 'aa11'
down_revision: Union[str, Sequence[str], None] = None
branch_labels = ("left", 'right')  # two
depends_on = [
    "xx11",   # one
    "xx22",
]


def upgrade():
    revision = "local"
'''


def test_the_four_variables_are_read_from_literals():
    assert parse_header(PLAIN).values == {
        "revision": "aa11",
        "down_revision": None,
        "branch_labels": ("left", "right"),
        "depends_on": ["xx11", "xx22"],
    }


def test_the_docstring_is_kept_without_its_quotes():
    doc = parse_header(PLAIN).doc
    assert doc is not None
    assert doc.startswith("first line\nsecond line\n\nRevision ID: aa11")


@pytest.mark.parametrize(
    ("source", "doc"),
    [
        ("revision = 'a'\ndown_revision = None\n", None),
        ("# comment\n\n'single'\nrevision = 'a'\ndown_revision = None\n", "single"),
        ('r"""raw \\d"""\nrevision = "a"\ndown_revision = None\n', "raw \\d"),
        ('"""quoted \\""" inside"""\nrevision = "a"\ndown_revision = None\n', 'quoted """ inside'),
        ('\ufeff"""marked"""\nrevision = "a"\ndown_revision = None\n', "marked"),
    ],
)
def test_docstrings_of_all_forms(source, doc):
    header = parse_header(source)
    assert header.doc == doc
    assert header.values["revision"] == "a"


@pytest.mark.parametrize(
    "source",
    [
        "revision = make()\ndown_revision = None\n",
        "revision, down_revision = 'a', None\n",
        "if True:\n    revision = 'a'\ndown_revision = None\n",
        "from header import *\ndown_revision = None\nprint(revision)\n",
        "revision = down_revision = NAME\n",
        "revision = 'a' + \\\n  'b'\ndown_revision = None\n",
        "revision = f'a{1}'\ndown_revision = None\n",
    ],
)
def test_what_only_an_import_can_tell_is_not_guessed(source):
    with pytest.raises(NotLiteralError):
        parse_header(source)


def test_assignments_inside_strings_are_not_taken_for_the_header():
    source = "revision = 'a'\ndown_revision = None\nSQL = '''\nrevision = 'b'\ndepends_on = 'c'\n'''\n"
    assert parse_header(source).values == {"revision": "a", "down_revision": None}


def test_variables_below_the_functions_count():
    source = "revision = 'a'\n\ndef upgrade():\n    pass\n\ndown_revision = 'b'\n"
    assert parse_header(source).values == {"revision": "a", "down_revision": "b"}


def test_the_last_assignment_wins_as_in_python():
    source = "revision = 'a'\ndown_revision = None\nrevision = 'b'\n"
    assert parse_header(source).values["revision"] == "b"


def test_a_file_with_a_syntax_error_below_its_header_still_has_a_header():
    assert parse_header("revision = 'a'\ndown_revision = 'b'\n\ndef upgrade(:\n").values["down_revision"] == "b"


def test_other_files_have_no_revision():
    assert "revision" not in parse_header("x = 1\n").values
