"""OpenID Connect, as a relying party (rule S7): code flow with PKCE, and an ID token of which everything is checked.

Nothing is believed that the issuer did not sign with a key of its own set. Refusals name one reason of a closed list and hold
nothing of the token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.vocabulary import Role

# Signatures by a key pair. Never "none", and never HMAC: there our own secret would be the key.
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
_KEY_TYPES: Final = ("RSA", "EC")
_CLOCKS_APART: Final = 60
_LONGEST_ANSWER: Final = 1024 * 1024
_LONGEST_SUBJECT: Final = 255
_KEPT_SECONDS: Final = 600.0
# Keys that we do not know are asked for again, but no more often than so.
_ASK_AGAIN_SECONDS: Final = 60.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)


class OidcError(Exception):
    """The sign-in is refused; the text is one of a closed list of reasons."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Who we are to the issuer. `roles`: groups and the role that each gives, the first that fits counts."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    roles: Sequence[tuple[str, Role]]
    groups_claim: str = "groups"
    scopes: str = "openid profile email"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the issuer in one browser, and what its answer must match."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Asked:
        """256 random bits each."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who the issuer says this is: a person is issuer and subject, and nothing else names them."""

    issuer: str
    subject: str
    name: str
    email: str
    role: Role | None


class Provider:
    """One issuer. Its configuration and keys are fetched when they are needed first, and kept for ten minutes."""

    def __init__(self, relation: Relation, clock: Callable[[], datetime]) -> None:
        self.relation = relation
        self._clock = clock
        self._configuration: Mapping[str, Any] = {}
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._configured_at = self._keys_at = float("-inf")

    async def address(self, asked: Asked, back: str) -> str:
        """Where the browser is sent; `back` is our address that it returns to. Raises OidcError."""
        endpoint = (await self._configured())["authorization_endpoint"]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.relation.client_id,
            "redirect_uri": back,
            "scope": self.relation.scopes,
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def somebody(self, code: str, asked: Asked, back: str) -> Somebody:
        """Who stands behind a code that the browser brought. Raises OidcError."""
        configuration = await self._configured()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": asked.verifier,
        }
        answer = await self._post(configuration["token_endpoint"], form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcError("no_token")
        claims = await self._claims(token)
        self._check(claims, asked.nonce)
        groups = claims.get(self.relation.groups_claim)
        if groups is None and configuration.get("userinfo_endpoint") and isinstance(answer.get("access_token"), str):
            more = await self._get(configuration["userinfo_endpoint"], bearer=answer["access_token"])
            if more.get("sub") != claims["sub"]:
                raise OidcError("userinfo")
            claims, groups = {**more, **claims}, more.get(self.relation.groups_claim)
        return Somebody(
            issuer=self.relation.issuer,
            subject=claims["sub"],
            name=str(claims.get("name") or "")[:120],
            email=str(claims.get("email") or "")[:120] if claims.get("email_verified") is True else "",
            role=self._role(groups),
        )

    def _role(self, groups: object) -> Role | None:
        held = {groups} if isinstance(groups, str) else set(map(str, groups)) if isinstance(groups, list) else set()
        return next((role for group, role in self.relation.roles if group in held), None)

    async def _claims(self, token: str) -> dict[str, Any]:
        kid = _kid(token)
        for again in (False, True):
            keys = [key for key in await self._known_keys(again=again) if _fits(key, kid)]
            if keys:
                break
        else:
            raise OidcError("key")
        try:
            read = jwt.decode(token, KeySet.import_key_set({"keys": [dict(key) for key in keys]}), list(ALGORITHMS))
        except (JoseError, ValueError, KeyError, TypeError):
            raise OidcError("signature") from None
        return dict(read.claims)

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        """OpenID Connect Core 3.1.3.7, each point of it that this flow has."""
        own, now = self.relation.client_id, self._clock().timestamp()
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if claims.get("iss") != self.relation.issuer:
            raise OidcError("issuer")
        if not isinstance(audiences, list) or own not in audiences:
            raise OidcError("audience")
        if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != own:
            raise OidcError("party")
        expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
        if expires is None or expires + _CLOCKS_APART <= now:
            raise OidcError("expired")
        if issued is None or abs(now - issued) > _CLOCKS_APART:
            raise OidcError("time")
        given = claims.get("nonce")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
            raise OidcError("nonce")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise OidcError("subject")

    async def _configured(self) -> Mapping[str, Any]:
        now = asyncio.get_running_loop().time()
        if now - self._configured_at > _KEPT_SECONDS:
            found = await self._get(f"{self.relation.issuer.rstrip('/')}/.well-known/openid-configuration")
            # OpenID Connect Discovery, 4.3: to the letter.
            if found.get("issuer") != self.relation.issuer:
                raise OidcError("configuration")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_safe(found.get(name)):
                    raise OidcError("configuration")
            self._configuration, self._configured_at = found, now
        return self._configuration

    async def _known_keys(self, *, again: bool) -> Sequence[Mapping[str, Any]]:
        now = asyncio.get_running_loop().time()
        if now - self._keys_at > (_ASK_AGAIN_SECONDS if again else _KEPT_SECONDS):
            found = (await self._get((await self._configured())["jwks_uri"])).get("keys")
            if not isinstance(found, list):
                raise OidcError("key")
            self._keys, self._keys_at = [key for key in found if isinstance(key, dict)], now
        return self._keys

    async def _get(self, url: object, *, bearer: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return await _asked("GET", url, headers=headers)

    async def _post(self, url: object, form: Mapping[str, str]) -> dict[str, Any]:
        # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
        both = f"{quote(self.relation.client_id, safe='')}:{quote(self.relation.client_secret, safe='')}"
        headers = {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}
        return await _asked("POST", url, headers=headers, data=dict(form))


async def _asked(method: str, url: object, **options: Any) -> dict[str, Any]:
    if not is_safe(url):
        raise OidcError("configuration")
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as client,
            client.request(method, str(url), allow_redirects=False, **options) as answer,
        ):
            content = await answer.content.read(_LONGEST_ANSWER + 1)
            while len(content) <= _LONGEST_ANSWER and (more := await answer.content.read(_LONGEST_ANSWER)):
                content += more
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise OidcError("unreachable") from None
    if status != 200 or len(content) > _LONGEST_ANSWER:
        raise OidcError("refused")
    try:
        found = json.loads(content)
    except ValueError:
        raise OidcError("refused") from None
    if not isinstance(found, dict):
        raise OidcError("refused")
    return found


def is_safe(url: object) -> bool:
    """Whether an address of the issuer may be used: https, or http on loopback."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost"))
    )


def _kid(token: str) -> str | None:
    """The name of the key that a token says it was signed with; what else its header names is not used."""
    try:
        head = token.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, UnicodeError):
        raise OidcError("signature") from None
    if not isinstance(header, dict) or header.get("alg") not in ALGORITHMS:
        raise OidcError("algorithm")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _fits(key: Mapping[str, Any], kid: str | None) -> bool:
    pair = key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"
    return pair and (kid is None or key.get("kid") == kid)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
