"""Alerts reach a real SMTP server and a real HTTP receiver, also when they are down for a while, over a restart."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller

import servers
from stillhouse_config import FleetValueError
from stillhouse_config.alerts import Alerts
from stillhouse_orchestrator.alerts import delivery
from stillhouse_orchestrator.alerts.findings import Finding, Look
from stillhouse_orchestrator.alerts.service import AlertService, Policy
from stillhouse_orchestrator.errors import ChannelError, NotFoundError
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.store import Store
from stillhouse_orchestrator.values import AlertState, MemberState, Rollout, RolloutState, RolloutTarget, Severity

DRIFT = Finding("drift:1", "drift", Severity.WARNING, "schema drift: extra column users.x", "look", "1")
SECRET = "whsec_" + base64.b64encode(b"a key of some length").decode()


class Receiver:
    """A small HTTP server that keeps what it was sent."""

    def __init__(self):
        self.port = servers.free_port()
        self.requests = []
        self.status = "204 No Content"

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *exc):
        self.server.close()
        await self.server.wait_closed()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((headers, body))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


class Mailbox:
    """An SMTP handler that keeps what it was sent."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope.content.decode())
        return "250 OK"


def policy(channels, labels=None, **route):
    route = {"channels": list(channels), "group_wait": "0s", **route}
    declared = Alerts.model_validate({"channels": channels, "routes": [route]})
    return Policy.of("shop", declared, labels or {})


def webhook(port):
    return {"ops": {"webhook": f"http://127.0.0.1:{port}/hook", "secret": SECRET, "timeout": "5s"}}


def looks(count, *findings):
    return [Look(f"t{n}", now(), frozenset({"drift"}), findings) for n in range(count)]


@pytest.fixture
def state_url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(delivery, "FIRST_WAIT", timedelta(0))


async def test_300_targets_with_the_same_drift_are_one_signed_notification(state_url):
    async with Receiver() as receiver, Store.open(state_url, "test") as store:
        service = AlertService(store, policy(webhook(receiver.port)))
        await service.observe(looks(300, DRIFT))
        assert (await service.notify(), await service.deliver()) == (1, 1)
        assert (await service.notify(), await service.deliver()) == (0, 0)

    ((headers, body),) = receiver.requests
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    mac = hmac.new(b"a key of some length", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert len(json.loads(body)["targets"]) == 300


async def test_a_receiver_that_was_down_gets_every_alert_after_a_restart_with_the_same_key(state_url, impatient):
    receiver = Receiver()
    async with Store.open(state_url, "first") as store:
        service = AlertService(store, policy(webhook(receiver.port)))
        await service.observe(looks(1, DRIFT))
        await service.notify()
        assert await service.deliver() == 0
    async with receiver, Store.open(state_url, "second") as store:
        service = AlertService(store, policy(webhook(receiver.port)))
        receiver.status = "503 Service Unavailable"
        assert await service.deliver() == 0
        receiver.status = "200 OK"
        assert await service.deliver() == 1
        async with store.read() as session:
            assert [alert.state for alert in await session.alerts.unresolved()] == [AlertState.OPEN]

    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1


async def test_the_end_of_an_alert_arrives_by_mail(state_url):
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=servers.free_port())
    controller.start()
    try:
        address = f"mailto://127.0.0.1:{controller.port}/?from=still@example.com&to=ops@example.com&mode=insecure"
        async with Store.open(state_url, "test") as store:
            service = AlertService(store, policy({"mail": {"url": address}}))
            for findings in ((DRIFT,), ()):
                await service.observe(looks(2, *findings))
                await service.notify()
                assert await service.deliver() == 1
    finally:
        controller.stop()

    assert "schema drift" in mailbox.mails[0]
    assert "[resolved]" in mailbox.mails[1]
    assert re.search(r"^Where: t0, t1\r?$", mailbox.mails[0], re.MULTILINE)  # the plain text keeps its lines


async def test_a_receiver_that_was_away_hears_the_last_word_and_no_older_one(state_url, impatient):
    async with Receiver() as receiver, Store.open(state_url, "test") as store:
        receiver.status = "503 Service Unavailable"
        service = AlertService(store, policy(webhook(receiver.port)))
        for findings in ((DRIFT,), ()):
            await service.observe(looks(1, *findings))
            await service.notify()
            await service.deliver()
        receiver.requests.clear()
        receiver.status = "200 OK"
        assert await service.deliver() == 1

    assert [json.loads(body)["reason"] for _, body in receiver.requests] == ["resolved"]


async def test_a_channel_with_a_mistake_keeps_nobody_elses_message(state_url):
    class Broken:
        async def send(self, message):
            raise ZeroDivisionError

    async with Receiver() as receiver, Store.open(state_url, "test") as store:
        service = AlertService(store, policy({**webhook(receiver.port), "broken": {"url": "json://127.0.0.1:1"}}))
        service.policy.channels["broken"] = Broken()
        await service.observe(looks(1, DRIFT))
        await service.notify()
        assert await service.deliver() == 1


async def test_a_channel_that_left_the_fleet_file_is_given_up_and_said_so(state_url):
    async with Store.open(state_url, "test") as store:
        service = AlertService(store, policy(webhook(1)))
        await service.observe(looks(1, DRIFT))
        await service.notify()
        service.policy = policy({"other": {"url": "json://127.0.0.1"}})
        await service.deliver()
        async with store.read() as session:
            events = [event.name.value for event in await session.history.newest()]
            assert await session.outbox.next_at() is None

    assert "delivery.abandoned" in events


async def test_alerts_test_sends_a_real_message_and_says_when_it_did_not_arrive(state_url):
    async with Receiver() as receiver, Store.open(state_url, "test") as store:
        service = AlertService(store, policy({**webhook(receiver.port), "gone": {"url": "json://127.0.0.1:1"}}))
        await service.test("ops")
        with pytest.raises(ChannelError, match="did not accept"):
            await service.test("gone")
        with pytest.raises(ChannelError, match="no such channel"):
            await service.test("nobody")

    assert json.loads(receiver.requests[0][1])["kind"] == "test"


@pytest.mark.parametrize("word", ["drift:1", "dr", "1"])
async def test_an_open_alert_is_acknowledged_by_the_beginning_of_its_key(state_url, word):
    async with Store.open(state_url, "test") as store:
        service = AlertService(store, policy(webhook(1)))
        await service.observe(looks(1, DRIFT))
        with pytest.raises(NotFoundError, match="no open alert 'drift:2'"):
            await service.acknowledge("drift:2", "ann")
        acknowledged = await service.acknowledge(word, "ann", "on it")

    assert (acknowledged.key, acknowledged.state) == ("drift:1", AlertState.ACKNOWLEDGED)


async def test_a_silence_keeps_notifications_back_until_it_is_over(state_url):
    async with Receiver() as receiver, Store.open(state_url, "test") as store:
        service = AlertService(store, policy(webhook(receiver.port), {"t0": {}}))
        with pytest.raises(FleetValueError, match="picks no target"):
            await service.silence("name~x*", "ann", "planned work", timedelta(hours=1))
        made = await service.silence("name~t*", "ann", "planned work", timedelta(hours=1))
        await service.observe(looks(1, DRIFT))
        assert await service.notify() == 0
        async with store.read() as session:
            (alert,) = await session.alerts.unresolved()
        assert alert.state is AlertState.SILENCED
        assert await service.unsilence(made.id[:5], "ann") == made.id
        with pytest.raises(NotFoundError):
            await service.unsilence(made.id, "ann")
        assert await service.notify() == 1


async def test_a_failed_rollout_is_an_alert_until_a_later_one_took_its_target(state_url):
    def ended(id_, hours, state):
        member = RolloutTarget("t0", 1, (), ("r2",), state, error="no such table")
        moment = now() + timedelta(hours=hours)
        bad = RolloutState.FAILED if state.bad else RolloutState.SUCCEEDED
        return Rollout(id_, "head", "p-1", (), {"t0": member}, moment, "ann", state=bad, finished_at=moment)

    async with Store.open(state_url, "test") as store:
        service = AlertService(store, policy(webhook(1)))
        await service.look_at_rollouts()
        for rollout, wanted in ((ended("r-1", 0, MemberState.FAILED), [("rollout:r-1", Severity.CRITICAL)]),
                                (ended("r-2", 1, MemberState.DONE), [])):  # fmt: skip
            async with store.write() as session:
                await session.rollouts.add(rollout)
            service.hear(rollout)
            await service.look_at_rollouts()
            async with store.read() as session:
                assert [(alert.key, alert.severity) for alert in await session.alerts.unresolved()] == wanted
