"""What an error of a driver means where it has no code."""

from __future__ import annotations

from stillhouse_engine.worker.diagnosis import diagnose

NEEDED = "'cryptography' package is required for sha256_password or caching_sha2_password auth methods"


def test_a_driver_that_cannot_encrypt_a_password_says_what_to_install():
    found = diagnose(RuntimeError(NEEDED))
    assert found is not None
    assert (found.kind, found.message) == ("missing_cryptography", NEEDED)
    assert "stillhouse[mysql]" in (found.hint or "")


def test_another_runtime_error_is_no_databases():
    assert diagnose(RuntimeError("there is something else")) is None
