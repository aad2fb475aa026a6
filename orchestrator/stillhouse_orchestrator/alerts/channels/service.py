"""A service that Apprise knows: Slack, Teams, e-mail, PagerDuty and some 170 more, behind one form of URL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import ChannelError

if TYPE_CHECKING:
    from stillhouse_orchestrator.values import Message

TYPES = {"critical": "failure", "warning": "warning", "info": "info", "resolved": "success"}
"""Our severities in Apprise's words, which choose colours and icons."""


class ServiceChannel:
    """Sends each message through one Apprise URL.

    Args:
        name: of the channel, for errors.
        url: the Apprise URL; never shown.
        timeout: seconds for one delivery.
    """

    def __init__(self, name: str, url: str, timeout: float) -> None:
        self._name = name
        self._url = url
        self._timeout = timeout

    async def send(self, message: Message) -> None:
        """Send one message. Apprise is synchronous inside, so it runs in a thread.

        Raises:
            ChannelError: the URL is of no known service, or the service did not take the message in time.
        """
        try:
            async with asyncio.timeout(self._timeout):
                sent = await asyncio.to_thread(self._notify, message)
        except TimeoutError:
            raise ChannelError(self._name, f"no answer within {self._timeout:g} s") from None
        if not sent:
            raise ChannelError(self._name, "the service did not accept the message")

    def _notify(self, message: Message) -> bool:
        import apprise

        service = apprise.Apprise()
        if not service.add(self._url):
            raise ChannelError(self._name, "its URL is of no service that Apprise knows", permanent=True)
        kind = apprise.NotifyType(TYPES.get(message.severity, "info"))
        return bool(
            service.notify(
                title=message.title, body=message.text, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            )
        )
