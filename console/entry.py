"""The quick entry: what somebody says at the counter, on the telephone or in a letter, written down while they speak."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final, get_args

from aiohttp import web

from channels.message import Sender
from channels.reference import parse_reference
from channels.web import languages, texts
from channels.web.cookies import Cookie
from channels.web.languages import BRUSSELS
from config.directory import directory
from config.vocabulary import LANGUAGES, Language
from console.days import day_of
from console.entry_contract import (
    Entries,
    Entry,
    EntryChannel,
    EntryReceipt,
    EntryRefusedError,
    Into,
    LetterNotNowError,
    Wrong,
)
from console.quarantine import raw_text
from console.site import Site, Who
from console.words import catalogue
from router import deadlines
from store import earlier, entries, quarantine, views
from store.database import Tx
from store.quarantine import Kept

CHANNELS: Final[tuple[EntryChannel, ...]] = get_args(EntryChannel)
# What is kept of an entry that is not recorded yet; files are chosen when it is.
_FIELDS: Final = (
    *("channel", "text", "name", "email", "phone", "post", "member_number"),
    *("language", "language_chosen", "receipt", "arrived_on", "item"),
)
_LONGEST: Final = 20_000
# A letter that lay longer somewhere is still taken; an earlier date is a slip of the hand.
_OLDEST_LETTER: Final = timedelta(days=120)
# With fewer signs there is nothing to suggest yet.
_ENOUGH: Final = 12
_LONGEST_ID: Final = 15


class QuickEntry:
    """Handlers of `/console/new` and of one entry below `/console/entry/`."""

    def __init__(self, site: Site, house: Entries) -> None:
        self._site = site
        self._house = house
        # Which channel a workplace is for is remembered in its browser.
        self._workplace = Cookie("console-workplace", site.session_cookie.secure)

    async def new(self, request: web.Request, who: Who) -> web.StreamResponse:
        """An empty entry."""
        channel = self._workplace.read(request)
        fields = {
            "channel": channel if channel in CHANNELS else "counter",
            "language": who.language,
            "receipt": "print",
        }
        if (item := await self._item(who, request.query.get("item", ""))) is not None:
            fields |= {"item": str(item.id), "channel": "letter"}
        return await self._draw(who, secrets.token_urlsafe(16), fields, done=request.query.get("done", ""))

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The receipt of what was recorded, or the entry to go on with."""
        client = request.match_info["client"]
        receipt = await self._house.receipt(who.viewer, client, wait=True, now=who.now)
        if receipt is not None:
            return await self._site.page(
                "entry_done.html",
                who,
                here="new",
                client=client,
                receipt=receipt,
                office=directory().office,
                slip=self._slip(receipt),
            )
        async with self._site.store.read() as tx:
            kept = await entries.of(tx, who.viewer, client)
        if kept is None or kept.inbox_id is not None or kept.updated_at <= who.now - self._house.unfinished_life():
            raise web.HTTPNotFound
        return await self._draw(who, client, kept.fields)

    async def record(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Record the entry, add it to a case, keep it for later, or let it go."""
        client, how = request.match_info["client"], who.form.get("how", "")
        fields = _fields(who.form)
        if how in ("keep", "drop"):
            async with self._site.store.write() as tx:
                if how == "keep":
                    await entries.keep(tx, who.viewer, client, fields, now=who.now)
                else:
                    await entries.discard(tx, who.viewer, client)
            return self._site.see_other(f"/console/new?done={how}")
        try:
            into = await self._into(who)
            entry = await self._entry(who, fields)
            await self._house.record(who.viewer, entry, client_id=client, into=into, words_in=who.language, now=who.now)
        except EntryRefusedError as error:
            return await self._draw(who, client, fields, wrong=error.wrong, status=422)
        answer = self._site.see_other(f"/console/entry/{client}")
        self._workplace.set(answer, entry.channel)
        return answer

    async def typed(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep what was typed so far, and say what it seems to be and which cases this member has."""
        client, fields = request.match_info["client"], _fields(who.form)
        async with self._site.store.write() as tx:
            await entries.keep(tx, who.viewer, client, fields, now=who.now)
        async with self._site.store.read() as tx:
            cases = await self._earlier(tx, who, fields)
        suggestion = None
        if len(fields["text"].strip()) >= _ENOUGH:
            suggestion = await self._house.suggest(
                fields["text"], _language(fields), _channel(fields), fields["name"].strip()
            )
        text = self._site.pages.draw(
            "entry_seems.html",
            who.language,
            who.now,
            suggestion=suggestion,
            cases=cases,
            saved=True,
            unfinished_life=self._house.unfinished_life(),
        )
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def printed(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Note that the slip was printed; the page that does it by itself stays where it is."""
        client = request.match_info["client"]
        if not await self._house.slip_printed(who.viewer, client, now=who.now):
            raise web.HTTPNotFound
        if "quiet" in who.form:
            return web.Response(status=204, headers={"Cache-Control": "no-store"})
        return self._site.see_other(f"/console/entry/{client}")

    async def letter(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The letter to the coordinating doctor, to be signed at the counter."""
        client = request.match_info["client"]
        try:
            pdf = await self._house.letter(who.viewer, client, now=who.now)
        except LetterNotNowError:
            return await self._site.page("entry_no_letter.html", who, status=503, here="new", client=client)
        if pdf is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="letter.pdf"'}
        return web.Response(body=pdf, content_type="application/pdf", headers=headers)

    def _slip(self, receipt: EntryReceipt) -> dict[str, str]:
        """The words of the slip, in the member's language."""
        words = texts.pages()[receipt.language]
        values = {"site": self._site.base_url.partition("://")[2], "phone": directory().office.phone}
        names = ("title", "reference", "received", "due", "code", "find", "call")
        said = {name: texts.fill(words[f"slip.{name}"], values) for name in names}
        said["received_on"] = languages.long_date(receipt.received_on, receipt.language)
        said["due_on"] = languages.long_date(receipt.due_on, receipt.language) if receipt.due_on else ""
        return said

    async def _into(self, who: Who) -> Into | None:
        """The case that the entry is to be added to, when this person may open it (rule S1)."""
        wanted = who.form.get("add", "")
        if not wanted:
            return None
        reference = parse_reference(wanted)
        async with self._site.store.read() as tx:
            row = await views.case_by_reference(tx, who.viewer, reference) if reference else None
        if row is None or row.locked:
            raise EntryRefusedError((Wrong("add", catalogue()[who.language]["entry.no_such_case"]),))
        return Into(row.id, row.reference)

    async def _entry(self, who: Who, fields: Mapping[str, str]) -> Entry:
        """The entry as it was typed. Raises EntryRefusedError for a date that cannot be, and for too many or large files."""
        words, channel = catalogue()[who.language], _channel(fields)
        if who.sent.stopped:
            raise EntryRefusedError((Wrong("files", words["entry.files_large"]),))
        received_at = who.now
        item = await self._item(who, fields["item"])
        if item is not None:
            received_at = item.received_at
        elif fields["item"]:
            raise EntryRefusedError((Wrong("item", words["entry.item_gone"]),))
        elif channel == "letter":
            day = day_of(fields["arrived_on"])
            today = deadlines.received_day(who.now)
            if day is None or not today - _OLDEST_LETTER <= day <= today:
                raise EntryRefusedError((Wrong("arrived_on", words["entry.wrong_day"]),))
            # Of a day only is said, its noon: the clocks count days.
            received_at = min(who.now, datetime.combine(day, time(12), BRUSSELS))
        return Entry(
            channel=channel,
            text=fields["text"],
            language=_language(fields),
            # The language of the page is only where a page begins; another one was chosen, with or without a script.
            language_chosen=bool(fields["language_chosen"]) or fields["language"] != who.language,
            received_at=received_at,
            name=fields["name"],
            email=fields["email"],
            phone=fields["phone"],
            post=fields["post"],
            member_number=fields["member_number"],
            receipt=next((way for way in self._house.receipts() if way == fields["receipt"]), "print"),
            files=who.sent.files,
            typed_from=item.id if item else None,
        )

    async def _item(self, who: Who, number: str) -> Kept | None:
        """The item in quarantine that is typed in, for who may read what nobody has classified."""
        if not (who.may("supervises") and who.viewer.medical and number.isdecimal() and len(number) <= _LONGEST_ID):
            return None
        async with self._site.store.read() as tx:
            return await quarantine.one(tx, int(number))

    async def _draw(
        self,
        who: Who,
        client: str,
        fields: Mapping[str, str],
        *,
        wrong: Sequence[Wrong] = (),
        done: str = "",
        status: int = 200,
    ) -> web.Response:
        async with self._site.store.read() as tx:
            kept = await entries.unfinished(tx, who.viewer, since=who.now - self._house.unfinished_life())
            cases = await self._earlier(tx, who, _fields(fields))
        item = await self._item(who, fields.get("item", ""))
        raw = await raw_text(self._site, who, item) if item else ""
        return await self._site.page(
            "entry.html",
            who,
            status=status,
            here="new",
            client=client,
            fields=_fields(fields),
            wrong={one.field: one.sentence for one in wrong},
            unfinished=[one for one in kept if one.client_id != client],
            unfinished_life=self._house.unfinished_life(),
            cases=cases,
            suggestion=None,
            saved=False,
            item=item,
            raw=raw,
            done=done if done in ("keep", "drop") else "",
            channels=CHANNELS,
            receipts=self._house.receipts(),
            member_languages=LANGUAGES,
            today=deadlines.received_day(who.now),
        )

    async def _earlier(self, tx: Tx, who: Who, fields: Mapping[str, str]) -> list[earlier.Earlier]:
        senders = [Sender("email", fields["email"])] if "@" in fields["email"] else []
        if number := self._house.telephone(fields["phone"]):
            senders.append(Sender("phone", number))
        number = fields["member_number"].strip()
        return await earlier.of_member(tx, who.viewer, senders, member_number=number, name=fields["name"])


def _fields(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form.get(name, "")[:_LONGEST] for name in _FIELDS}


def _channel(fields: Mapping[str, str]) -> EntryChannel:
    return next((channel for channel in CHANNELS if channel == fields["channel"]), "counter")


def _language(fields: Mapping[str, str]) -> Language:
    return next((language for language in LANGUAGES if language == fields["language"]), "fr")
