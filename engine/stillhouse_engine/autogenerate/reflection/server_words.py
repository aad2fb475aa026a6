"""How PostgreSQL would write what the models say: the only fair way to compare it with what PostgreSQL says.

``amount > 0`` comes back from the catalogue as ``((amount > (0)::numeric))``, and a view's query in other words, too. So the
server is asked to make each thing for itself and to tell how it writes it: on temporary objects that nobody else sees, each in a
sub-transaction that is always rolled back, all of them in one statement. Nothing is left, nothing is locked but what
reading locks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.errors import CommandError
from stillhouse_engine.schema.postgresql.statements import literal

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from sqlalchemy import Connection

STAND_IN = "stillhouse_words"
"""Name of the temporary object that is made."""

REFUSED = "refused"
"""Key of the server's reason where it cannot make something."""

ASK = r"""DO $stillhouse$
DECLARE
    item jsonb; step text; answer jsonb; answers jsonb := '{{}}';
BEGIN
    FOR item IN SELECT * FROM jsonb_array_elements({items}::jsonb) LOOP
        BEGIN
            PERFORM set_config('check_function_bodies', 'off', true);
            FOR step IN SELECT * FROM jsonb_array_elements_text(item->'make') LOOP
                EXECUTE step;
            END LOOP;
            PERFORM set_config('search_path', {home}, true);
            EXECUTE item->>'ask' INTO answer;
            RAISE EXCEPTION USING ERRCODE = 'STILL';
        EXCEPTION
            WHEN SQLSTATE 'STILL' THEN
                answers := answers || jsonb_build_object(item->>'key', answer);
            WHEN OTHERS THEN
                IF left(SQLSTATE, 2) NOT IN ('0A', '22', '2B', '42') OR SQLSTATE = '42501' THEN
                    RAISE;
                END IF;
                answers := answers || jsonb_build_object(item->>'key', jsonb_build_object('refused', SQLERRM));
        END;
    END LOOP;
    PERFORM set_config('stillhouse.words', answers::text, false);
END $stillhouse$"""
ANSWERS = "SELECT current_setting('stillhouse.words'), set_config('stillhouse.words', '', false)"


class Question(NamedTuple):
    """What the server is asked.

    Attributes:
        make: statements that make a temporary object.
        ask: a query with one row of one value, as JSON.
    """

    make: tuple[str, ...]
    ask: str


def server_words(connection: Connection, questions: Mapping[Hashable, Question]) -> dict[Hashable, Any]:
    """Return how the server writes things.

    Args:
        connection: the connection.
        questions: what to ask, by any key.

    Returns:
        The answers by the same keys; for what the server cannot make, a dictionary with its reason.

    Raises:
        CommandError: the server does not let this user make temporary objects, or does not answer in time.
    """
    if not questions:
        return {}
    items = [
        {"key": str(number), "make": question.make, "ask": question.ask}
        for number, question in enumerate(questions.values())
    ]
    home = f"quote_ident({literal(str(connection.dialect.default_schema_name))})"
    try:
        connection.exec_driver_sql(ASK.format(items=literal(json.dumps(items)), home=home))
    except DBAPIError as error:
        raise CommandError(
            "Can't compare CHECKs, EXCLUDE constraints, views, functions or triggers: the server was asked how it would "
            "write those of the models, on temporary objects that are rolled back, and refused: "
            f"{str(error.orig).splitlines()[0]}. Grant TEMPORARY on the database, or leave these plug-ins out of "
            "autogenerate_plugins."
        ) from error
    text, _ = connection.exec_driver_sql(ANSWERS).one()
    found = json.loads(text)
    return {key: found[str(number)] for number, key in enumerate(questions)}
