"""A webhook: the alert as JSON, signed as the Standard Webhooks specification says (standardwebhooks.com).

The signature is ``v1,`` and the base64 of an HMAC-SHA256 over ``id.timestamp.body``. The id stays the same over retries, so that
a receiver can drop what it has seen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import ChannelError

if TYPE_CHECKING:
    from stillhouse_orchestrator.values import Message

PREFIX = "whsec_"


class WebhookChannel:
    """Posts each message to one address.

    Args:
        name: of the channel, for errors.
        url: the address; never shown.
        secret: the signing key: ``whsec_`` and base64, or any text; None for unsigned.
        timeout: seconds for one delivery.
    """

    def __init__(self, name: str, url: str, secret: str | None, timeout: float) -> None:
        self._name = name
        self._url = url
        self._key = _key(secret) if secret else None
        self._timeout = timeout

    async def send(self, message: Message) -> None:
        """Post one message.

        Raises:
            ChannelError: no answer, or one that is not a success.
        """
        import httpx

        body = json.dumps({**message.body, "text": message.text}, sort_keys=True).encode()
        headers = self._headers(message.key, int(time.time()), body)
        try:
            async with httpx.AsyncClient(timeout=self._timeout) as client:
                answer = await client.post(self._url, content=body, headers=headers)
        except httpx.TimeoutException:
            raise ChannelError(self._name, f"no answer within {self._timeout:g} s") from None
        except httpx.ConnectError:  # none of these shows the address, which may hold a secret
            raise ChannelError(self._name, "nothing answers at its address") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ChannelError(self._name, type(error).__name__) from None
        if not answer.is_success:
            raise ChannelError(self._name, f"HTTP status {answer.status_code}")

    def _headers(self, key: str, timestamp: int, body: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json", "webhook-id": key, "webhook-timestamp": str(timestamp)}
        if self._key is not None:
            headers["webhook-signature"] = sign(self._key, key, timestamp, body)
        return headers


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a body, as the header carries it."""
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
