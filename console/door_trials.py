"""Trying a door out: a message of ours goes the whole way where somebody of ours takes it, and the house looks if it works."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from channels.message import OutboundMessage
from console.door_contract import DoorChecks, OpenDoor
from console.door_state import MAILBOX, by_name, check_name
from console.site import Handler, Site, Who
from console.words import Words, catalogue
from store import audit, conversations, doors, operations, trials
from store.database import Tx
from store.doors import Entrance
from store.operations import Beat


class Trials:
    """Handler of `/console/channels/test`."""

    def __init__(self, site: Site, checks: DoorChecks) -> None:
        self._site = site
        self._checks = checks

    async def try_out(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Try one door: a mailbox writes to itself, any other door is looked at and, where we have a telephone or a chat of our
        own for it, written to."""
        del request
        channel, account = who.form.get("channel", "email"), who.form.get("account", "")
        async with self._site.store.read() as tx:
            mailboxes = mailboxes_of(await doors.entrances(tx, now=who.now), by_name(await operations.beats(tx)))
        if channel == "email" and account in mailboxes:
            await self._send(who, OpenDoor("email", account, account))
            return self._back(account)
        door = next((one for one in self._checks.opened() if (one.channel, one.account) == (channel, account)), None)
        if door is None:
            raise web.HTTPNotFound
        found = await self._checks.check(door)
        async with self._site.store.write() as tx:
            await operations.beat(tx, check_name(door.channel, door.account), found, {}, now=who.now)
        await self._send(who, door)
        return self._back(account)

    async def _send(self, who: Who, door: OpenDoor) -> None:
        """Put the message into the outbox, from where every message goes; and record that the door was tried."""
        words = catalogue()[who.language]
        async with self._site.store.write() as tx:
            outbox_id = None
            if door.recipient:
                message = await _message(tx, door, words)
                outbox_id = await trials.put(tx, message, now=who.now)
            detail = {"channel": door.channel, "account": door.account}
            await audit.write(tx, actor=who.actor, act="channel.tried", at=who.now, detail=detail)
        if outbox_id is not None:
            await self._site.desk.wake_delivery(outbox_id)

    def _back(self, account: str) -> web.Response:
        return self._site.see_other(f"/console/channels?{urlencode({'tried': account})}")


def routes(site: Site, checks: DoorChecks) -> list[tuple[str, str, str, Handler, Any]]:
    """The page of this file: method, path, name, handler, right."""
    return [("POST", "/console/channels/test", "channels-test", Trials(site, checks).try_out, "supervises")]


def mailboxes_of(entrances: Sequence[Entrance], beats: Mapping[str, Beat]) -> list[str]:
    """The addresses that get mail: those that are watched, and those that mail ever came to."""
    watched = {name.removeprefix(MAILBOX) for name in beats if name.startswith(MAILBOX)}
    # While a mailbox is owned, there is a sign of its lease beside it, under a number.
    named = {name for name in watched if "@" in name}
    return sorted(named | {entrance.account for entrance in entrances if entrance.channel == "email"})


def trial_key(channel: str, account: str) -> str:
    """How the keys of test messages by a door begin."""
    named = account if channel == "email" else f"{channel}:{account}"
    return f"test-{hashlib.sha256(named.encode('utf-8', 'replace')).hexdigest()[:16]}-"


async def _message(tx: Tx, door: OpenDoor, words: Words) -> OutboundMessage:
    mail = door.channel == "email"
    # WhatsApp takes free text only for a day after our own telephone wrote.
    talk = None if mail else await conversations.latest(tx, door.channel, door.account, door.recipient)
    return OutboundMessage(
        key=trial_key(door.channel, door.account).removesuffix("-"),
        channel=door.channel,
        account=door.account,
        recipient=door.recipient,
        recipient_name="",
        subject=words["doors.trial.subject"] if mail else "",
        text=words["doors.trial.text"] if mail else words["doors.trial.short"],
        language=words.language,
        auto=True,
        heard_at=talk.heard_at if talk else None,
    )
