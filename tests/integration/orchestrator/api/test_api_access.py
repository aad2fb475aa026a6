"""Who may do what: held over every route that the API describes, so that a new one cannot be forgotten."""

from __future__ import annotations

import pytest
from api_house import TOKENS

from stillhouse_orchestrator.api.app import create_app

OPEN = {"/healthz", "/readyz"}
DESCRIPTION = create_app(lambda: None).openapi()
ROUTES = [(method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item]
GUARDED = [route for route in ROUTES if route[1] not in OPEN]
MUTATING = [route for route in GUARDED if route[0] != "GET"]
ADMIN_ONLY = {("POST", "/api/v1/drift/targets/{name}/repair"), ("POST", "/api/v1/drift/targets/{name}/adopt")}
NAMES = [f"{method} {path}" for method, path in GUARDED]


def ask(house, role, method, path):
    filled = path.removeprefix("/api/v1")
    for parameter in ("name", "rollout_id", "key", "rule_id", "silence_id"):
        filled = filled.replace(f"{{{parameter}}}", "none")
    with house.client(role) as client:
        url = filled if path.startswith("/api") else f"{house.url}{path}"
        return client.request(method, url, json={} if method == "POST" else None, params={"follow": "false"})


def is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["detail"]
    return body


def test_there_are_routes_to_guard():
    assert len(MUTATING) > 15
    assert {method for method, _ in ROUTES} <= {"GET", "POST", "DELETE"}


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=NAMES)
@pytest.mark.parametrize("token", [None, "wrong-token-0123456789", "expired", ""])
def test_missing_wrong_and_expired_tokens_are_refused_everywhere(shared_api, token, method, path):
    answer = ask(shared_api, token, method, path)
    body = is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert body["hint"]
    assert TOKENS["expired"] not in answer.text


@pytest.mark.parametrize(("method", "path"), MUTATING, ids=[f"{method} {path}" for method, path in MUTATING])
def test_viewers_change_nothing(shared_api, method, path):
    assert "needs" in is_problem(ask(shared_api, "viewer", method, path), 403)["detail"]


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=NAMES)
def test_operators_and_admins_pass_where_they_may(shared_api, method, path):
    allowed = {role: ask(shared_api, role, method, path).status_code != 403 for role in ("operator", "admin")}
    assert allowed == {"operator": (method, path) not in ADMIN_ONLY, "admin": True}


def test_health_readiness_and_the_description_need_no_token(shared_api):
    with shared_api.client(None) as client:
        assert client.get(f"{shared_api.url}/healthz").json()["fleet"] == "api"
        assert client.get(f"{shared_api.url}/readyz").status_code == 200
        assert client.get("/openapi.json").json()["info"]["title"] == "Stillhouse"
        assert client.get(f"{shared_api.url}/docs").status_code == 401


def test_the_local_token_speaks_for_the_user_of_the_command(shared_api):
    with shared_api.client(shared_api.local_token, **{"Stillhouse-Actor": "ann"}) as client:
        made = client.post("/alerts/silences", json={"match": "ring=1", "duration": "1m", "reason": "test"})
        assert made.json()["silences"][0]["author"] == "ann"
    with shared_api.client("operator", **{"Stillhouse-Actor": "ann"}) as client:
        made = client.post("/alerts/silences", json={"match": "ring=1", "duration": "1m", "reason": "test"})
        assert made.json()["silences"][0]["author"] == "olga"


def test_a_request_that_is_too_large_is_not_read(shared_api):
    with shared_api.client() as client:
        is_problem(client.post("/rollouts", content=b"x" * 100_001), 413)
        is_problem(client.post("/rollouts", content=iter([b"x" * 60_000, b"x" * 60_000])), 413)


def test_unknown_paths_and_methods_are_problems_too(shared_api):
    with shared_api.client() as client:
        is_problem(client.get("/nothing"), 404)
        is_problem(client.delete("/targets"), 405)
        is_problem(client.post("/rollouts", content=b"{", headers={"Content-Type": "application/json"}), 422)
