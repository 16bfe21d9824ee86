"""The house behind the quick entry: what a colleague types in goes through the same intake as everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from channels.form.contract import CaseView, LetterUnavailableError
from channels.form.fields import check, international
from channels.form.submission import Submission
from channels.form.words import sentence
from channels.message import ANSWER_IN, RawMessage
from channels.web import languages
from channels.web.texts import fill, pages
from classifier.classification import Classification, Text
from config.vocabulary import FLAGS, Language
from console.entry_contract import (
    Entry,
    EntryChannel,
    EntryReceipt,
    EntryRefusedError,
    Into,
    LetterNotNowError,
    ReceiptWay,
    Suggestion,
    Wrong,
)
from console.words import ConsoleLanguage, catalogue
from gateway import keys, numbering, sealing
from gateway.classifying import Classifying
from gateway.door import Door
from gateway.entry_receipts import BY_TEXT, RECEIPT, can_text
from gateway.house import House
from router import deadlines
from store import audit, entries, inbox, links, model_uses, quarantine, receipts, references
from store.database import Tx
from store.family import goes_on_as
from store.viewer import Viewer

ACCOUNT: Final = "console"
# More would not change what is suggested, and is read again at every pause of the typing.
_READ: Final = 4_000


@dataclass(frozen=True, slots=True)
class HouseEntries:
    """As console.entry_contract.Entries says. Without a classifier of its process, lists of words suggest."""

    house: House
    door: Door
    classifying: Classifying | None = None

    async def record(
        self,
        viewer: Viewer,
        entry: Entry,
        *,
        client_id: str,
        into: Into | None,
        words_in: ConsoleLanguage,
        now: datetime,
    ) -> None:
        """Store the raw item first, with the reference that is told. Raises EntryRefusedError, StoreUnavailableError."""
        self.door.make_sure_of_room()
        raw = _raw(viewer, entry, _checked(entry, words_in), client_id, into)
        year = deadlines.received_day(entry.received_at).year
        reserved = await numbering.reserved(self.house, year) if into is None else None
        async with self.house.store.write() as tx:
            known = await entries.taken(tx, viewer, client_id, now=now)
            if known.inbox_id is not None:
                return
            if entry.typed_from is not None:
                await self._typed_in(tx, viewer, entry.typed_from, words_in, now)
            if into is not None:
                reference, link = into.reference, b""
                item_id, _ = await inbox.add(tx, raw, now=now)
            else:
                reference = reserved or await references.next_reference(tx, year)
                item_id, link = await self._stored(tx, viewer, raw, client_id, reference, now)
            await entries.recorded(
                tx,
                viewer,
                client_id,
                item_id=item_id,
                reference=reference,
                link=link,
                typed_from=entry.typed_from,
                channel=entry.channel,
                told={"language": entry.language} | ({} if entry.name.strip() else {"nameless": "1"}),
                now=now,
            )
        self.door.metrics.received.labels(entry.channel).inc()
        await self.house.arrivals.put(item_id)

    async def _typed_in(self, tx: Tx, viewer: Viewer, item_id: int, words_in: ConsoleLanguage, now: datetime) -> None:
        if not await quarantine.typed_in(tx, item_id, actor=f"user:{viewer.user_id}", now=now):
            # A colleague replayed it, or typed it in: it would be there twice.
            raise EntryRefusedError((Wrong("item", catalogue()[words_in]["entry.item_gone"]),))

    async def _stored(
        self, tx: Tx, viewer: Viewer, raw: RawMessage, client_id: str, reference: str, now: datetime
    ) -> tuple[int, bytes]:
        """The item, with a link and a code of its receipt as the form gives them. Returns its id and the link, encrypted."""
        token = self.house.randomness.token()
        item_id, _ = await inbox.add(tx, raw, now=now, reserved_reference=reference)
        await links.add(tx, token, now=now, inbox_id=item_id)
        await receipts.add(tx, receipts.code_of(token), item_id, now=now)
        return item_id, sealing.seal(self._key(viewer, client_id), token.encode(), bound_to=reference.encode())

    def _key(self, viewer: Viewer, client_id: str) -> bytes:
        return keys.derived(self.house.secret, f"link of entry {viewer.user_id} {client_id}")

    async def receipt(self, viewer: Viewer, client_id: str, *, wait: bool, now: datetime) -> EntryReceipt | None:
        """The receipt of an entry of theirs."""
        known = await self._known(viewer, client_id, now)
        if known is None:
            return None
        language = cast(Language, known.fields.get("language", "fr"))
        token = self._token(viewer, known)
        view = await self.door.case_view(token, wait=wait) if token else None
        if view is None:
            # Added to a case that exists: nothing is promised anew.
            said = (_said(language, "added", number=_number(known.reference)),)
            return EntryReceipt(known.reference, language, deadlines.received_day(now), None, said, added=True)
        closed = await self._is_closed_to(viewer, known)
        # Until the words are read, the language is the one of the page.
        language = view.language if view.situation else language
        return EntryReceipt(
            reference=view.reference,
            language=language,
            received_on=view.received_on,
            due_on=view.due_on,
            spoken=_spoken(view, language, nameless="nameless" in known.fields),
            # Who has the code reads the case as its member does, whatever is written in it later. Until the words are read,
            # nobody knows whether they will be sealed.
            code="" if closed is None or closed else view.receipt_code,
            sent_to=view.mail_sent_to,
            has_letter=view.has_letter,
            being_read=view.situation is None,
            closed=bool(closed),
            printed_at=known.printed_at,
        )

    async def slip_printed(self, viewer: Viewer, client_id: str, *, now: datetime) -> bool:
        """What was added to a case that exists has no slip."""
        known = await self._known(viewer, client_id, now)
        if known is None or not known.link:
            return False
        async with self.house.store.write() as tx:
            await entries.slip_printed(tx, viewer, client_id, now=now)
        return True

    async def _is_closed_to(self, viewer: Viewer, known: entries.Entry) -> bool | None:
        """Whether the entry became a sealed case that this colleague may not read (rule S2); None while it is no case yet."""
        if viewer.medical:
            return False
        async with self.house.store.read() as tx:
            _, case_id = await inbox.outcome(tx, known.inbox_id or 0)
            return (await goes_on_as(tx, case_id)).sealed if case_id is not None else None

    async def _known(self, viewer: Viewer, client_id: str, now: datetime) -> entries.Entry | None:
        async with self.house.store.read() as tx:
            known = await entries.of(tx, viewer, client_id)
        if known is None or known.inbox_id is None:
            return None
        return known if now - known.updated_at <= entries.RECEIPT_LIFE else None

    def _token(self, viewer: Viewer, known: entries.Entry) -> str:
        if not known.link:
            return ""
        key = self._key(viewer, known.client_id)
        return (sealing.unseal(key, known.link, bound_to=known.reference.encode()) or b"").decode()

    async def letter(self, viewer: Viewer, client_id: str, *, now: datetime) -> bytes | None:
        """The letter of a case that this colleague has just recorded: the member signs it while they stand there."""
        known = await self._known(viewer, client_id, now)
        token = self._token(viewer, known) if known else ""
        if known is None or not token:
            return None
        closed = await self._is_closed_to(viewer, known)
        try:
            made = await self.door.letter(token, by_hand=closed is None or closed)
        except LetterUnavailableError:
            raise LetterNotNowError from None
        if made is not None:
            await self._note_letter(viewer, known, now)
        return made

    async def _note_letter(self, viewer: Viewer, known: entries.Entry, now: datetime) -> None:
        """Who fetched it, as for one that is fetched from the page of its case."""
        async with self.house.store.write() as tx:
            _, case_id = await inbox.outcome(tx, known.inbox_id or 0)
            if case_id is not None:
                actor, detail = f"user:{viewer.user_id}", {"what": "letter"}
                await audit.write(tx, actor=actor, act="case.printed", at=now, case_id=case_id, detail=detail)

    def receipts(self) -> tuple[ReceiptWay, ...]:
        """On paper and by mail always, as a text message where some are sent."""
        return ("print", "email", "sms") if can_text(self.house) else ("print", "email")

    def unfinished_life(self) -> timedelta:
        """As the settings say."""
        return timedelta(hours=self.house.settings.entry_hours)

    def telephone(self, typed: str) -> str:
        """In E.164."""
        return international(typed) or ""

    async def suggest(self, text: str, language: Language, channel: EntryChannel, name: str) -> Suggestion:
        """By the model that reads the messages, where it is loaded; else by lists of words."""
        text = text[:_READ]
        if self.classifying is not None:
            async with self.house.store.read() as tx:
                # Where no worker runs in this process, the model begins to load with the first words that are typed.
                self.classifying.follow(await model_uses.in_use(tx))
            if self.classifying.ready:
                asked = Text(channel=channel, text=text, from_name=name, language_hint=language)
                (found,) = await self.classifying.classify([asked])
                return _suggested(found)
        seen = await self.door.notice(text, language)
        noticed = {"urgent": seen.distress, "doctor": seen.medical_adviser}
        flags = tuple(flag for flag in FLAGS if noticed.get(flag))
        return Suggestion(None, seen.department or None, flags, None, frozenset(), read_by_model=False)


def _raw(viewer: Viewer, entry: Entry, submission: Submission, client_id: str, into: Into | None) -> RawMessage:
    envelope = {"author": f"user:{viewer.user_id}", RECEIPT: entry.receipt}
    if entry.typed_from is not None:
        envelope[quarantine.TYPED_FROM] = str(entry.typed_from)
    if entry.language_chosen:
        envelope[ANSWER_IN] = entry.language
    return RawMessage(
        channel=entry.channel,
        account=ACCOUNT,
        external_id=f"{viewer.user_id}-{client_id}",
        body=submission.to_bytes(),
        received_at=entry.received_at,
        envelope=envelope | ({"case_id": str(into.case_id)} if into else {}),
    )


def _checked(entry: Entry, words_in: ConsoleLanguage) -> Submission:
    values = {
        "text": entry.text,
        "name": entry.name,
        "email": entry.email,
        "phone": entry.phone,
        "post": entry.post,
        "member_number": entry.member_number,
    }
    submission, troubles = check(values, entry.files, language=entry.language)
    wrong = [Wrong(trouble.field, sentence(trouble, words_in)) for trouble in troubles]
    if entry.receipt == BY_TEXT and not international(entry.phone) and not any(one.field == "phone" for one in wrong):
        wrong.append(Wrong("phone", pages()[words_in]["trouble.phone"]))
    if entry.receipt == "email" and not submission.email and not any(one.field == "email" for one in wrong):
        wrong.append(Wrong("email", pages()[words_in]["trouble.email"]))
    if wrong:
        raise EntryRefusedError(tuple(wrong))
    return submission


def _suggested(found: Classification) -> Suggestion:
    answered = ("kind", "department", *FLAGS)
    return Suggestion(
        kind=found.kind,
        department=found.department or next((name for name, chance in found.departments[:1] if chance >= 0.2), None),
        flags=tuple(flag for flag in FLAGS if found.flags.get(flag) and flag != "anonymous"),
        language=found.language,
        sure=frozenset(question for question in answered if question not in found.abstained),
        read_by_model=found.model != "none",
    )


def _spoken(view: CaseView, language: Language, *, nameless: bool) -> tuple[str, ...]:
    """What is read aloud: that it is registered, the number, the date, and what else this member has to know at once."""
    said = [_said(language, "registered", number=_number(view.reference))]
    if view.situation == "urgent":
        said.insert(0, _said(language, "urgent"))
    if view.situation == "medical":
        said.append(_said(language, "medical"))
    elif view.situation == "off_scope" and view.other_body:
        said.append(_said(language, "other_body", body=view.other_body, contact=view.other_body_contact))
    elif view.due_on:
        said.append(_said(language, "due", date=languages.long_date(view.due_on, language)))
    elif view.situation is not None:
        said.append(_said(language, "no_date"))
    if nameless:
        said.append(_said(language, "anonymous"))
    if view.situation == "mediation":
        said.append(_said(language, "courts"))
    return tuple(said)


def _said(language: Language, key: str, **values: str) -> str:
    return fill(pages()[language][f"spoken.{key}"], values)


def _number(reference: str) -> str:
    """A reference as it is read aloud: its groups without the letters, which never differ."""
    return languages.spoken(reference).partition(", ")[2]
