"""A Sigstore of our own on 127.0.0.1: an OIDC issuer, a Fulcio with its CT log, and a Rekor, each with real keys.

It answers as the public services do, so that sigstore's own client signs and verifies against it, in full. What it
leaves out is policy: it certifies one identity, and its log has one older leaf. jwt and rfc8785 come with sigstore.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

IDENTITY = "https://github.com/example/factory/.github/workflows/gate.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
SECRET = "that only the issuer and Fulcio know, and nobody else"
ISSUER_OID = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
SCT_OID = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
ECDSA = ec.ECDSA(SHA256())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def log_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(der(key)).digest()


class LocalSigstore:
    """Serves from its creation until `close`."""

    def __init__(self) -> None:
        self.ca_key, self.ct_key, self.rekor_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.ca = self._root()
        self.identity = IDENTITY
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def job(self) -> dict[str, str]:
        """The environment of a GitHub job that may ask for a token."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?version=1",
            "NO_PROXY": "127.0.0.1",
        }

    def trust_config(self) -> str:
        since = {"start": (self.now - timedelta(days=1)).isoformat()}

        def log(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            public = {"rawBytes": b64(der(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since}
            identity = {"keyId": b64(log_id(key))}
            return {"baseUrl": self.url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": identity}

        service = [{"url": self.url, "majorApiVersion": 1, "validFor": since, "operator": "example.com"}]
        authority = {
            "subject": {"organization": "example.com", "commonName": "fulcio"},
            "certChain": {"certificates": [{"rawBytes": b64(self.ca.public_bytes(Encoding.DER))}]},
            "validFor": since,
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": {
                    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                    "tlogs": [log(self.rekor_key)],
                    "certificateAuthorities": [authority],
                    "ctlogs": [log(self.ct_key)],
                },
                "signingConfig": {
                    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                    "caUrls": service,
                    "oidcUrls": service,
                    "rekorTlogUrls": service,
                    "rekorTlogConfig": {"selector": "ANY"},
                },
            }
        )

    def token(self) -> str:
        claims = {"iss": ISSUER, "sub": "repo:example/factory", "aud": "sigstore"}
        times = {"iat": datetime.now(UTC), "exp": datetime.now(UTC) + timedelta(minutes=5)}
        return jwt.encode({**claims, **times, "job_workflow_ref": self.identity}, SECRET, "HS256")

    def _root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fulcio")])
        public = self.ca_key.public_key()
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        return (
            x509.CertificateBuilder(name, name, public, x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.ca_key, SHA256())
        )

    def certificate(self, request: x509.CertificateSigningRequest) -> x509.Certificate:
        """For a few minutes, with the CT log's promise inside."""
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key())
        builder = (
            x509.CertificateBuilder(self.ca.subject, x509.Name([]), request.public_key(), x509.random_serial_number())
            .not_valid_before(self.now - timedelta(minutes=1))
            .not_valid_after(self.now + timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(purpose, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(self.identity)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(ISSUER_OID, ISSUER.encode()), critical=False)
        )
        tbs = builder.sign(self.ca_key, SHA256()).tbs_certificate_bytes
        promise = x509.UnrecognizedExtension(SCT_OID, self._promise(tbs))
        return builder.add_extension(promise, critical=False).sign(self.ca_key, SHA256())

    def _promise(self, tbs: bytes) -> bytes:
        """RFC 6962, 3.2 and 3.3: a list of one timestamp for a precertificate, as an octet string."""
        time = struct.pack("!Q", int(self.now.timestamp() * 1000))
        entry = struct.pack("!H", 1) + log_id(self.ca_key) + struct.pack("!I", len(tbs))[1:] + tbs
        signature = self.ct_key.sign(bytes(2) + time + entry + bytes(2), ECDSA)
        signed = bytes([4, 3]) + struct.pack("!H", len(signature)) + signature  # SHA-256, ECDSA
        timestamp = bytes(1) + log_id(self.ct_key) + time + bytes(2) + signed
        inner = struct.pack("!HH", len(timestamp) + 2, len(timestamp)) + timestamp
        return (bytes([4, len(inner)]) if len(inner) < 128 else bytes([4, 0x81, len(inner)])) + inner

    def log_entry(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """The second leaf of a log, with the proof that it is in and the promise of when."""
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        body = rfc8785.dumps(
            {
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": _sha256(content["envelope"].encode()),
                    "payloadHash": _sha256(base64.b64decode(envelope["payload"])),
                    "signatures": [
                        {"signature": each["sig"], "verifier": content["verifiers"][0]}
                        for each in envelope["signatures"]
                    ],
                },
            }
        )
        older, leaf = hashlib.sha256(b"\0older").digest(), hashlib.sha256(b"\0" + body).digest()
        root = hashlib.sha256(b"\1" + older + leaf).digest()
        note = f"rekor.example.com - 1\n2\n{b64(root)}\n"
        signature = b64(log_id(self.rekor_key)[:4] + self.rekor_key.sign(note.encode(), ECDSA))
        entry = {
            "body": b64(body),
            "integratedTime": int(datetime.now(UTC).timestamp()),
            "logID": log_id(self.rekor_key).hex(),
            "logIndex": 1,
        }
        promise = b64(self.rekor_key.sign(rfc8785.dumps(entry), ECDSA))
        proof = {
            "logIndex": 1,
            "rootHash": root.hex(),
            "treeSize": 2,
            "hashes": [older.hex()],
            "checkpoint": f"{note}\n\u2014 rekor.example.com {signature}\n",
        }
        return {"uuid": {**entry, "verification": {"inclusionProof": proof, "signedEntryTimestamp": promise}}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sigstore = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                allowed = self.path.startswith("/token?") and self.headers["Authorization"] == "bearer job"
                self._answer(200 if allowed else 403, {"value": sigstore.token()} if allowed else {})

            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/api/v2/signingCert":
                    token = self.headers["Authorization"].removeprefix("Bearer ")
                    jwt.decode(token, SECRET, ["HS256"], audience="sigstore", issuer=ISSUER)
                    request = x509.load_pem_x509_csr(base64.b64decode(sent["certificateSigningRequest"]))
                    chain = [sigstore.certificate(request), sigstore.ca]
                    texts = [each.public_bytes(Encoding.PEM).decode() for each in chain]
                    self._answer(200, {"signedCertificateEmbeddedSct": {"chain": {"certificates": texts}}})
                elif self.path == "/api/v1/log/entries":
                    self._answer(201, sigstore.log_entry(sent))
                else:
                    self._answer(404, {})

            def _answer(self, status: int, body: dict[str, Any]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler


def _sha256(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}
