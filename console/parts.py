"""What the console stands on: the parts of the house that it speaks to, and how it is set up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from channels.viruses import NoScanner, Scanner
from channels.web.address import networks
from channels.web.cookies import Cookie
from channels.web.limits import Limiter
from console.access_contract import AccessHouse
from console.contract import Desk
from console.door_contract import DoorChecks
from console.entry_contract import Entries
from console.oidc import Relation
from console.pages import ConsolePages
from console.passkeys import Passkeys
from console.reach_contract import Reach
from console.rules_contract import RuleHouse
from console.second_step import SecondStep
from console.site import Site
from console.talk_contract import Talks
from console.training_contract import Trainer
from store.database import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`secret` signs the token of the sign-in form; `earlier_secrets`, the newest first, still open what they sealed. `saturdays`
    says whether they are working days, `scanner` looks into files before they are given. With `require_second_step` nobody is
    in without one. `oidc`: the issuer with whose accounts colleagues may sign in, too. `clock` gives an aware moment."""

    store: Store
    desk: Desk
    talks: Talks
    reach: Reach
    entries: Entries
    rules: RuleHouse
    trainer: Trainer
    checks: DoorChecks
    access: AccessHouse
    limiter: Limiter
    clock: Callable[[], datetime]
    base_url: str
    secret: bytes
    trusted_proxies: tuple[str, ...] = ()
    saturdays: bool = False
    scanner: Scanner = field(default_factory=NoScanner)
    earlier_secrets: Sequence[bytes] = ()
    require_second_step: bool = False
    oidc: Relation | None = None

    def site(self) -> Site:
        """What handlers need of them. Raises ValueError for a secret under 16 bytes."""
        if len(self.secret) < 16:
            raise ValueError("the secret of the console must have at least 16 bytes")
        secure = urlsplit(self.base_url).scheme == "https"
        return Site(
            store=self.store,
            desk=self.desk,
            talks=self.talks,
            reach=self.reach,
            limiter=self.limiter,
            base_url=self.base_url.rstrip("/"),
            secret=self.secret,
            trusted=networks(self.trusted_proxies),
            pages=ConsolePages(saturdays=self.saturdays),
            session_cookie=Cookie("console", secure),
            visit_cookie=Cookie("console-visit", secure),
            language_cookie=Cookie("console-language", secure),
            account_cookie=Cookie("console-account", secure),
            clock=self.clock,
            saturdays=self.saturdays,
            scanner=self.scanner,
            second_step=SecondStep((self.secret, *self.earlier_secrets)),
            passkeys=Passkeys(self.base_url, "Guichet"),
            second_step_required=self.require_second_step,
            account_name=self.oidc.name if self.oidc else "",
        )
