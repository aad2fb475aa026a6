"""The secret values of a fleet file, so that they can be hidden wherever they would be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.worker.scrub import secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillhouse_config import FleetFile, TargetDeclaration


def of_file(file: FleetFile) -> Iterator[str]:
    """Yield the passwords, channel addresses and tokens that a fleet file itself holds."""
    yield from secrets_of(file.state_url.reveal())
    for question in file.discoveries:
        yield from secrets_of(question.url.reveal())
    for channel in file.model.alerts.channels.values():
        for secret in (channel.url, channel.webhook, channel.secret):
            if secret is not None:
                yield secret.get_secret_value()
    for token in file.model.api.tokens:
        if token.token is not None:
            yield token.token.get_secret_value()


def of_targets(targets: Iterable[TargetDeclaration]) -> Iterator[str]:
    """Yield the passwords of some targets."""
    for target in targets:
        yield from secrets_of(target.url.reveal())
