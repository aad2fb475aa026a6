"""Live streams: resumable, endless until the daemon ends, and never in anybody's way."""

from __future__ import annotations

import socket
import threading
from itertools import islice

import httpx
from api_house import TOKENS, ApiHouse, messages, started

from stillhouse_orchestrator.api.live import MOST_WATCHERS


def silence(client, reason):
    client.post("/alerts/silences", json={"match": "ring=0", "duration": "1h", "reason": reason}).raise_for_status()


def reasons(found):
    return [data["facts"]["reason"] for name, _, data in found if name == "alert.silenced"]


def test_a_stream_goes_on_after_the_last_event_that_was_seen(api):
    with api.client("operator") as client:
        with client.stream("GET", "/events") as stream:
            live = messages(stream)
            silence(client, "one")
            name, last, data = next(live)
            assert (name, data["facts"]["reason"], data["id"]) == ("alert.silenced", "one", int(last))
        silence(client, "two")
        silence(client, "three")
        with client.stream("GET", "/events", headers={"Last-Event-ID": last}) as stream:
            assert reasons(islice(messages(stream), 2)) == ["two", "three"]
        with client.stream("GET", "/events", params={"after": 0, "follow": False}) as stream:
            whole = list(messages(stream))
        ids = [int(ident) for _, ident, _ in whole]
        assert ids == sorted(set(ids))
        assert reasons(whole) == ["one", "two", "three"]


def test_a_rollouts_stream_tells_its_state_and_then_what_changes(api):
    with api.client("operator") as client:
        rollout_id = started(client, draft=True)["rollout"]["id"]
        with client.stream("GET", f"/rollouts/{rollout_id}/events") as stream:
            live = messages(stream)
            name, ident, data = next(live)
            assert (name, ident, data["rollout"]["state"], len(data["targets"])) == ("rollout", None, "draft", 2)
            silence(client, "not its business")
            client.post(f"/rollouts/{rollout_id}/start", json={}).raise_for_status()
            seen, states = [], {}
            for name, _, content in live:
                seen.append(name)
                if name == "rollout":
                    states |= {row["target"]: row["state"] for row in content["targets"]}
                    if content["rollout"]["state"] == "succeeded":
                        break
        assert states == {"app_db": "done", "other_db": "done"}
        assert "alert.silenced" not in seen


def test_a_stream_ends_with_the_daemon(tmp_path):
    ended = []

    def read(house, opened):
        with house.client("viewer") as client, client.stream("GET", "/events") as stream:
            opened.set()
            ended.append(list(messages(stream)))

    with ApiHouse(tmp_path).serving() as house:
        opened = threading.Event()
        reader = threading.Thread(target=read, args=(house, opened))
        reader.start()
        assert opened.wait(30)
    reader.join(30)
    assert not reader.is_alive()
    assert len(ended) == 1


def test_a_client_that_does_not_read_delays_nobody(api):
    host, port = api.url.removeprefix("http://").split(":")
    request = f"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['viewer']}\r\n\r\n"
    with socket.socket() as deaf, api.client("operator") as client:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect((host, int(port)))
        deaf.sendall(request.encode())
        with client.stream("GET", "/events") as stream:
            live = messages(stream)
            for number in range(40):
                silence(client, f"{number} " + "x" * 900)
                assert reasons([next(live)])[0].startswith(f"{number} ")
        assert api.within(_watchers(api.desk)) >= 1


async def _watchers(desk):
    return len(desk.live._watchers)


def test_too_many_streams_are_refused_and_leaving_makes_room(api):
    async def fill():
        api.desk.live._watchers |= {object() for _ in range(MOST_WATCHERS)}  # the limit counts, it does not look

    async def empty():
        api.desk.live._watchers.clear()

    api.within(fill())
    with api.client("viewer") as client:
        refused = client.get("/events", params={"follow": False})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        api.within(empty())
        assert client.get("/events", params={"follow": False}).status_code == 200


def test_a_wrong_last_event_id_is_a_mistake(shared_api):
    with shared_api.client("viewer") as client:
        assert client.get("/events", headers={"Last-Event-ID": "abc"}).status_code == 422


def test_heartbeats_keep_a_quiet_stream_alive(api, monkeypatch):
    monkeypatch.setattr("stillhouse_orchestrator.api.routes.events.HEARTBEAT_SECONDS", 0.05)
    with api.client("viewer") as client, client.stream("GET", "/events") as stream:
        assert isinstance(stream, httpx.Response)
        assert any(line == ": still here" for line in islice(stream.iter_lines(), 10))
