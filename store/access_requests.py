"""Requests for access (GDPR, article 15): begun, prepared, handed to a second reader, approved, fetched.

Every step is one conditional update on state and version, so of two who press at once one is told. What was approved is
bytes under their hash: a change begins a new draft, which wants a new second reader (rules E4, S10).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import select, update

from store import audit, texts
from store.database import Tx
from store.family import family, goes_on_as, open_to
from store.links import LIFE
from store.schema import access_hands, access_requests, cases, users
from store.sql import insert_or_leave, new_id
from store.viewer import Viewer

# How the house knows that who asks is the person: they wrote from the address on file or on the page of their case; a paper
# was seen; somebody called back on the number on file (GDPR, article 12(6)).
Identity = Literal["address", "paper", "called"]
IDENTITIES: Final[tuple[Identity, ...]] = ("address", "paper", "called")
# "ended": nobody answers it any more, for a reason: the member took it back, or it was begun by mistake.
State = Literal["draft", "reading", "approved", "ended"]
OVER: Final[tuple[State, ...]] = ("approved", "ended")
NAME: Final = texts.Place("access_requests", "name")
COMMENT: Final = texts.Place("access_requests", "comment")
BODY: Final = texts.Place("access_requests", "body")
ARCHIVE: Final = texts.Place("access_requests", "archive")


class StaleRequestError(Exception):
    """Somebody else has changed the answer, or brought it further, since the form was made."""


class SameReaderError(Exception):
    """Who has prepared something of an answer is not its second reader."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without what is in the answer. `case_id` is the case on which it was asked and on which it is fetched."""

    id: int
    case_id: int
    reference: str
    language: str
    person_id: int
    contact_id: int | None
    name: str
    identity: str
    asked_on: date
    due_on: date
    state: State
    version: int
    begun_by: str
    begun_at: datetime
    sent_by: str
    sent_at: datetime | None
    comment: str
    body_hash: str
    approved_by: str
    approved_at: datetime | None
    archive_hash: str
    fetched_at: datetime | None
    fetched: int


_BEGUN, _SENT, _APPROVED = users.alias("begun"), users.alias("sent"), users.alias("approved")
_COLUMNS: Final = [
    column
    for column in access_requests.c
    if column.name not in ("body", "archive", "begun_by", "sent_by", "approved_by")
]


def _query() -> Any:
    return (
        select(
            *_COLUMNS,
            cases.c.reference,
            cases.c.language,
            cases.c.merged_into,
            _BEGUN.c.name.label("begun_by"),
            _SENT.c.name.label("sent_by"),
            _APPROVED.c.name.label("approved_by"),
        )
        .join(cases, cases.c.id == access_requests.c.case_id)
        .outerjoin(_BEGUN, _BEGUN.c.id == access_requests.c.begun_by)
        .outerjoin(_SENT, _SENT.c.id == access_requests.c.sent_by)
        .outerjoin(_APPROVED, _APPROVED.c.id == access_requests.c.approved_by)
    )


def _request(row: Any) -> Request:
    values = {name: getattr(row, name) for name in Request.__slots__ if name not in ("name", "comment")}
    values |= {name: values[name] or "" for name in ("begun_by", "sent_by", "approved_by")}
    return Request(**values, name=texts.read(row.name, NAME), comment=texts.read(row.comment, COMMENT))


async def begin(
    tx: Tx,
    viewer: Viewer,
    case_id: int,
    person_id: int,
    *,
    name: str,
    identity: str,
    days: tuple[date, date],
    now: datetime,
) -> int:
    """Begin an answer on a case that this viewer has opened; `days` are the day on which it was asked and the one on which
    it is due."""
    request_id = await new_id(
        tx,
        access_requests,
        case_id=case_id,
        person_id=person_id,
        contact_id=None,
        name=texts.keep(name, NAME),
        identity=identity,
        asked_on=days[0],
        due_on=days[1],
        state="draft",
        version=1,
        begun_by=viewer.user_id,
        begun_at=now,
        sent_by=None,
        comment=texts.keep("", COMMENT),
        body=texts.keep_bytes(b"", BODY),
        body_hash="",
        approved_by=None,
        archive=texts.keep_bytes(b"", ARCHIVE),
        archive_hash="",
        fetched=0,
    )
    await _hand(tx, request_id, viewer)
    await _note(tx, viewer, case_id, "access.begun", now, {"request": request_id, "due": f"{days[1]}", "by": identity})
    return request_id


async def of_id(tx: Tx, viewer: Viewer, request_id: int) -> Request | None:
    """One request, where this viewer may open the case on which it was asked."""
    row = (await tx.conn.execute(_query().where(access_requests.c.id == request_id, viewer.may_see()))).one_or_none()
    return _request(row) if row else None


async def listed(tx: Tx, viewer: Viewer, *, limit: int = 200) -> list[Request]:
    """Those that this viewer may open: first what is to be done, the earliest due first, then what is over."""
    open_first = access_requests.c.state.in_(OVER)
    order = (open_first, access_requests.c.due_on, access_requests.c.id)
    rows = (await tx.conn.execute(_query().where(viewer.may_see()).order_by(*order).limit(limit))).all()
    return [_request(row) for row in rows if row.merged_into is None or await _goes_on_for(tx, viewer, row.case_id)]


async def of_case(tx: Tx, viewer: Viewer, case_id: int) -> list[Request]:
    """The requests that were asked on a case and on what was merged into it, the latest first."""
    query = _query().where(access_requests.c.case_id.in_(family(case_id)), open_to(viewer, case_id))
    return [_request(row) for row in await tx.conn.execute(query.order_by(access_requests.c.id.desc()))]


async def open_of(tx: Tx, viewer: Viewer, person_id: int, case_id: int) -> Request | None:
    """The request on a case that is not answered yet: a second one would be the same answer twice."""
    mine = [one for one in await of_case(tx, viewer, case_id) if one.person_id == person_id]
    return next((one for one in mine if one.state not in OVER), None)


async def body_of(tx: Tx, viewer: Viewer, request: Request) -> bytes:
    """What was handed to the second reader. The caller has made sure that this viewer may read every case in it."""
    query = select(access_requests.c.body).join(cases, cases.c.id == access_requests.c.case_id)
    found = (await tx.conn.execute(query.where(access_requests.c.id == request.id, viewer.may_see()))).scalar_one()
    return texts.read_bytes(found, BODY)


async def changed(tx: Tx, viewer: Viewer, request: Request, *, version: int, now: datetime) -> None:
    """Something of the answer was prepared: it is a draft (again), and this person is none of its readers.

    What had been approved can no longer be fetched. Raises StaleRequestError.
    """
    nothing = {"body": texts.keep_bytes(b"", BODY), "archive": texts.keep_bytes(b"", ARCHIVE)}
    no_hash = {"body_hash": "", "archive_hash": ""}
    await _step(
        tx, request, version, {"state": "draft", "approved_by": None, "approved_at": None, **nothing, **no_hash}
    )
    await _hand(tx, request.id, viewer)
    if request.state != "draft":
        detail = {"request": request.id, "from": request.state}
        await _note(tx, viewer, request.case_id, "access.reopened", now, detail)


async def end(tx: Tx, viewer: Viewer, request: Request, reason: str, *, version: int, now: datetime) -> None:
    """Give a draft up; the reason stands where a second reader's comment would. Raises StaleRequestError."""
    if request.state != "draft":
        raise StaleRequestError(request.id)
    nothing = {"body": texts.keep_bytes(b"", BODY), "body_hash": ""}
    await _step(tx, request, version, {"state": "ended", "comment": texts.keep(reason, COMMENT), **nothing})
    await _note(tx, viewer, request.case_id, "access.ended", now, {"request": request.id})


async def hand_over(tx: Tx, viewer: Viewer, request: Request, body: bytes, *, version: int, now: datetime) -> None:
    """Freeze the draft for a second reader. Raises StaleRequestError.

    The audit gets no count of what is in it: that there is more than one sees would tell that this member has a sealed case.
    """
    if request.state != "draft":
        raise StaleRequestError(request.id)
    values = {"state": "reading", "sent_by": viewer.user_id, "sent_at": now, "comment": texts.keep("", COMMENT)}
    frozen = {"body": texts.keep_bytes(body, BODY), "body_hash": _hashed(body)}
    await _step(tx, request, version, values | frozen)
    await _hand(tx, request.id, viewer)
    await _note(tx, viewer, request.case_id, "access.sent", now, {"request": request.id, "hash": _hashed(body)[:16]})


async def give_back(tx: Tx, viewer: Viewer, request: Request, comment: str, *, version: int, now: datetime) -> None:
    """The second reader wants something changed. Raises StaleRequestError, SameReaderError."""
    await _second(tx, viewer, request)
    await _step(tx, request, version, {"state": "draft", "comment": texts.keep(comment, COMMENT)})
    await _note(tx, viewer, request.case_id, "access.returned", now, {"request": request.id})


async def approve(
    tx: Tx, viewer: Viewer, request: Request, archive: bytes, contact_id: int | None, *, version: int, now: datetime
) -> None:
    """Let what was read be fetched. Raises StaleRequestError, SameReaderError for whoever has prepared any of it."""
    await _second(tx, viewer, request)
    values = {"state": "approved", "approved_by": viewer.user_id, "approved_at": now, "contact_id": contact_id}
    frozen = {"archive": texts.keep_bytes(archive, ARCHIVE), "archive_hash": _hashed(archive)}
    await _step(tx, request, version, values | frozen)
    detail = {"request": request.id, "bytes": len(archive), "hash": _hashed(archive)[:16]}
    await _note(tx, viewer, request.case_id, "access.approved", now, detail)


async def ready_on(tx: Tx, case_id: int, contact_id: int | None, *, now: datetime) -> Any | None:
    """(id, hash, approved_at) of the answer that the holder of a link for this case and this contact may fetch, the latest."""
    if contact_id is None:
        return None
    query = select(access_requests.c.id, access_requests.c.archive_hash, access_requests.c.approved_at).where(
        access_requests.c.case_id == case_id,
        access_requests.c.contact_id == contact_id,
        access_requests.c.state == "approved",
        access_requests.c.approved_at > now - LIFE,
    )
    return (await tx.conn.execute(query.order_by(access_requests.c.id.desc()).limit(1))).one_or_none()


async def fetch(tx: Tx, request_id: int, *, now: datetime) -> bytes:
    """The approved bytes, which the member has shown a code for; that they were fetched is counted. Raises LookupError where
    they are not what was approved."""
    row = (
        await tx.conn.execute(
            update(access_requests)
            .where(access_requests.c.id == request_id, access_requests.c.state == "approved")
            .values(fetched=access_requests.c.fetched + 1, fetched_at=now)
            .returning(access_requests.c.archive, access_requests.c.archive_hash, access_requests.c.case_id)
        )
    ).one()
    archive = texts.read_bytes(row.archive, ARCHIVE)
    if _hashed(archive) != row.archive_hash:
        raise LookupError(request_id)
    detail = {"request": request_id, "bytes": len(archive)}
    await audit.write(tx, actor="member", act="access.fetched", at=now, case_id=row.case_id, detail=detail)
    return archive


async def forget_old(tx: Tx, *, now: datetime) -> int:
    """Drop the contents of answers that nobody can fetch any more; when they were approved and fetched, and their hash, stay."""
    done = await tx.conn.execute(
        update(access_requests)
        .where(
            access_requests.c.state == "approved",
            access_requests.c.approved_at <= now - LIFE,
            access_requests.c.archive != texts.keep_bytes(b"", ARCHIVE),
        )
        .values(body=texts.keep_bytes(b"", BODY), archive=texts.keep_bytes(b"", ARCHIVE))
    )
    return int(done.rowcount)


async def _goes_on_for(tx: Tx, viewer: Viewer, case_id: int) -> bool:
    """Whether the case in which a merged one goes on is this viewer's to see: its fence is the one of the matter."""
    going_on = await goes_on_as(tx, case_id)
    return (
        await tx.conn.execute(select(cases.c.id).where(cases.c.id == going_on.id, viewer.may_see()))
    ).first() is not None


async def has_hand_in(tx: Tx, viewer: Viewer, request_id: int) -> bool:
    """Whether this person has prepared something of the answer."""
    query = select(access_hands.c.user_id).where(
        access_hands.c.request_id == request_id, access_hands.c.user_id == viewer.user_id
    )
    return (await tx.conn.execute(query)).first() is not None


async def _second(tx: Tx, viewer: Viewer, request: Request) -> None:
    if request.state != "reading":
        raise StaleRequestError(request.id)
    if await has_hand_in(tx, viewer, request.id):
        raise SameReaderError(request.id)


async def _step(tx: Tx, request: Request, version: int, values: dict[str, Any]) -> None:
    done = await tx.conn.execute(
        update(access_requests)
        .where(
            access_requests.c.id == request.id,
            access_requests.c.version == version,
            access_requests.c.state == request.state,
        )
        .values(version=access_requests.c.version + 1, **values)
    )
    if done.rowcount != 1:
        raise StaleRequestError(request.id)


async def _hand(tx: Tx, request_id: int, viewer: Viewer) -> None:
    values = {"request_id": request_id, "user_id": viewer.user_id}
    await tx.run(insert_or_leave(access_hands, is_sqlite=tx.is_sqlite), values)


async def _note(tx: Tx, viewer: Viewer, case_id: int, act: str, now: datetime, detail: Mapping[str, Any]) -> None:
    await audit.write(tx, actor=f"user:{viewer.user_id}", act=act, at=now, case_id=case_id, detail=detail)


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
