"""Logs: one stream, one shape, no secrets."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_orchestrator import logs


@pytest.fixture(autouse=True)
def restored_logging():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_are_json_lines_with_their_facts_as_keys():
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    structlog.get_logger().info("drift.detected", target="users_db", changes=2)
    (line,) = lines(stream)
    assert (line["event"], line["target"], line["changes"], line["level"]) == ("drift.detected", "users_db", 2, "info")
    assert line["timestamp"].endswith("Z")


def test_foreign_loggers_come_out_in_the_same_shape_with_bound_context():
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    with structlog.contextvars.bound_contextvars(target="users_db"):
        logging.getLogger("somebody.else").warning("count is %d", 3)
    (line,) = lines(stream)
    assert (line["event"], line["target"], line["level"]) == ("count is 3", "users_db", "warning")


def test_lines_below_the_level_are_not_written():
    stream = io.StringIO()
    logs.configure("warning", "console", stream)
    structlog.get_logger().info("census.completed")
    structlog.get_logger().warning("drift.detected", target="a")
    assert "census.completed" not in stream.getvalue()
    assert "drift.detected" in stream.getvalue()


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_password_in_a_traceback_is_hidden(style):
    stream = io.StringIO()
    logs.configure("info", style, stream)
    try:
        int("postgresql+asyncpg://app:hunter22@db1/users")
    except ValueError:
        structlog.get_logger().exception("connection.failed", url="mysql://root:pa@ss@h/x", extra={"password": "x"})
    assert "hunter22" not in stream.getvalue()
    assert "pa@ss" not in stream.getvalue()
    assert "db1/users" in stream.getvalue()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=4, max_size=40))
def test_a_known_secret_never_leaves_whatever_it_is_made_of(secret):
    scrubber = logs.Scrubber()
    scrubber.learn([secret])
    text = scrubber.text(f"before {secret} after")
    assert secret not in text or secret in f"before {logs.HIDDEN} after"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://app:secret@db1/users", "postgresql://app:***@db1/users"),
        ("postgresql://app@db1/users", "postgresql://app@db1/users"),
        ("connect failed: password=hunter2 host=a", "connect failed: password=*** host=a"),
        ('{"token": "abc", "name": "x"}', '{"token": "***", "name": "x"}'),
        ("http://127.0.0.1:8470/healthz", "http://127.0.0.1:8470/healthz"),
    ],
)
def test_what_is_hidden_and_what_is_kept(text, clean):
    assert logs.Scrubber().text(text) == clean
