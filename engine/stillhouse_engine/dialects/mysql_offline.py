"""Offline SQL for the shells of MySQL and MariaDB, which end a statement at every semicolon unless they are told otherwise."""

from __future__ import annotations

from stillhouse_engine.dialects.statements import OfflineSink

PROGRAMS = frozenset({"EVENT", "FUNCTION", "PACKAGE", "PROCEDURE", "TRIGGER"})
BEFORE_NAME = 12
"""How many tokens may stand before the word: ``CREATE OR REPLACE DEFINER = `a`@`b` AGGREGATE FUNCTION``."""
DELIMITERS = ("//", "$$", ";;")


class MySQLOfflineSink(OfflineSink):
    """Writes statements that hold others between two DELIMITER commands."""

    def _write(self, text: str) -> None:
        if not holds_statements(text):
            super()._write(text)
            return
        delimiter = next((each for each in DELIMITERS if each not in text), "//")
        self.write(f"DELIMITER {delimiter}")
        self.write(text.replace("\t", "    ").strip() + delimiter)
        self.write("DELIMITER ;")


def holds_statements(text: str) -> bool:
    """Tell whether a statement has others in it: the body of a trigger, routine or event, or a block of its own."""
    if ";" not in text:
        return False
    from stillhouse_engine.schema.mysql.tokens import tokens

    found = tokens(text.strip())
    first = [token.keyword for token in found[:BEFORE_NAME]]
    program = first[:1] == ["CREATE"] and not PROGRAMS.isdisjoint(first)
    block = first[:3] == ["BEGIN", "NOT", "ATOMIC"]
    return (program or block) and any(token.value == ";" for token in found[:-1])
