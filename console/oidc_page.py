"""Signing in with an account elsewhere: the way to the issuer, and back from it."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Final

import structlog
from aiohttp import web

from console.oidc import Asked, OidcError, Provider, Somebody
from console.paths import next_path
from console.site import Site
from console.steps import Steps
from store import identities, sign_ins, users

_BACK: Final = "/console/sign-in/account/back"
# As long as somebody may take at the issuer's page.
_MOST_SECONDS: Final = 600
_log = structlog.get_logger(__name__)


class OidcPage:
    """Handlers of `/console/sign-in/account` and its way back. Without an issuer there is nothing here."""

    def __init__(self, site: Site, steps: Steps, provider: Provider | None) -> None:
        self._site = site
        self._steps = steps
        self._provider = provider

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Send the browser to the issuer. What was asked goes with it in a sealed cookie: the answer must match (S7)."""
        provider, asked = self._known(), Asked.new()
        try:
            address = await provider.address(asked, self._back)
        except OidcError as error:
            return self._refused(error)
        now = self._site.clock().timestamp()
        kept = [asked.state, asked.nonce, asked.verifier, next_path(request.query.get("next", "")), now]
        answer = web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
        sealed = self._site.second_step.seal(json.dumps(kept).encode(), _BACK)
        self._site.account_cookie.set(answer, base64.urlsafe_b64encode(sealed).decode())
        return answer

    async def back(self, request: web.Request) -> web.StreamResponse:
        """Take what the issuer sends: who they are, their role of today, and a new session."""
        site, provider = self._site, self._known()
        try:
            asked, target = self._asked(request)
            code = request.query.get("code", "")
            if not code:
                raise OidcError("denied")
            somebody = await provider.somebody(code, asked, self._back)
            answer = await self._enter(request, somebody, target)
        except OidcError as error:
            answer = self._refused(error)
        site.account_cookie.forget(answer)
        return answer

    async def _enter(self, request: web.Request, somebody: Somebody, target: str) -> web.Response:
        site, now = self._site, self._site.clock()
        async with site.store.write() as tx:
            user = await identities.user_of(tx, somebody.issuer, somebody.subject)
            if user is None and somebody.role is not None:
                user = await identities.add(
                    tx,
                    somebody.issuer,
                    somebody.subject,
                    name=somebody.name,
                    email=somebody.email,
                    role=somebody.role,
                    now=now,
                )
            if user is not None and not user.disabled:
                user = await identities.take_role(tx, user, somebody.role, now=now)
            if user is not None and not user.disabled:
                if before := site.session_cookie.read(request):
                    await users.end_session(tx, before, now=now)
                waits, _ = await sign_ins.waits_since_last(tx, user.id)
                target = "/console/?guessed" if waits else target
                return await self._steps.begin(tx, request, user, target=target, now=now, by_account=True)
        # Outside the transaction: that their sessions ended must stay.
        raise OidcError("no_role" if user is None else "disabled")

    def _asked(self, request: web.Request) -> tuple[Asked, str]:
        """What this browser asked, when this is the answer to it. Raises OidcError."""
        try:
            sealed = base64.urlsafe_b64decode(self._site.account_cookie.read(request).encode("ascii", "replace"))
        except ValueError:
            raise OidcError("state") from None
        opened = self._site.second_step.open(sealed, _BACK)
        if opened is None:
            raise OidcError("state")
        state, nonce, verifier, target, at = json.loads(opened)
        given = request.query.get("state", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), state.encode()):
            raise OidcError("state")
        # RFC 9207: an answer of another issuer is not one to our question.
        if request.query.get("iss", self._known().relation.issuer) != self._known().relation.issuer:
            raise OidcError("issuer")
        if abs(self._site.clock().timestamp() - at) > _MOST_SECONDS:
            raise OidcError("state")
        return Asked(state, nonce, verifier), next_path(target)

    def _refused(self, error: OidcError) -> web.Response:
        reason = str(error)
        _log.warning("sign_in_by_account_refused", reason=reason)
        word = reason if reason in ("no_role", "disabled", "denied", "unreachable") else "other"
        return self._site.see_other(f"/console/sign-in?account={word}")

    @property
    def _back(self) -> str:
        return f"{self._site.base_url}{_BACK}"

    def _known(self) -> Provider:
        if self._provider is None:
            raise web.HTTPNotFound
        return self._provider
