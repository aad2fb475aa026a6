"""The ways to reach people: one small class each, with ``send``; `open_channels` makes them from the fleet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stillhouse_orchestrator.alerts.channels.service import ServiceChannel
from stillhouse_orchestrator.alerts.channels.webhook import WebhookChannel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_config.alerts import Channel as Declaration
    from stillhouse_orchestrator.values import Message


class Channel(Protocol):
    """Carries messages to people or programs."""

    async def send(self, message: Message) -> None:
        """Deliver one message.

        Raises:
            ChannelError: it did not arrive, or nobody knows.
        """
        ...


def open_channels(declared: Mapping[str, Declaration]) -> dict[str, Channel]:
    """Make the channels that a fleet file declares, by name. The libraries behind them load with the first message."""
    return {name: _open(name, declaration) for name, declaration in declared.items()}


def _open(name: str, declaration: Declaration) -> Channel:
    seconds = declaration.timeout.total_seconds()
    if declaration.webhook is not None:
        secret = declaration.secret.get_secret_value() if declaration.secret else None
        return WebhookChannel(name, declaration.webhook.get_secret_value(), secret, seconds)
    return ServiceChannel(name, declaration.url.get_secret_value() if declaration.url else "", seconds)
