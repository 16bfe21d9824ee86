"""A passkey in software: makes and signs what a console asks for, honestly or not."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

_PRESENT, _VERIFIED, _WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class SoftPasskey:
    """One key. `count` is what it says of how often it has signed; `verifies` whether it knows its person."""

    origin: str
    host: str = "localhost"
    count: int = 0
    verifies: bool = True
    key_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: Mapping[str, Any]) -> str:
        """The answer that adds it."""
        said = self._said("webauthn.create", options["challenge"])
        public = AttestedCredentialData.create(
            Aaguid.NONE,
            self.key_id,
            ES256.from_cryptography_key(self.key.public_key()),
        )
        data = AuthenticatorData.create(self._host(), self._flags() | _WITH_KEY, self.count, bytes(public))
        made = AttestationObject.create("none", data, {})
        return self._answer({"clientDataJSON": said, "attestationObject": bytes(made)})

    def sign(self, options: Mapping[str, Any]) -> str:
        """The answer that proves that it is there."""
        said = self._said("webauthn.get", options["challenge"])
        data = AuthenticatorData.create(self._host(), self._flags(), self.count)
        signature = self.key.sign(bytes(data) + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": said, "authenticatorData": bytes(data), "signature": signature})

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _host(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _flags(self) -> int:
        return _PRESENT | (_VERIFIED if self.verifies else 0)

    def _answer(self, response: Mapping[str, bytes]) -> str:
        key_id = websafe_encode(self.key_id)
        packed = {name: websafe_encode(value) for name, value in response.items()}
        return json.dumps({"id": key_id, "rawId": key_id, "type": "public-key", "response": packed})
