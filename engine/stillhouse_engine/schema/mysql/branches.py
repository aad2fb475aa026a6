"""What is read of each kind of object in MySQL and MariaDB: pure text over information_schema, joined into one statement.

No branch joins two tables: MariaDB makes information_schema tables on the fly, without indexes. Several branches may
describe one object; the reader merges them by kind and name. Comments that only one of the two servers executes
(``/*M! … */`` MariaDB, ``/*!80013 … */`` MySQL) stand where their catalogues differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Branch:
    """The query for one aspect of one kind of object.

    Attributes:
        kind: an SQL expression.
        name: the SQL expression of the name without its schema.
        schema: the SQL expression of the schema's name.
        table: the SQL expression of the table's name; what has none stands alone.
        attributes: SQL expressions that are compared.
        hints: SQL expressions that are not.
        source: the table, as FROM has it.
        where: a further condition.
        tail: GROUP BY.
    """

    kind: str
    name: str
    schema: str
    attributes: Mapping[str, str]
    source: str
    table: str = "NULL"
    hints: Mapping[str, str] = field(default_factory=dict)
    where: str = "1 = 1"
    tail: str = ""


def backticked(name: str) -> str:
    """Return the SQL expression that quotes the name that an expression gives."""
    return f"CONCAT('`', REPLACE({name}, '`', '``'), '`')"


COLLATED = "COALESCE(CONCAT(' CHARSET ', CHARACTER_SET_NAME, ' COLLATE ', COLLATION_NAME), '')"
"""What follows a type of characters."""

NOT_A_TABLE = "('VIEW', 'SYSTEM VIEW', 'SEQUENCE')"

TABLE = Branch(
    kind="'table'",
    name="TABLE_NAME",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={
        "form": "CASE TABLE_TYPE WHEN 'SYSTEM VERSIONED' THEN 'system versioned' END",
        "engine": "ENGINE",
        "collation": "TABLE_COLLATION",
        "options": "NULLIF(TRIM(REPLACE(CREATE_OPTIONS, 'partitioned', '')), '')",
        "comment": "NULLIF(TABLE_COMMENT, '')",
    },
    source="TABLES",
    where=f"TABLE_TYPE NOT IN {NOT_A_TABLE}",
)

PARTITION = Branch(
    kind="'table'",
    name="TABLE_NAME",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={
        "partition_key": "MIN(CONCAT(PARTITION_METHOD, '(', COALESCE(PARTITION_EXPRESSION, ''), ')', "
        "COALESCE(CONCAT(' SUBPARTITION ', SUBPARTITION_METHOD, '(', SUBPARTITION_EXPRESSION, ')'), '')))",
        "partitions": f"GROUP_CONCAT(CONCAT({backticked('PARTITION_NAME')}, COALESCE(CONCAT('.', SUBPARTITION_NAME), ''), "
        "COALESCE(CONCAT(' ', PARTITION_DESCRIPTION), '')) "
        "ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION SEPARATOR ', ')",
    },
    source="PARTITIONS",
    where="PARTITION_NAME IS NOT NULL",
    tail="GROUP BY TABLE_SCHEMA, TABLE_NAME",
)

COLUMN = Branch(
    kind="'column'",
    name="CONCAT(TABLE_NAME, '.', COLUMN_NAME)",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={
        "type": "COLUMN_TYPE",
        "nullable": "CASE IS_NULLABLE WHEN 'YES' THEN 'yes' END",
        "default": "COLUMN_DEFAULT",
        "extra": "NULLIF(EXTRA, '')",
        "generated": "NULLIF(GENERATION_EXPRESSION, '')",
        "collation": "COLLATION_NAME",
        "srid": "COALESCE(NULL /*!80003 , SRS_ID */)",
        "comment": "NULLIF(COLUMN_COMMENT, '')",
    },
    hints={"position": "ORDINAL_POSITION", "column": "COLUMN_NAME"},
    source="COLUMNS",
)

INDEX = Branch(
    kind="CASE WHEN INDEX_NAME = 'PRIMARY' THEN 'constraint' ELSE 'index' END",
    name="CONCAT(TABLE_NAME, '.', INDEX_NAME)",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={
        "type": "CASE WHEN INDEX_NAME = 'PRIMARY' THEN 'primary key' END",
        "unique": "CASE WHEN MAX(NON_UNIQUE) = 0 AND INDEX_NAME <> 'PRIMARY' THEN 'unique' END",
        "method": "NULLIF(MAX(INDEX_TYPE), 'BTREE')",
        "definition": f"GROUP_CONCAT(CONCAT(COALESCE({backticked('COLUMN_NAME')} "
        "/*!80013 , CONCAT('(', CHAR(1), EXPRESSION, CHAR(1), ')') */), CASE INDEX_TYPE WHEN 'SPATIAL' THEN '' ELSE COALESCE(CONCAT('(', SUB_PART, ')'), '') END, "
        "CASE WHEN COLLATION = 'D' THEN ' DESC' ELSE '' END) ORDER BY SEQ_IN_INDEX SEPARATOR ', ')",
        "ignored": "COALESCE(NULL /*M!100600 , CASE WHEN MAX(IGNORED) = 'YES' THEN 'ignored' END */ "
        "/*!80000 , CASE WHEN MAX(IS_VISIBLE) = 'NO' THEN 'invisible' END */)",
        "comment": "NULLIF(MAX(INDEX_COMMENT), '')",
    },
    hints={"index": "INDEX_NAME"},
    source="STATISTICS",
    tail="GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME",
)
FOREIGN_KEY_COLUMNS = Branch(
    kind="'constraint'",
    name="CONCAT(TABLE_NAME, '.', CONSTRAINT_NAME)",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={
        "type": "'foreign key'",
        "definition": f"CONCAT('FOREIGN KEY (', GROUP_CONCAT({backticked('COLUMN_NAME')} ORDER BY ORDINAL_POSITION SEPARATOR ', '), "
        "') REFERENCES ', CASE WHEN MAX(REFERENCED_TABLE_SCHEMA) <> TABLE_SCHEMA "
        f"THEN CONCAT({backticked('MAX(REFERENCED_TABLE_SCHEMA)')}, '.') ELSE '' END, {backticked('MAX(REFERENCED_TABLE_NAME)')}, "
        f"' (', GROUP_CONCAT({backticked('REFERENCED_COLUMN_NAME')} ORDER BY ORDINAL_POSITION SEPARATOR ', '), ')')",
    },
    hints={"constraint": "CONSTRAINT_NAME", "refers_to": "MAX(REFERENCED_TABLE_NAME)"},
    source="KEY_COLUMN_USAGE",
    where="REFERENCED_TABLE_NAME IS NOT NULL",
    tail="GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME",
)

FOREIGN_KEY_RULES = Branch(
    kind="'constraint'",
    name="CONCAT(TABLE_NAME, '.', CONSTRAINT_NAME)",
    table="TABLE_NAME",
    schema="CONSTRAINT_SCHEMA",
    attributes={
        "on_delete": "NULLIF(NULLIF(DELETE_RULE, 'RESTRICT'), 'NO ACTION')",
        "on_update": "NULLIF(NULLIF(UPDATE_RULE, 'RESTRICT'), 'NO ACTION')",
    },
    source="REFERENTIAL_CONSTRAINTS",
)

CHECK = Branch(
    kind="'constraint'",
    name="CONCAT(TABLE_NAME, '.', CONSTRAINT_NAME)",
    table="TABLE_NAME",
    schema="CONSTRAINT_SCHEMA",
    attributes={
        "type": "'check'",
        "definition": "CONCAT('CHECK (', CHECK_CLAUSE, ')')",
        "enforced": "COALESCE(NULL /*!80016 , NULLIF(ENFORCED, 'YES') */)",
    },
    hints={"constraint": "CONSTRAINT_NAME", "level": "COALESCE(NULL /*M!100510 , LEVEL */)"},
    source="CHECK_CONSTRAINTS /*!80016 JOIN information_schema.TABLE_CONSTRAINTS USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME) */",
)

VIEW = Branch(
    kind="'view'",
    name="TABLE_NAME",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={
        "definition": f"REPLACE(VIEW_DEFINITION, CONCAT({backticked('TABLE_SCHEMA')}, '.'), '')",
        "check_option": "NULLIF(CHECK_OPTION, 'NONE')",
        "algorithm": "COALESCE(NULL /*M!100104 , NULLIF(ALGORITHM, 'UNDEFINED') */)",
        "security": "NULLIF(SECURITY_TYPE, 'DEFINER')",
    },
    hints={"readable": "VIEW_DEFINITION <> ''"},
    source="VIEWS",
)

TRIGGER = Branch(
    kind="'trigger'",
    name="CONCAT(EVENT_OBJECT_TABLE, '.', TRIGGER_NAME)",
    table="EVENT_OBJECT_TABLE",
    schema="TRIGGER_SCHEMA",
    attributes={"event": "CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION)", "definition": "ACTION_STATEMENT"},
    hints={"trigger": "TRIGGER_NAME", "order": "ACTION_ORDER", "sql_mode": "SQL_MODE"},
    source="TRIGGERS",
)

ROUTINE = Branch(
    kind="LOWER(ROUTINE_TYPE)",
    name="ROUTINE_NAME",
    schema="ROUTINE_SCHEMA",
    attributes={
        "result": f"NULLIF(CONCAT(DTD_IDENTIFIER, {COLLATED}), '')",
        "body": "ROUTINE_DEFINITION",
        "deterministic": "NULLIF(IS_DETERMINISTIC, 'NO')",
        "access": "NULLIF(SQL_DATA_ACCESS, 'CONTAINS SQL')",
        "security": "NULLIF(SECURITY_TYPE, 'DEFINER')",
        "comment": "NULLIF(ROUTINE_COMMENT, '')",
    },
    hints={
        "readable": "ROUTINE_DEFINITION IS NOT NULL",
        "sql_mode": "SQL_MODE",
        "collation": "DATABASE_COLLATION",
    },
    source="ROUTINES",
    where="ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE')",
)

PARAMETERS = Branch(
    kind="LOWER(ROUTINE_TYPE)",
    name="SPECIFIC_NAME",
    schema="SPECIFIC_SCHEMA",
    attributes={
        "arguments": "GROUP_CONCAT(CONCAT(CASE ROUTINE_TYPE WHEN 'PROCEDURE' THEN CONCAT(PARAMETER_MODE, ' ') ELSE '' END, "
        f"{backticked('PARAMETER_NAME')}, ' ', DTD_IDENTIFIER, {COLLATED}) ORDER BY ORDINAL_POSITION SEPARATOR ', ')"
    },
    source="PARAMETERS",
    where="ORDINAL_POSITION > 0 AND ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE')",
    tail="GROUP BY SPECIFIC_SCHEMA, SPECIFIC_NAME, ROUTINE_TYPE",
)

EVENT = Branch(
    kind="'event'",
    name="EVENT_NAME",
    schema="EVENT_SCHEMA",
    attributes={
        "schedule": "CASE EVENT_TYPE WHEN 'RECURRING' THEN CONCAT('EVERY ', QUOTE(INTERVAL_VALUE), ' ', INTERVAL_FIELD) "
        "ELSE CONCAT('AT ', QUOTE(EXECUTE_AT)) END",
        "ends": "CASE WHEN ENDS IS NOT NULL THEN CONCAT(' ENDS ', QUOTE(ENDS)) END",
        "body": "EVENT_DEFINITION",
        "status": "NULLIF(STATUS, 'ENABLED')",
        "on_completion": "NULLIF(ON_COMPLETION, 'NOT PRESERVE')",
        "comment": "NULLIF(EVENT_COMMENT, '')",
    },
    hints={"starts": "CASE WHEN STARTS IS NOT NULL THEN CONCAT(' STARTS ', QUOTE(STARTS)) END"},
    source="EVENTS",
)

SEQUENCE = Branch(
    kind="'sequence'",
    name="TABLE_NAME",
    table="TABLE_NAME",
    schema="TABLE_SCHEMA",
    attributes={},
    source="TABLES",
    where="TABLE_TYPE = 'SEQUENCE'",
)

BRANCHES = (
    TABLE, PARTITION, COLUMN, INDEX, FOREIGN_KEY_COLUMNS, FOREIGN_KEY_RULES, CHECK, VIEW, TRIGGER, ROUTINE, PARAMETERS,
    EVENT, SEQUENCE,
)  # fmt: skip
