"""A text sent to who writes it: by the real way out, with invented values, so that it is seen as a member would see it."""

from __future__ import annotations

import hashlib
from typing import Any

from aiohttp import web

from channels.message import OutboundMessage
from config.filling import TextError
from config.vocabulary import LANGUAGES, Language
from config.wording import SituationText, shipped
from console.door_contract import DoorChecks, OpenDoor
from console.site import Site, Who
from console.text_cells import current_body
from console.words import catalogue
from router.text_preview import preview
from store import audit, trials, users, wordings
from store.wordings import Body


class TextTrials:
    """Sends one text, in one language, to the colleague's own address or to the telephone that the house keeps for tests."""

    def __init__(self, site: Site, checks: DoorChecks) -> None:
        self._site = site
        self._checks = checks

    async def doors(self, who: Who) -> list[OpenDoor]:
        """By which doors it can go to this colleague, and where."""
        async with self._site.store.read() as tx:
            user = await users.by_id(tx, who.viewer.user_id)
        found = []
        # Who signs in with something else than an address has told us none.
        if user is not None and "@" in user.login:
            found.append(OpenDoor("email", "", user.login))
        found += [door for door in self._checks.opened() if door.channel == "sms" and door.recipient]
        return found

    async def send(self, who: Who, situation: str) -> str:
        """Put it into the outbox, from the draft where there is one. Returns where it goes, "" where the text cannot be read."""
        door = next((one for one in await self.doors(who) if one.channel == who.form.get("way", "")), None)
        language = next((one for one in LANGUAGES if one == who.form.get("language", "")), None)
        if door is None or language is None:
            raise web.HTTPNotFound
        async with self._site.store.read() as tx:
            published, draft = (await wordings.in_use(tx)).get(situation), await wordings.draft_of(tx, situation)
        body = draft.body if draft else current_body(situation, published)
        message = self._message(who, door, situation, body, language)
        if message is None:
            return ""
        async with self._site.store.write() as tx:
            outbox_id = await trials.put(tx, message, now=who.now)
            detail = {"situation": situation, "language": language, "channel": door.channel}
            await audit.write(tx, actor=who.actor, act="texts.tried", at=who.now, detail=detail)
        if outbox_id is not None:
            await self._site.desk.wake_delivery(outbox_id)
        return door.recipient

    def _message(
        self, who: Who, door: OpenDoor, situation: str, body: Body, language: Language
    ) -> OutboundMessage | None:
        try:
            told = preview(situation, language, as_text(situation, body, language), door.channel)
        except (TextError, ValueError):
            return None
        mail = door.channel == "email"
        return OutboundMessage(
            key=f"try-{who.viewer.user_id}-{door.channel}-{language}-{_mark(told.text)}",
            channel=door.channel,
            account=self._site.desk.account(language) if mail else door.account,
            recipient=door.recipient,
            recipient_name=who.viewer.name if mail else "",
            subject=f"{catalogue()[who.language]['texts.try.mark']} {told.subject}" if mail else "",
            text=told.text,
            language=language,
            auto=True,
        )


def _mark(text: str) -> str:
    """Tells one text from another: what was changed meanwhile is sent at once."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def as_text(situation: str, body: Body, language: Language) -> SituationText:
    """The words of a body in one language; who signs is not theirs to say. Raises ValueError where something is missing."""
    parts: Any = body.get(language, {})
    return SituationText(
        subject=" ".join(parts.get("subject", "").split()),
        long=parts.get("long", ""),
        short=parts.get("short", ""),
        signature=shipped()[language].situations[situation].signature,
    )
