"""The whole fleet file, as one model."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from .alerts import Alerts
from .api import Api
from .databases import Database, DatabaseSettings
from .drift import Drift
from .fields import Declaration, Duration, Interval, Name, Positive, Text, Url
from .servers import Server  # noqa: TC001 (pydantic resolves annotations)
from .strategies import BUILT_IN, Strategies
from .urls import SecretUrl
from .windows import Window  # noqa: TC001 (pydantic resolves annotations)

DEFAULT_STATE_URL = "sqlite+aiosqlite:///.stillhouse/state.db"


class Defaults(DatabaseSettings):
    """What every database has unless it says otherwise. Mappings such as `labels` and `drift` are merged key by key."""


class Retention(Declaration):
    """How long the store keeps what is over; what is open is always kept."""

    history: Interval = Field(default=timedelta(days=365), description="Events of the audit history.")
    alerts: Interval = Field(default=timedelta(days=90), description="Alerts that are resolved.")
    rollouts: Interval = Field(default=timedelta(days=365), description="Rollouts that have ended.")


class Workers(Declaration):
    """The processes that run the projects' code."""

    per_project: Positive = Field(default=1, description="How many worker processes one project may have at once.")
    max_parallel: Positive = Field(
        default=16, description="How many targets one worker migrates at once, within the servers' budgets."
    )
    idle: Duration = Field(default=timedelta(minutes=5), description="How long a worker without work is kept.")


class FleetModel(Declaration):
    """A fleet file."""

    fleet: Name = Field(description="The fleet's name.", examples=["shop"])
    state_url: Url = Field(
        default=SecretUrl(DEFAULT_STATE_URL),
        description="Where Stillhouse keeps its state: SQLite, or PostgreSQL when several daemons share it. A relative file starts at the fleet file's folder.",
        examples=[DEFAULT_STATE_URL, "postgresql+asyncpg://stillhouse:${env:STATE_PASSWORD}@db1/stillhouse"],
    )
    defaults: Defaults = Field(default=Defaults(), description="What every database has unless it says otherwise.")
    databases: Annotated[dict[Name, Database], Field(min_length=1)] = Field(description="The databases, by name.")
    servers: dict[Text, Server] = Field(
        default={},
        description="Budgets of physical servers, by `host:port`.",
        examples=[{"db1:5432": {"max_connections": 20}}],
    )
    strategies: Strategies = Field(default={}, description="Named lists of steps that rollouts follow.")
    default_strategy: Text = Field(
        default=BUILT_IN,
        description="The strategy of rollouts that name none. `all-at-once` is built in: one wave of everything, none may fail.",
        examples=["cautious"],
    )
    drift: Drift = Field(default=Drift(), description="Differences that are known and fine.")
    windows: dict[Name, Window] = Field(
        default={}, description="Maintenance windows, by name. A target starts only when all that match it are open."
    )
    alerts: Alerts = Field(default=Alerts(), description="Who hears of what.")
    api: Api = Field(default=Api(), description="Where the daemon listens, and who may ask what.")
    retention: Retention = Field(default=Retention(), description="How long the store keeps what is over.")
    workers: Workers = Field(default=Workers(), description="The processes that run the projects' code.")
