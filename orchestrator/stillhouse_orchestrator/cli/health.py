"""``stillhouse health``: for service managers and containers. It imports no more than it must: it runs every few seconds."""

from __future__ import annotations

import http.client
import json
import urllib.parse

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.options import fleet_option, json_option
from stillhouse_orchestrator.cli.running import CommandFailedError
from stillhouse_orchestrator.client import announcement

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask a daemon that listens everywhere


@click.command()
@fleet_option
@json_option
@click.option("--url", metavar="URL", help="The daemon's address. Default: where that of the fleet file listens.")
@click.option("--timeout", type=click.FloatRange(0.1), default=3.0, show_default=True, metavar="SECONDS")
def health(fleet_file: str, as_json: bool, url: str | None, timeout: float) -> int:
    """Ask a running daemon whether it serves: exit code 0 when it does, else 1."""
    host, port = _address(url, fleet_file)
    try:
        code, body = _get(host, port, timeout)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CommandFailedError(
            f"no daemon answers at {host}:{port}: {error}", "start it with: stillhouse serve"
        ) from error
    if as_json:
        click.echo(json.dumps(body, indent=2))
    else:
        problem = f"; {body['problem']}" if body.get("problem") else ""
        click.echo(f"{body.get('state', 'unknown')}{problem}")
    return Exit.FINE if code == http.client.OK else Exit.FAILED


def _address(url: str | None, fleet_file: str) -> tuple[str, int]:
    if url is None:
        url = _announced(fleet_file)
    if url is None:
        from stillhouse_orchestrator.cli.loading import load

        listen = load(fleet_file).model.api.listen
        return ANYWHERE.get(listen.host, listen.host), listen.port
    parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    if parts.hostname is None or parts.port is None:
        raise click.UsageError("--url needs a host and a port, as http://127.0.0.1:8470")
    return parts.hostname, parts.port


def _announced(fleet_file: str) -> str | None:
    """Return where the daemon says that it listens; reading that costs much less than reading the fleet file."""
    path = announcement.likely_path(fleet_file)
    found = announcement.read(path) if path else None
    return found.url if found else None


def _get(host: str, port: int, timeout: float) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
