"""What PostgreSQL has to say when models are compared with a live schema."""

from __future__ import annotations

import logging
import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnClause

from stillhouse_engine.dialects.comparing import Comparisons
from stillhouse_engine.dialects.comparing_constraints import unique_difference, unique_signature
from stillhouse_engine.dialects.comparing_expressions import index_expressions
from stillhouse_engine.dialects.comparing_results import ComparisonResult, compared

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Dialect, Index, Inspector, Table, UniqueConstraint
    from sqlalchemy.sql.elements import ClauseElement
    from sqlalchemy.types import TypeEngine

log = logging.getLogger("alembic.ddl.postgresql")

SEQUENCE = re.compile(r"nextval\('(.+?)'::regclass\)")
NEXT_VALUE = re.compile(r"nextval\(\(?('(?:[^']|'')+')(?:::[a-z ]+)?\)?(?:::regclass)?\)", re.IGNORECASE)
CAST = re.compile(
    r"::(?:character varying|bit varying|double precision|time(?:stamp)?(?:\(\d\))? with(?:out)? time zone|[\w.]+)"
    r"(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*",
    re.IGNORECASE,
)
STRING = re.compile(r"'((?:[^']|'')*)'(?:::[\w \"().\[\],]+)?")
NUMBER = re.compile(r"\(?(-?\d+(?:\.\d+)?)\)?(?:::[\w ]+)?")

COMPARABLE = {"JSON": "JSONB"}
"""Types that can be compared, for those that cannot."""

OWNED = """SELECT n.nspname, t.relname, a.attname, s.oid::regclass::text, s.relname
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.deptype = 'a' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass"""


class PostgreSQLComparisons(Comparisons):
    """The hooks of autogenerate for PostgreSQL."""

    dialect: Dialect
    connection: Connection | None

    def render_ddl_sql_expr(
        self, expr: ClauseElement, is_server_default: bool = False, is_index: bool = False, **kw: Any
    ) -> str:
        """Return an expression as it stands in DDL; in an index, anything but columns and functions in parentheses."""
        if is_index and not isinstance(expr, ColumnClause):
            expr = expr.self_group()
        return super().render_ddl_sql_expr(expr, is_server_default, **kw)

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Leave out the default of SERIAL: the next value of a sequence that the column owns."""
        super().autogen_column_reflect(inspector, table, column_info)
        default = column_info.get("default")
        if not default or not isinstance(column_info["type"], Integer):
            return
        found = SEQUENCE.fullmatch(default)
        if found is None:
            return
        schema = table.schema or inspector.default_schema_name
        owned = self.owned_sequences(inspector).get((schema, table.name, column_info["name"], found[1]))
        if owned is not None:
            log.info(
                "Detected sequence named '%s' as owned by integer column '%s(%s)', assuming SERIAL and omitting",
                owned,
                table.name,
                column_info["name"],
            )
            del column_info["default"]

    def owned_sequences(self, inspector: Inspector) -> dict[tuple[Any, ...], str]:
        """Return the sequences that columns own, by schema, table, column and full name; read once for an inspector."""
        cache = inspector.info_cache
        if "owned_sequences" not in cache and self.connection is not None:
            query = text(OWNED.replace("::", r"\:\:"))
            cache["owned_sequences"] = {tuple(place): name for *place, name in self.connection.execute(query)}
        found: dict[tuple[Any, ...], str] = cache.get("owned_sequences", {})
        return found

    def type_sql(self, type_: TypeEngine[Any]) -> str:
        """Return a type's SQL without the default schema, which is named in models only."""
        home = self.dialect.default_schema_name
        prefix = f"{self.dialect.identifier_preparer.quote(home)}." if home else ""
        return super().type_sql(type_).removeprefix(prefix)

    def normalise_computed(self, sqltext: str) -> str:
        """Return a computation without the casts that PostgreSQL writes into it."""
        return super().normalise_computed(CAST.sub("", sqltext))

    def compare_server_default(
        self,
        inspector_column: Column[Any],
        metadata_column: Column[Any],
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Tell whether two columns' server defaults differ; where their texts do, the server is asked for their values."""
        if metadata_column.primary_key and metadata_column is metadata_column.table.autoincrement_column:
            return False
        live, model = rendered_inspector_default, rendered_metadata_default
        if live is None or model is None:
            return live is not model
        if isinstance(metadata_column.server_default.arg, str):  # type: ignore[union-attr]
            model = "'" + model.replace("'", "''") + "'" if re.fullmatch(r"'.+'", model) is None else model
        if live == model or (literal(live) is not None and literal(live) == literal(model)):
            return False
        return not self.same_value(live, model, inspector_column)

    def same_value(self, live: str, model: str, inspector_column: Column[Any]) -> bool:
        """Ask the server whether two defaults have the same value; the same question is asked once.

        Of next values it is asked whether they are of one sequence: it must not count on for a comparison.
        """
        one, other = (NEXT_VALUE.fullmatch(each) for each in (live, model))
        if one and other:
            return bool(self.answer(f"SELECT {one[1]}::regclass = {other[1]}::regclass"))
        if one or other:
            return False
        cache = self.__dict__.setdefault("_same_values", {})
        type_ = self.dialect.type_compiler_instance.process(inspector_column.type)
        key = (live, model, COMPARABLE.get(type_, type_))
        if key not in cache:
            cache[key] = self.asked(*key)
        found: bool = cache[key]
        return found

    def asked(self, live: str, model: str, type_: str) -> bool:
        """Ask the server whether two defaults have the same value, as values of a type; if it cannot tell, as text."""
        for each in (type_, "text"):
            answer = self.answer(f"SELECT ({live})::{each} IS NOT DISTINCT FROM ({model})::{each}")
            if answer is not None:
                return answer
        return False

    def answer(self, question: str) -> bool | None:
        """Return the server's answer, None where it has none; an open transaction goes on in either case."""
        if self.connection is None:
            return None
        try:
            with self.connection.begin_nested() if self.connection.in_transaction() else nullcontext():
                # As plain text: colons and percent signs of the defaults are no parameters.
                query = text(re.sub(r"(?<![:\\\\]):(?!:)", r"\\:", question).replace("::", r"\:\:"))
                return bool(self.connection.execute(query).scalar())
        except DBAPIError:
            return None

    def adjust_reflected_dialect_options(self, reflected_object: Any, kind: str) -> dict[str, Any]:
        """Return the dialect's options of an index or constraint, without those that every one has."""
        options = dict(super().adjust_reflected_dialect_options(reflected_object, kind))
        if not options.get("postgresql_include"):
            options.pop("postgresql_include", None)
        return options

    def compare_indexes(self, metadata_index: Index, reflected_index: Index) -> ComparisonResult:
        """Compare two indexes by uniqueness, how they treat NULL, and elements."""
        differences = unique_difference(metadata_index, reflected_index)
        differences += nulls_difference(metadata_index, reflected_index)
        wanted, found = (index_expressions(index, self) for index in (metadata_index, reflected_index))
        return compared([*differences, *expression_differences(wanted, found)])

    def compare_unique_constraint(
        self, metadata_constraint: UniqueConstraint, reflected_constraint: UniqueConstraint
    ) -> ComparisonResult:
        """Compare two unique constraints by columns and how they treat NULL."""
        wanted, found = unique_signature(metadata_constraint), unique_signature(reflected_constraint)
        differences = nulls_difference(metadata_constraint, reflected_constraint)
        if wanted != found:
            differences.append(f"expression {found} to {wanted}")
        return compared(differences)


def literal(default: str) -> str | None:
    """Return the value of a plain literal, with or without a cast; None for anything else."""
    if (string := STRING.fullmatch(default)) is not None:
        return string[1]
    number = NUMBER.fullmatch(default)
    return number[1] if number is not None else None


def expression_differences(wanted: tuple[str, ...], found: tuple[str, ...]) -> list[str]:
    """Return in which elements two indexes differ."""
    if len(wanted) != len(found):
        return [f"expression number {len(found)} to {len(wanted)}"]
    pairs = enumerate(zip(found, wanted, strict=True), start=1)
    return [f"expression #{number} {live!r} to {model!r}" for number, (live, model) in pairs if live != model]


def nulls_difference(model: Any, live: Any) -> list[str]:
    """Return how two indexes or constraints differ in treating NULLs as the same."""
    wanted, found = (each.dialect_options["postgresql"].get("nulls_not_distinct") for each in (model, live))
    if bool(wanted) == bool(found):
        return []
    return [f"nulls_not_distinct={found} to nulls_not_distinct={wanted}"]
