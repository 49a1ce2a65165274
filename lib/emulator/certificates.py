"""A certificate authority of its own for each session, and server certificates for this machine alone.

The authority's key lives in one process and is never written: what trusts its certificate trusts nothing that is made
after that process has ended.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

HOST = "localhost"
"""The name that every endpoint is called by; a name, since older clients of PostgreSQL verify no addresses."""
HOSTS = (HOST, "127.0.0.1")
DAYS = 30
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Certificate:
    """PEM of a server's certificate, and of its key."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Authority:
    """What signs the servers' certificates, until `expires`."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    begins: datetime
    expires: datetime

    @classmethod
    def create(cls, now: datetime, days: int = DAYS) -> Authority:
        """A new authority, good for `days` from `now` on."""
        key, begins, expires = ec.generate_private_key(ec.SECP256R1()), now - CLOCK_SKEW, now + timedelta(days=days)
        name = _name("Plantguard embedded AWS")
        builder = _unsigned(name, name, key, key, authority=True).not_valid_before(begins).not_valid_after(expires)
        return cls(key, builder.sign(key, hashes.SHA256()), begins, expires)

    def issue(self, hosts: Sequence[str] = HOSTS) -> Certificate:
        """A server's certificate for `hosts` (names or addresses) and nothing else; it ends with the authority."""
        key, names = ec.generate_private_key(ec.SECP256R1()), x509.SubjectAlternativeName([_host(h) for h in hosts])
        builder = (
            _unsigned(_name(hosts[0]), self.certificate.subject, key, self.key, authority=False)
            .not_valid_before(self.begins)
            .not_valid_after(self.expires)
            .add_extension(names, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Certificate(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), private)

    def pem(self) -> bytes:
        """What a client is told to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
