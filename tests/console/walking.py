"""Walking the whole console as a browser does: every address with every id that the register holds, and the forms of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from sqlalchemy import select, text
from tinyhtml5 import parse

from console.guides import GUIDES, pictures
from store.schema import (
    access_requests,
    cases,
    conversations,
    entries,
    held,
    inbox,
    kept_views,
    mentions,
    rehearsal_changes,
    rule_sets,
    users,
)
from tests.console.conftest import Running

# A part of an address that an id or a word takes the place of.
_PART: Final = re.compile(r"\{(\w+)[^}]*\}")
# What a page is narrowed by, beside the ids in addresses: words of closed lists of which every one draws another page.
_QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "console-all": ("", "?show=closed", "?show=unassigned", "?show=paused"),
    "console-report": ("", "?month=2026-10", "?month=2026-11"),
    "console-report-cases": ("?month=2026-11&by=received", "?month=2026-11&by=kind&is=complaint"),
    "console-report-export": tuple(
        f"?month=2026-{month}&format={kind}" for month in (10, 11) for kind in ("csv", "xlsx", "pdf")
    ),
    "console-new": ("", "?item=1"),
    "console-announce": ("", "?door=email"),
    "console-text": ("", "?language=fr", "?language=nl"),
    "console-rules": ("", "?language=nl"),
}

# What stands for a number in an address that nothing in the house is known by.
_ANY: Final = ["1"]


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and its fields as they stand; `typed` are those that take any text."""

    action: str
    fields: tuple[tuple[str, str], ...]
    typed: frozenset[str]
    files: frozenset[str] = frozenset()

    def filled(self, words: str | None = None, **changed: str) -> list[tuple[str, str]]:
        """The fields, with `words` in those that take any text, and some changed."""
        given = [(name, words if words is not None and name in self.typed else value) for name, value in self.fields]
        return [(name, changed.get(name, value)) for name, value in given]


def routes(running: Running) -> list[tuple[str, str, str]]:
    """(name, method, pattern) of every route of the console, those of files apart."""
    return [
        (str(route.name), route.method, str(route.resource.canonical))
        for route in running.app.router.routes()
        if route.resource is not None and route.method != "HEAD" and not str(route.name).startswith("static-")
    ]


async def ids(running: Running) -> dict[str, list[str]]:
    """By the name of a part of addresses: every value of it that the register knows."""
    wanted: dict[str, Any] = {
        "reference": select(cases.c.reference).order_by(cases.c.id),
        "held": select(held.c.id),
        "item": select(inbox.c.id),
        "talk": select(conversations.c.id),
        "user": select(users.c.id),
        "view": select(kept_views.c.id),
        "mention": select(mentions.c.id),
        "client": select(entries.c.client_id),
        "request": select(access_requests.c.id),
        "version": select(rule_sets.c.version),
        "change": select(rehearsal_changes.c.id),
    }
    async with running.house.store.read() as tx:
        found = {name: [str(row[0]) for row in await tx.conn.execute(query)] for name, query in wanted.items()}
    return found | {
        "queue": ["mediation", "triage", "department", "medical_coordinator"],
        "rule": ["distress", "second_line", "sealed_medical", "doubt"],
        "situation": ["compliment", "mediation", "suggestion"],
        "guide": list(GUIDES),
        "picture": sorted(pictures())[:1],
        "page": ["1"],
    }


async def papers(running: Running) -> dict[str, list[tuple[str, str]]]:
    """By the name of a part: every message and file with the reference of its own case."""
    whole = "SELECT c.reference, {} FROM messages m JOIN cases c ON c.id = m.case_id {} ORDER BY 2"
    files = "JOIN message_files f ON f.message_id = m.id"
    async with running.house.store.read() as tx:
        return {
            name: [(reference, str(number)) for reference, number in await tx.conn.execute(text(query))]
            for name, query in (("message", whole.format("m.id", "")), ("file", whole.format("f.id", files)))
        }


def put(pattern: str, values: Mapping[str, str]) -> str:
    """An address of a pattern."""
    return _PART.sub(lambda found: values[found.group(1)], pattern)


def parts(pattern: str) -> list[str]:
    """The names of what takes a place in a pattern."""
    return [found.group(1) for found in _PART.finditer(pattern)]


async def addresses(running: Running, *, method: str = "GET") -> list[tuple[str, str]]:
    """(name, address) of everything that can be asked for, with every id that belongs there."""
    known, paired = await ids(running), await papers(running)
    made: list[tuple[str, str]] = []
    for name, verb, pattern in routes(running):
        if verb != method:
            continue
        names = parts(pattern)
        if own := next((one for one in names if one in paired), ""):
            more = {one: known[one][0] for one in names if one in known}
            given = [more | {"reference": reference, own: number} for reference, number in paired[own]]
        else:
            given = [
                dict(zip(names, values, strict=True)) for values in product(*(known.get(one, _ANY) for one in names))
            ]
        queries = _QUERIES.get(name, ("",)) if method == "GET" else ("",)
        made += [(name, put(pattern, values) + query) for values in given for query in queries]
    return made


def elements(page: str) -> Iterator[Any]:
    """Every element of a page as a browser makes it of the text, whatever is wrong with it."""
    tree: Any = parse(page, namespace_html_elements=False)
    return (element for element in tree.iter() if isinstance(element.tag, str))


def forms(page: str, here: str = "") -> list[Form]:
    """The forms of a page that change something; each button that says something of its own makes one more. One that says
    not where it goes goes to the page that it stands on. What stands outside of a form may belong to it by its id."""
    found = list(elements(page))
    apart: dict[str, list[Any]] = {}
    for element in found:
        if owner := element.get("form"):
            apart.setdefault(owner, []).append(element)
    return [
        form
        for element in found
        if element.tag == "form"
        for form in _form(element, here, apart.get(element.get("id"), []))
    ]


def _form(form: Any, here: str, apart: Sequence[Any]) -> list[Form]:
    if form.get("method", "get").lower() != "post":
        return []
    own = form.get("id")
    fields: list[tuple[str, str]] = []
    buttons: list[tuple[str, str, str]] = []
    typed, files = set(), set()
    for element in (*(one for one in form.iter() if one.get("form", own) == own), *apart):
        name, kind = element.get("name"), element.get("type", "text").lower()
        if element.tag == "button" and kind != "button":
            buttons.append(
                (name or "", element.get("value", ""), element.get("formaction") or form.get("action") or here)
            )
        if not name or element.get("disabled") is not None or element.tag == "button":
            continue
        if element.tag == "select":
            options = [one for one in element.iter() if one.tag == "option"]
            chosen = next((one for one in options if one.get("selected") is not None), options[0])
            fields.append((name, chosen.get("value", "".join(chosen.itertext()))))
        elif element.tag == "textarea":
            fields.append((name, "".join(element.itertext())))
            typed.add(name)
        elif element.tag == "input" and kind == "file":
            files.add(name)
        elif element.tag == "input" and (kind not in ("checkbox", "radio") or element.get("checked") is not None):
            fields.append((name, element.get("value", "on" if kind == "checkbox" else "")))
            if kind in ("text", "search", "email", "tel", "url"):
                typed.add(name)
    made = [
        Form(action, (*fields, (name, value)) if name else tuple(fields), frozenset(typed), frozenset(files))
        for name, value, action in buttons
    ]
    return list(dict.fromkeys(made))
