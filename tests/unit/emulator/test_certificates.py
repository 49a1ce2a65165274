from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from lib.emulator.certificates import Authority

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def verified(authority, issued, name="localhost", at=NOW):
    subject = x509.DNSName(name)
    verifier = PolicyBuilder().store(Store([authority.certificate])).time(at).build_server_verifier(subject)
    return verifier.verify(x509.load_pem_x509_certificate(issued.certificate), [])


def test_a_server_is_known_by_its_authority():
    authority = Authority.create(NOW)
    assert verified(authority, authority.issue())


@pytest.mark.parametrize("at", [NOW - timedelta(days=1), NOW + timedelta(days=31)])
def test_certificates_hold_for_some_days_only(at):
    authority = Authority.create(NOW, days=30)
    with pytest.raises(VerificationError):
        verified(authority, authority.issue(), at=at)


def test_a_certificate_is_for_no_other_name():
    authority = Authority.create(NOW)
    with pytest.raises(VerificationError):
        verified(authority, authority.issue(), "example.com")


def test_another_authority_does_not_know_the_server():
    with pytest.raises(VerificationError):
        verified(Authority.create(NOW), Authority.create(NOW).issue())


def test_no_key_is_printed():
    authority = Authority.create(NOW)
    assert "PRIVATE" not in repr(authority) + repr(authority.issue())
