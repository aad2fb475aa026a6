"""What the routes do, with real databases behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from api_house import WINDOWED, ApiHouse, messages, started


def until_over(client, rollout_id):
    with client.stream("GET", f"/rollouts/{rollout_id}/events") as stream:
        for event, _, data in messages(stream):
            if event == "rollout" and data["rollout"]["state"] in {"succeeded", "failed", "aborted", "rolled_back"}:
                return client.get(f"/rollouts/{rollout_id}").json()
    raise AssertionError("the stream ended before the rollout")


def test_a_rollout_from_the_plan_to_the_way_back(api):
    with api.client("operator") as client:
        before = client.get("/targets", params={"fresh": True}).json()
        assert [(row["target"], row["pending"]) for row in before["targets"]] == [("app_db", 1), ("other_db", 1)]
        plan = client.get("/plan", params={"select": "ring=0"}).json()
        assert plan["groups"][0]["targets"] == ["app_db"]
        made = started(client, select="ring=0", plan_id=plan["id"], reason="first")
        assert made["plan"]["id"] == plan["id"]
        done = until_over(client, made["rollout"]["id"])
        assert [(row["target"], row["state"]) for row in done["targets"]] == [("app_db", "done")]
        assert done["rollout"]["decisions"][0]["by"] == "olga"
        assert client.get("/targets/app_db", params={"fresh": True}).json()["targets"][0]["current"] == ["r1"]
        back = client.get(f"/rollouts/{made['rollout']['id']}/rollback").json()
        assert back["refused"] == {}
        assert (back["groups"][0]["from"], back["groups"][0]["to"]) == (["r1"], [])
        assert any("DROP TABLE" in statement for statement in back["groups"][0]["sql"])
        client.post(f"/rollouts/{made['rollout']['id']}/rollback", json={"reason": "enough"}).raise_for_status()
        assert until_over(client, made["rollout"]["id"])["rollout"]["state"] == "rolled_back"
        assert client.get("/rollouts").json()["rollouts"][0]["counts"] == {"rolled_back": 1}


def test_nothing_to_do_is_no_rollout(api):
    with api.client("operator") as client:
        until_over(client, started(client)["rollout"]["id"])
        answer = client.post("/rollouts", json={})
        assert (answer.status_code, answer.json()["rollout"]) == (200, None)
        assert answer.json()["plan"]["up_to_date"] == ["app_db", "other_db"]


def test_a_plan_that_is_another_by_now_is_refused(api):
    with api.client("operator") as client:
        plan = client.get("/plan").json()
        until_over(client, started(client, select="ring=0")["rollout"]["id"])
        answer = client.post("/rollouts", json={"plan_id": plan["id"]})
        assert answer.status_code == 409
        assert "look at it again" in answer.json()["hint"]


def test_a_scheduled_rollout_waits_and_can_be_aborted(api):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with api.client("operator") as client:
        made = started(client, not_before=tomorrow.isoformat())
        rollout_id = made["rollout"]["id"]
        assert made["rollout"]["not_before"] == tomorrow.isoformat()
        assert client.post(f"/rollouts/{rollout_id}/resume", json={}).status_code == 409
        aborted = client.post(f"/rollouts/{rollout_id[:4]}/abort", json={"reason": "not today"}).json()
        assert aborted["rollout"]["state"] == "aborted"
        assert {row["state"] for row in aborted["targets"]} == {"cancelled"}


def test_in_the_next_window_is_when_a_window_opens(tmp_path):
    with ApiHouse(tmp_path, WINDOWED).serving() as house, house.client("operator") as client:
        made = started(client, next_window=True, select="ring=1", draft=True)
        assert made["rollout"]["state"] == "draft"
        not_before = made["rollout"]["not_before"]
        assert not_before is None or datetime.fromisoformat(not_before).strftime("%H:%M") == "22:00"
        refused = client.post("/rollouts", json={"next_window": True, "select": "ring=0"})
        assert (refused.status_code, refused.json()["hint"]) == (422, "declare one under windows in the fleet file")


def test_an_approval_may_need_an_admin(api):
    with api.client("operator") as operator, api.client("admin") as admin:
        rollout_id = started(operator, strategy="asking")["rollout"]["id"]
        with operator.stream("GET", f"/rollouts/{rollout_id}/events") as stream:
            for event, _, data in messages(stream):
                if event == "rollout" and data["rollout"]["state"] in {"paused", "pending_approval"}:
                    break
        assert operator.post(f"/rollouts/{rollout_id}/approve", json={}).status_code == 403
        admin.post(f"/rollouts/{rollout_id}/approve", json={"reason": "fine"}).raise_for_status()
        assert until_over(operator, rollout_id)["rollout"]["state"] == "succeeded"
        said = operator.get("/history", params={"event": "rollout.approved"}).json()["events"]
        assert [(event["actor"], event["facts"]["why"]) for event in said] == [("adam", "fine")]


def test_drift_is_found_repaired_ignored_and_accepted(api):
    with api.client("admin") as admin, api.client("operator") as operator:
        until_over(operator, started(operator)["rollout"]["id"])
        api.sql("app.db", "CREATE TABLE tmp_x (id INTEGER PRIMARY KEY)")
        api.sql("other.db", "CREATE TABLE tmp_y (id INTEGER PRIMARY KEY)")
        found = operator.post("/drift/check", json={}).json()
        assert found["summary"]["drifted"] == 2
        assert operator.get("/drift", params={"select": "ring=0"}).json()["summary"]["drifted"] == 1
        alerts = operator.get("/alerts").json()["alerts"]
        assert alerts
        acknowledged = operator.post(f"/alerts/{alerts[0]['key']}/ack", json={"reason": "on it"}).json()["alerts"][0]
        assert (acknowledged["state"], acknowledged["by"]) == ("acknowledged", "olga")
        planned = operator.post("/drift/targets/app_db/repair/plan").json()
        confirm = {"confirm": planned["repair"]["drift_id"]}
        assert planned["repair"]["sql"]
        assert operator.post("/drift/targets/app_db/repair", json=confirm).status_code == 403
        assert admin.post("/drift/targets/app_db/repair", json={"confirm": "other"}).status_code == 409
        assert admin.post("/drift/targets/app_db/repair", json=confirm).json()["summary"]["in_sync"] == 1
        rule = operator.post("/drift/rules", json={"reason": "scratch", "name": "tmp_*"}).json()["rules"][0]
        assert operator.get("/drift/rules").json()["rules"] == [rule]
        assert operator.post("/drift/targets/other_db/check").json()["targets"][0]["status"] == "in_sync"
        assert operator.delete(f"/drift/rules/{rule['id']}").status_code == 200
        assert operator.post("/drift/targets/other_db/check").json()["targets"][0]["status"] == "drifted"
        accepted = operator.post("/drift/targets/other_db/accept", json={}).json()
        assert accepted["targets"][0]["status"] == "in_sync"


def test_the_history_has_pages_and_names_the_actor(api):
    with api.client("operator") as client:
        until_over(client, started(client)["rollout"]["id"])
        whole = client.get("/history", params={"limit": 1000}).json()
        assert whole["next"] is None
        paged, before = [], None
        while True:
            page = client.get("/history", params={"limit": 3} | ({"before": before} if before else {})).json()
            paged += page["events"]
            before = page["next"]
            if before is None:
                break
        assert paged == whole["events"]
        assert {event["actor"] for event in paged if event["name"] == "rollout.started"} == {"olga"}


def test_metrics_are_those_of_the_store(shared_api):
    with shared_api.client("viewer") as client:
        answer = client.get(f"{shared_api.url}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert 'stillhouse_targets{fleet="api",health="healthy"}' in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/targets?select=ring==", None, 422),
        ("GET", "/targets?select=ring%3D99", None, 422),
        ("GET", "/targets/nobody", None, 404),
        ("GET", "/rollouts/nothing", None, 404),
        ("POST", "/rollouts", {"strategy": "nothing"}, 422),
        ("POST", "/rollouts", {"destination": "head"}, 422),
        ("POST", "/rollouts/nothing/pause", {}, 404),
        ("POST", "/drift/rules", {"reason": "why"}, 422),
        ("POST", "/drift/targets/nobody/check", None, 404),
        ("POST", "/alerts/none/ack", {}, 404),
        ("POST", "/alerts/test", {"channel": "nothing"}, 404),
        ("POST", "/alerts/test", {"channel": "ops"}, 424),
        ("POST", "/alerts/silences", {"match": "ring=0", "duration": "soon", "reason": "why"}, 422),
        ("POST", "/alerts/silences", {"match": "ring==", "duration": "1h", "reason": "why"}, 422),
    ],
)
def test_mistakes_are_problems_that_say_what_to_do(shared_api, method, path, body, status):
    with shared_api.client() as client:
        answer = client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert problem["detail"]
        assert problem["hint"] or status == 424
