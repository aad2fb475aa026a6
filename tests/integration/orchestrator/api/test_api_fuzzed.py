"""The API under schemathesis: whatever is sent, no 5xx, and every answer is one that the description promises."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from stillhouse_orchestrator.api.app import create_app

EXAMPLES = 12  # per operation
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
DESCRIPTION = schemathesis.openapi.from_dict(create_app(lambda: None).openapi())
OPERATIONS = {found.ok().label: found.ok() for found in DESCRIPTION.get_all_operations()}
MODES = list(schemathesis.GenerationMode)
NOTHING_TO_GET_WRONG = {("GET /healthz", "negative"), ("GET /readyz", "negative")}
CASES = [(label, mode) for label in OPERATIONS for mode in MODES if (label, mode.value) not in NOTHING_TO_GET_WRONG]


@pytest.mark.parametrize(("label", "mode"), CASES, ids=[f"{label} {mode.value}" for label, mode in CASES])
def test_nothing_that_is_sent_makes_a_server_error(shared_api, label, mode):
    operation = OPERATIONS[label]
    headers = {"Authorization": f"Bearer {shared_api.local_token}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case):
        if label.endswith("/events"):
            case.query = {**(case.query or {}), "follow": "false"}
        case.headers = {**(case.headers or {}), **headers}
        response = case.call(base_url=shared_api.url, timeout=60)
        case.validate_response(response, checks=CHECKS)

    hold()
