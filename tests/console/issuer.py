"""An OpenID Connect issuer made for tests: it does one thing wrong at a time, as it is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "guichet", "a secret between the two"


@dataclass
class Issuer:
    """The issuer. `claims` are laid over those of its ID token (None takes one away), `header` over its header."""

    clock: Callable[[], datetime]
    port: int = field(default_factory=unused_port)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    signs_with: Any = None
    token: str = ""
    status: int = 200
    # What the last browser was sent with, and what was asked for its code.
    asked: dict[str, str] = field(default_factory=dict)
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.other = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.curve = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
        self.published: list[Any] = [self.key, self.curve]
        self._server: TestServer | None = None

    @property
    def name(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Answer."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        self._server = TestServer(app, port=self.port)
        await self._server.start_server()

    async def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            await self._server.close()

    def sent(self, location: str) -> str:
        """Take the browser that was sent here, and send it back: the query of the way back."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        return f"code=a-code&state={self.asked['state']}"

    async def _configuration(self, request: web.Request) -> web.Response:
        own = {
            "issuer": self.name,
            "authorization_endpoint": f"{self.name}/authorize",
            "token_endpoint": f"{self.name}/token",
            "jwks_uri": f"{self.name}/keys",
        }
        return web.json_response({**own, **self.configuration})

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response(KeySet(self.published).as_dict(private=False))

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        basic = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        self.exchanged.append({**form, "basic": basic})
        return web.json_response(
            {"access_token": "access", "id_token": self.token or self.signed()}, status=self.status
        )

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer access"
        return web.json_response(self.userinfo)

    def signed(self) -> str:
        """The ID token."""
        now = int(self.clock().timestamp())
        own: dict[str, Any] = {
            "iss": self.name,
            "sub": "248289761001",
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked["nonce"],
            "name": "Els Maes",
            "email": "els@example.org",
            "email_verified": True,
            "groups": ["everybody", "mediation"],
        }
        claims = {name: value for name, value in {**own, **self.claims}.items() if value is not None}
        header = {
            name: value for name, value in {"alg": "RS256", "kid": "one", **self.header}.items() if value is not None
        }
        algorithms = [header["alg"]]
        return jwt.encode(header, claims, self.signs_with or self.key, algorithms=algorithms)

    def unsigned(self) -> str:
        """The same with the algorithm "none"."""
        parts = self.signed().split(".")
        head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
        return f"{head}.{parts[1]}."

    def by_hmac(self) -> str:
        """Signed with what everybody knows: the public key, and with what we share, our secret."""
        self.header = {"alg": "HS256"}
        return jwt.encode(
            {"alg": "HS256", "kid": "one"}, self._read(), OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"]
        )

    def _read(self) -> dict[str, Any]:
        self.header = {}
        body = self.signed().split(".")[1]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return found
