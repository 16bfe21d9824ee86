"""The audit: who did what, when, to which case; looked through, and taken out as a recorded file (rules L4, E5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

from aiohttp import web

from channels.reference import parse_reference
from console.audit_words import pairs
from console.days import day_of, midnight
from console.proof import Proof
from console.site import Handler, Site, Who
from console.workbook import as_csv
from router import deadlines
from store import audit, audit_chain, operations, users
from store.audit import Asked, Line, Touched
from store.database import Tx
from store.viewer import Viewer

_PAGE: Final = 100
# A file of more lines than this is asked for in parts: by period.
_LONGEST: Final = 50_000
_LONGEST_ACT: Final = 40
T_co = TypeVar("T_co", covariant=True)


class _Found(Protocol[T_co]):
    """What reads the rows of a file from the audit."""

    async def __call__(self, tx: Tx, viewer: Viewer, asked: Asked, *, limit: int) -> Sequence[T_co]: ...


class Audit:
    """Handlers of `/console/audit`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Entries as asked for in the address, the latest first."""
        return await self._draw(request, who)

    async def _draw(self, request: web.Request, who: Who, *, too_many: bool = False) -> web.Response:
        asked, said = _asked(request)
        before = request.query.get("before", "")
        async with self._site.store.read() as tx:
            found = await audit.search(tx, who.viewer, asked, before=_number(before), limit=_PAGE + 1)
            acts = await audit.acts(tx)
            colleagues = await users.listing(tx)
            end, until = await audit_chain.end(tx), await audit_chain.linked_until(tx)
            verified = await operations.beat_of(tx, audit_chain.VERIFIED)
        return await self._site.page(
            "audit.html",
            who,
            status=422 if too_many else 200,
            here="audit",
            lines=found[:_PAGE],
            next=found[_PAGE - 1].id if len(found) > _PAGE else None,
            acts=acts,
            colleagues=colleagues,
            names={str(user.id): user.name for user in colleagues},
            pairs=pairs,
            said=said,
            narrowed=any(said.values()),
            unknown=bool(said["case"]) and not asked.reference,
            later=bool(before),
            linked=end.position,
            linked_until=until,
            verified=verified,
            too_many=_LONGEST if too_many else 0,
        )

    async def export(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The same entries as a CSV file (RFC 4180, UTF-8 with a mark so that spreadsheets know)."""
        return await self._taken_out(request, who, "audit", "audit.exported", audit.search, _as_csv)

    async def export_cases(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Which cases, and whose, these entries are about: what an account, or anybody in a period, has seen and changed."""
        return await self._taken_out(request, who, "audit-cases", "audit.cases_exported", audit.touched, _cases_as_csv)

    async def _taken_out(
        self,
        request: web.Request,
        who: Who,
        name: str,
        act: str,
        found: _Found[T_co],
        drawn: Callable[[Sequence[T_co]], bytes],
    ) -> web.StreamResponse:
        """A file of what was asked for: after a fresh proof, never cut short, and recorded with its filter and its rows."""
        if (wanted := await self._proof.wanted(request, who)) is not None:
            return wanted
        asked, said = _asked(request)
        async with self._site.store.read() as tx:
            rows = await found(tx, who.viewer, asked, limit=_LONGEST + 1)
        if len(rows) > _LONGEST:
            return await self._draw(request, who, too_many=True)
        async with self._site.store.write() as tx:
            detail = {"rows": len(rows), "filter": _narrowed(said)}
            await audit.write(tx, actor=who.actor, act=act, at=who.now, detail=detail)
        return _file(name, drawn(rows), who)


def routes(site: Site) -> list[tuple[str, str, str, Handler, Any]]:
    """The pages of this file: method, path, name, handler, right."""
    page = Audit(site)
    return [
        ("GET", "/console/audit", "audit", page.show, "supervises"),
        ("POST", "/console/audit/export", "audit-export", page.export, "supervises"),
        ("POST", "/console/audit/cases/export", "audit-cases-export", page.export_cases, "supervises"),
    ]


def _asked(request: web.Request) -> tuple[Asked, dict[str, str]]:
    """What the address asks for, and the same as its fields say it."""
    names = ("who", "act", "case", "from", "to")
    said = {name: request.query.get(name, "").strip()[:_LONGEST_ACT] for name in names}
    since, until = day_of(said["from"]), day_of(said["to"])
    said["from"], said["to"] = str(since or ""), str(until or "")
    asked = Asked(
        actor=said["who"],
        act=said["act"],
        reference=parse_reference(said["case"]) or "",
        since=midnight(since) if since else None,
        until=midnight(until + timedelta(days=1)) if until else None,
    )
    return asked, said


def _narrowed(said: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in said.items() if value}


def _file(name: str, content: bytes, who: Who) -> web.Response:
    return web.Response(
        body=content,
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{deadlines.received_day(who.now)}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _cases_as_csv(cases: Sequence[Touched]) -> bytes:
    head = ("case", "member", "sealed", "seen", "changed", "actors", "first", "last")
    rows = [
        (
            one.reference,
            one.member,
            "yes" if one.sealed else "",
            one.seen,
            one.changed,
            one.actors,
            one.first.isoformat(),
            one.last.isoformat(),
        )
        for one in cases
    ]
    return as_csv(head, rows)


def _as_csv(lines: Sequence[Line]) -> bytes:
    head = ("id", "at", "actor", "name", "act", "case", "detail")
    rows = []
    for line in lines:
        detail = "; ".join(f"{key}={value}" for key, value in line.detail.items())
        rows.append((line.id, line.at.isoformat(), line.actor, line.name, line.act, line.reference, detail))
    return as_csv(head, rows)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None
