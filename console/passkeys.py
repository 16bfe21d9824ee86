"""Passkeys (WebAuthn): what a browser is asked to make or to sign, and whether its answer is right (rule S6).

The challenge is made here, kept beside the session, and good for one answer. The key is bound to the host of the configured
public address, and the answer to its origin: what a page elsewhere got signed is good for nothing here.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from store import passkeys
from store.database import Tx
from store.passkeys import Purpose
from store.users import User

# The field of a form that holds the answer of a passkey; never handed on.
FIELD: Final = "passkey"
_CHALLENGE_BYTES: Final = 32
# An answer has some hundred characters, one that makes a key with a long chain of certificates a few thousand.
_LONGEST: Final = 12_000
_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class Passkeys:
    """Those of one console, by its public address."""

    def __init__(self, base_url: str, name: str) -> None:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}".lower()
        # Browsers make none for an address of digits, nor over http elsewhere than on the same machine.
        self.offered = bool(host) and not _is_number(host) and (parts.scheme == "https" or host == "localhost")
        self._server = Fido2Server(
            PublicKeyCredentialRpEntity(name=name, id=host or "localhost"),
            attestation=AttestationConveyancePreference.NONE,
            verify_origin=lambda origin: origin == self._origin,
        )

    async def to_add(self, tx: Tx, token: str, user: User, *, now: datetime) -> Mapping[str, Any]:
        """What the browser of a session is to make a new passkey from, as its script takes it."""
        challenge = await _asked(tx, token, "add", now)
        entity = PublicKeyCredentialUserEntity(
            # Opaque, as the standard wants it: a key says nothing of its owner.
            id=hashlib.sha256(f"guichet user {user.id}".encode()).digest(),
            name=user.login,
            display_name=user.name,
        )
        options, _ = self._server.register_begin(
            entity,
            _credentials(await passkeys.of(tx, user.id)),
            resident_key_requirement=ResidentKeyRequirement.PREFERRED,
            user_verification=_VERIFIED,
            challenge=challenge,
        )
        return dict(options)

    async def to_sign(self, tx: Tx, token: str, user_id: int, purpose: Purpose, *, now: datetime) -> Mapping[str, Any]:
        """What one of a person's passkeys is to sign."""
        challenge = await _asked(tx, token, purpose, now)
        options, _ = self._server.authenticate_begin(
            _credentials(await passkeys.of(tx, user_id)), user_verification=_VERIFIED, challenge=challenge
        )
        return dict(options)

    async def added(self, tx: Tx, token: str, user_id: int, given: str, *, name: str, now: datetime) -> bool:
        """Keep the passkey that a browser made; False when the answer is not right, or the key is known already."""
        challenge = await passkeys.take(tx, token, "add", now=now)
        try:
            answer = RegistrationResponse.from_dict(_read(given, challenge))
            made = self._server.register_complete(_state(challenge), answer)
            credential = made.credential_data
            if credential is None or answer.response.client_data.cross_origin:
                return False
        except Exception:  # noqa: BLE001 (whatever a stranger's bytes make the reader raise, it is no passkey)
            return False
        return await passkeys.add(
            tx,
            user_id,
            name=name,
            key=credential.credential_id,
            credential=bytes(credential),
            signed=made.counter,
            now=now,
        )

    async def is_right(self, tx: Tx, token: str, user_id: int, purpose: Purpose, given: str, *, now: datetime) -> bool:
        """Whether one of this person's passkeys signed what this session was asked for, this once."""
        challenge = await passkeys.take(tx, token, purpose, now=now)
        known = await passkeys.of(tx, user_id)
        credentials = _credentials(known)
        try:
            answer = AuthenticationResponse.from_dict(_read(given, challenge))
            used = self._server.authenticate_complete(_state(challenge), credentials, answer)
            if answer.response.client_data.cross_origin:
                return False
        except Exception:  # noqa: BLE001 (as above)
            return False
        key = known[credentials.index(used)]
        return await passkeys.use(tx, user_id, key.id, signed=answer.response.authenticator_data.counter, now=now)


async def _asked(tx: Tx, token: str, purpose: Purpose, now: datetime) -> bytes:
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    await passkeys.ask(tx, token, purpose, websafe_encode(challenge), now=now)
    return challenge


def _credentials(known: Sequence[passkeys.Passkey]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(key.credential) for key in known]


def _state(challenge: str) -> Mapping[str, Any]:
    return {"challenge": challenge, "user_verification": _VERIFIED}


def _read(given: str, challenge: str) -> Mapping[str, Any]:
    """The answer of a browser. Raises ValueError where nothing was asked, or for what is no answer."""
    if not challenge or len(given) > _LONGEST:
        raise ValueError("nothing was asked, or this answers nothing")
    found: Mapping[str, Any] = json.loads(given)
    return found


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
