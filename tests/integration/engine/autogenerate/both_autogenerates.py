"""One comparison by Alembic and by ours, as values that can be compared."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import alembic.autogenerate.api as alembic_api
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext as AlembicContext
from sqlalchemy import event

from stillhouse_engine.autogenerate import api as our_api
from stillhouse_engine.runtime.migration import MigrationContext as OurContext

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = re.compile(r" (?:object )?at 0x[0-9a-f]+")
TWICE = re.compile(r"(ForeignKey\('[\w.]+'\)), \1")
IMPL = re.compile(r"<[\w.]+\.(\w+Impl)>")


@dataclass(frozen=True)
class Outcome:
    """What a comparison comes to."""

    diffs: list[str]
    upgrade: str
    downgrade: str
    imports: list[str]
    messages: list[str]
    warned: list[str]


class Messages(logging.Handler):
    """Keeps what comparators log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        text = IMPL.sub(r"<\1>", ADDRESS.sub("", record.getMessage()))
        self.lines.append(f"{record.levelname} {record.name}: {text}")


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """Keep what is logged by comparators and dialects inside the block."""
    handler = Messages()
    loggers = [logging.getLogger(name) for name in ("alembic.autogenerate", "alembic.ddl", "alembic.ext")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def described(diff: Any) -> str:
    """Return a difference as text without addresses."""
    if isinstance(diff, tuple) and isinstance(diff[-1], sa.Index):
        index = diff[-1]
        elements = [str(element) for element in index.expressions]
        plain = all(isinstance(element, sa.Column) for element in index.expressions)
        columns = TWICE.sub(r"\1", ADDRESS.sub("", repr(list(index.columns)))) if plain else ""
        words = [elements, columns, bool(index.unique), sorted(index.kwargs)]
        return f"{diff[0]} {index.name} {index.table.fullname} {words}"
    if isinstance(diff, tuple) and isinstance(diff[-1], sa.CheckConstraint):
        return f"{diff[0]} {diff[-1].name} {diff[-1].table.fullname} {diff[-1].sqltext}"
    # A column that was read together with its foreign key may have that key twice.
    return TWICE.sub(r"\1", ADDRESS.sub("", repr(diff)))


def differences(one: Outcome, other: Outcome) -> dict[str, tuple[Any, Any]]:
    """Return in what two outcomes differ; the order in which several things are removed differs from run to run."""
    any_order = sum("Detected removed" in line for line in one.messages) > 1
    found = {}
    for name, value in vars_of(one).items():
        left, right = value, vars_of(other)[name]
        if any_order:
            left, right = (sorted(each.splitlines() if isinstance(each, str) else each) for each in (left, right))
        if left != right:
            found[name] = (value, vars_of(other)[name])
    return found


def vars_of(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome's fields."""
    return {field.name: getattr(outcome, field.name) for field in fields(outcome)}


def outcome(context_class: Any, api: Any, connection: sa.Connection, metadata: Any, options: dict[str, Any]) -> Outcome:
    """Compare by one of the two."""
    with listening() as messages, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        context = context_class.configure(connection, opts={"target_metadata": metadata, **options})
        script = api.produce_migrations(context, metadata)
        render = {
            "render_as_batch": options.get("render_as_batch", False),
            "render_item": options.get("render_item"),
            "user_module_prefix": options.get("user_module_prefix"),
            "migration_context": context,
        }
        imports: set[str] = set()
        texts = [
            api.render_python_code(container, imports=imports, **render)
            for container in (script.upgrade_ops, script.downgrade_ops)
        ]
        diffs = [described(diff) for diff in script.upgrade_ops.as_diffs()]
    lines = [line for line in messages if not line.startswith("INFO alembic.runtime")]
    said = sorted({ADDRESS.sub("", str(each.message)) for each in warned if issubclass(each.category, UserWarning)})
    # Tables are read in an order of their own; what is said of that comes first.
    lines.sort(
        key=lambda line: (not line.startswith("INFO alembic.ddl"), line if line.startswith("INFO alembic.ddl") else "")
    )
    texts = [text.replace("unique=1", "unique=True") for text in texts]
    return Outcome(diffs, texts[0], texts[1], sorted(imports | set(script.imports)), lines, said)


def alembic_outcome(connection: sa.Connection, metadata: Any, **options: Any) -> Outcome:
    """Compare by Alembic."""
    return outcome(AlembicContext, alembic_api, connection, metadata, options)


def our_outcome(connection: sa.Connection, metadata: Any, **options: Any) -> Outcome:
    """Compare by ours."""
    return outcome(OurContext, our_api, connection, metadata, options)


class Statements:
    """Counts the statements of an engine inside a block."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.texts: list[str] = []

    def _seen(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.texts.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._seen)
        return self.texts

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._seen)
