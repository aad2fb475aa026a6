"""The API under schemathesis: whatever is sent, no 5xx, and every answer is one that the description promises."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def description(shared_api):
    return schemathesis.openapi.from_url(
        f"{shared_api.url}/api/v1/openapi.json", headers={"Authorization": f"Bearer {shared_api.local_token}"}
    )


schema = schemathesis.pytest.from_fixture("description")


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_nothing_that_is_sent_makes_a_server_error(shared_api, case):
    if case.operation.path.endswith("/events"):
        case.query = {**(case.query or {}), "follow": "false"}
    headers = {"Authorization": f"Bearer {shared_api.local_token}"}
    case.call_and_validate(headers=headers, timeout=60, checks=CHECKS)
