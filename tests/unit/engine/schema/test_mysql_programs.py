"""Promise: what MySQL's triggers and routines say is read as the server means it."""

from __future__ import annotations

import pytest

from stillhouse_engine.schema.mysql.routines import Argument, body_words, parse, plain_type
from stillhouse_engine.schema.mysql.tokens import tokens


def test_a_declaration_is_taken_apart():
    found = parse(
        "`odd name`(INOUT `a` decimal(10, 2) unsigned, inout longtext, e enum('a, b)', \"c\"))",
        "RETURNS char(3) character set latin1 NOT DETERMINISTIC READS SQL DATA SQL SECURITY INVOKER COMMENT 'it''s' top: BEGIN END",
    )
    assert found.name == "odd name"
    assert found.arguments == (
        Argument("INOUT", "a", "decimal(10, 2) unsigned"),
        Argument("IN", "inout", "longtext"),
        Argument("IN", "e", "enum('a, b)', \"c\")"),
    )
    assert found.result == "char(3) character set latin1"
    assert found.said == {"deterministic": None, "access": "READS SQL DATA", "security": "INVOKER", "comment": "it's"}
    assert found.body == "top: BEGIN END"


@pytest.mark.parametrize(
    ("signature", "definition", "problem"),
    [
        ("f", "RETURN 1", "arguments in parentheses"),
        ("f(a)", "RETURN 1", "every argument needs a name and a type"),
        ("f()", "RETURNS int DETERMINISTIC", "it has no body"),
    ],
)
def test_what_is_no_declaration_is_an_error(signature, definition, problem):
    with pytest.raises(ValueError, match=problem):
        parse(signature, definition)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("BEGIN\n  -- why\n  SET @a:=1; # b\n/* c */ END", "BEGIN SET @a := 1; END;", True),
        ("SELECT 'it\\'s', \"a\\\"\"", "SELECT 'it''s', \"a\"\"\"", True),
        ("SELECT _utf8mb4'x', _binary x'41'", "SELECT 'x', x'41'", True),
        ("SELECT 1 /*!50003 + 1 */", "SELECT 1 + 1", True),
        ("SELECT '-- x'", "SELECT '-- y'", False),
        ("SELECT a--1", "SELECT a", False),
        ("SELECT 1 /*! + 1 */", "SELECT 1", False),
        ("SELECT `a  b`", "SELECT `a b`", False),
    ],
)
def test_bodies_are_compared_without_what_clients_and_servers_change(one, other, same):
    assert (body_words(one) == body_words(other)) is same


def test_a_type_is_said_without_its_character_set():
    assert plain_type("VARCHAR(5) CHARACTER SET latin1") == plain_type("varchar (5)") == "varchar ( 5 )"
    assert plain_type("ENUM('A','collate') COLLATE utf8mb4_bin") == "enum ( 'A' , 'collate' )"


def test_tokens_stand_for_names_and_texts():
    found = tokens("`a``b` 'c\\n''d' 0.5e3 @@x <=>")
    assert (found[0].kind, found[0].name) == ("quoted", "a`b")
    assert found[1].text == "c\n'd"
    assert [token.value for token in found[2:]] == ["0.5e3", "@@x", "<=>"]
