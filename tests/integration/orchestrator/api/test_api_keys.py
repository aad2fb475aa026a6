"""Idempotency keys: what is sent twice is done once."""

from __future__ import annotations

from api_house import ApiHouse

SILENCE = {"match": "ring=0", "duration": "1h", "reason": "planned work"}


def test_the_same_key_and_request_get_the_same_answer(api):
    with api.client("operator") as client:
        first, second = (
            client.post("/alerts/silences", json=SILENCE, headers={"Idempotency-Key": "k1"}) for _ in range(2)
        )
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
        assert len(client.get("/alerts/silences").json()["silences"]) == 1


def test_errors_are_remembered_as_well(api):
    with api.client("operator") as client:
        first, second = (
            client.post("/rollouts/none/pause", json={}, headers={"Idempotency-Key": "k"}) for _ in range(2)
        )
        assert (first.status_code, first.json()) == (second.status_code, second.json())
        assert second.headers["content-type"] == "application/problem+json"


def test_another_request_with_the_key_is_refused(api):
    with api.client("operator", **{"Idempotency-Key": "k1"}) as client:
        client.post("/alerts/silences", json=SILENCE).raise_for_status()
        for path, body in (("/alerts/silences", {**SILENCE, "duration": "2h"}), ("/rollouts", SILENCE)):
            answer = client.post(path, json=body)
            assert (answer.status_code, "another request" in answer.json()["detail"]) == (422, True)


def test_a_key_belongs_to_its_caller(api):
    for role in ("operator", "admin"):
        with api.client(role, **{"Idempotency-Key": "k1"}) as client:
            assert "idempotency-replayed" not in client.post("/alerts/silences", json=SILENCE).headers


def test_a_refused_caller_has_not_used_the_key(api):
    with api.client("viewer", **{"Idempotency-Key": "k1"}) as client:
        assert [client.post("/alerts/silences", json=SILENCE).status_code for _ in range(2)] == [403, 403]


def test_a_key_is_visible_ascii(api):
    with api.client("operator", **{"Idempotency-Key": "two words"}) as client:
        assert client.post("/alerts/silences", json=SILENCE).status_code == 400


def test_a_rollout_is_started_once_even_across_a_restart(tmp_path):
    house = ApiHouse(tmp_path)
    ids = []
    for _ in range(2):
        with house.serving(), house.client("operator", **{"Idempotency-Key": "start"}) as client:
            ids.append(client.post("/rollouts", json={"draft": True}).json()["rollout"]["id"])
            assert len(client.get("/rollouts").json()["rollouts"]) == 1
    assert ids[0] == ids[1]


def test_after_a_crash_a_start_finds_what_it_made_and_another_verb_says_that_nobody_knows(api):
    with api.client("operator", **{"Idempotency-Key": "start"}) as client:
        first = client.post("/rollouts", json={"draft": True}).json()
        silence = client.post("/alerts/silences", json=SILENCE, headers={"Idempotency-Key": "quiet"})
        assert silence.status_code == 201
        api.within(_forget_the_answers(api.application.store))
        again = client.post("/rollouts", json={"draft": True})
        assert again.json()["rollout"]["id"] == first["rollout"]["id"]
        unknown = client.post("/alerts/silences", json=SILENCE, headers={"Idempotency-Key": "quiet"})
        assert (unknown.status_code, "nobody knows" in unknown.json()["detail"]) == (409, True)


async def _forget_the_answers(store):
    """Leave the store as a crash between doing and remembering does."""
    from sqlalchemy import update

    from stillhouse_orchestrator.store.tables import answers

    async with store.write() as session:
        await session.connection.execute(update(answers).values(status=None, body=None))
