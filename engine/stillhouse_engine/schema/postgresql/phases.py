"""The order of a repair's statements on PostgreSQL: what depends on others goes first and comes back last."""

from enum import IntEnum


class Phase(IntEnum):
    """Places in the order."""

    DROP_TRIGGER = 10
    DROP_VIEW = 15
    DROP_FOREIGN_KEY = 20
    DROP_CONSTRAINT = 22
    DROP_INDEX = 24
    DETACH = 26
    DROP_TABLE = 28
    DROP_COLUMN = 30
    DROP_CODE = 36
    DROP_TYPE = 38
    CREATE_SCHEMA = 40
    CREATE_TYPE = 42
    CREATE_SEQUENCE = 44
    CREATE_FUNCTION = 46
    CREATE_TABLE = 48
    ADD_COLUMN = 50
    ALTER_COLUMN = 52
    ADD_GENERATED = 53
    ALTER_TABLE = 54
    CREATE_LATE_FUNCTION = 56
    ADD_CONSTRAINT = 58
    CREATE_UNIQUE_INDEX = 60
    ADD_FOREIGN_KEY = 62
    CREATE_INDEX = 64
    ATTACH = 65
    OWN_SEQUENCE = 66
    CREATE_VIEW = 68
    CREATE_TRIGGER = 70
    SETTLE = 72
    COMMENT = 74
    DROP_SEQUENCE_LATE = 76
    DROP_CODE_LATE = 78
    DROP_TYPE_LATE = 80
    DROP_SCHEMA_LATE = 82
