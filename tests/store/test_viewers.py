"""Rule S1: whatever the store gives of cases to the console, it gives to a viewer; what takes none is on a list, with its reason.

Read from the source, so that nobody adds a query without a fence by forgetting: a function that reads a table of cases takes the
viewer, or it is not called by the console, or it stands below.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Tables in which something of a case, a message or a person stands.
TABLES = frozenset(
    {
        *(
            "cases",
            "messages",
            "message_files",
            "notes",
            "drafts",
            "conversations",
            "people",
            "contacts",
            "outbox",
            "held",
        ),
        *("classifications", "decisions", "recommendations", "questions", "corrections", "ratings", "merges", "pauses"),
        *(
            "rehearsal_changes",
            "inbox",
            "entries",
            "mentions",
            "deadlines",
            "person_numbers",
            "case_contacts",
            "contact_changes",
            "sent_again",
            "SEARCH",
        ),
        *("access_requests", "access_cases", "access_items"),
    }
)
_OPENED = "changes the case that `CasePage.find` has just opened to this person, in the same transaction"
_FOUND = "is asked about the case that `CasePage.find` has just opened to this person"
_COUNTS = "counts by door and day, and gives nothing that anybody wrote"
_UNREAD = "is no case yet: who may read what nobody has classified is asked by the page, and every look is recorded"
# Called by the console without a viewer, and why that is right.
WITHOUT = {
    "access_choices.cases_of": "says which cases are in an answer that `AccessPages.found` has opened; their words are asked for "
    "with the viewer",
    "cases.change": _OPENED,
    "cases.close": _OPENED,
    "cases.noted_since": _FOUND,
    "cases.refresh_due": _OPENED,
    "lists.reach": "is a place in the order of closed cases, never one of them: `lists.closed` reads on from it for the viewer",
    "contact_changes.replaced": _FOUND,
    "parties.of_case": _FOUND,
    "numbers.people_with": "whose number was typed in; their cases are then asked for with the viewer",
    "threads.current": _OPENED,
    "recommendations.follow": _OPENED,
    "cases.reopen": _OPENED,
    "outbox.cancel": _OPENED,
    "reindex.case": _OPENED,
    "search.remove": _OPENED,
    "pauses.wake": _OPENED,
    "people.contacts_of_case": _FOUND,
    "people.person_of": _FOUND,
    "ratings.of_case": _FOUND,
    "family.goes_on_as": "says where a merged case goes on; the page then asks `views.case` for that one, with the viewer",
    "family.members": _FOUND,
    "inbox.raw_of": "the raw form of a message that `correspondence.messages_of` gave this viewer, or of an item as below",
    "list_acts.before": "keeps what stands in a case of a list that was read for this viewer, to take an act back",
    "quarantine.listing": _UNREAD,
    "quarantine.were_set_aside": _UNREAD,
    "quarantine.one": _UNREAD,
    "doors.entrances": _COUNTS,
    "doors.exits": _COUNTS,
    "doors.fates": _COUNTS,
    "doors.oldest_waiting": _COUNTS,
    "doors.last_by": _COUNTS,
    "doors.doors_of": _COUNTS,
    "doors.doors_of_channel": _COUNTS,
    "doors.last_trial": "is about a message that the house sent to itself",
    "conversations.latest": "is about the house's own conversation with itself, when a door is tried out",
    "operations.contradictions": _COUNTS,
    "rehearsals.judged": "counts what people said of a rehearsal; sealed cases are counted there, and shown to nobody else",
    "rehearsals.table": "counts who moves from where to where; sealed cases are counted there, and shown to nobody else",
}
# Modules whose queries are written out, and read the words of cases.
_BY_HAND = frozenset({"search"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _module(name: str) -> ast.Module:
    return ast.parse((ROOT / "store" / f"{name}.py").read_text(encoding="utf-8"))


def _tables_of(module: str) -> dict[str, str]:
    """By its name in the module: each table that is imported there."""
    return {
        alias.asname or alias.name: alias.name
        for node in _module(module).body
        if isinstance(node, ast.ImportFrom) and node.module == "store.schema"
        for alias in node.names
    }


def _begun_elsewhere(module: str) -> dict[str, str]:
    """By its name: the module of the store that each imported function comes from, when it makes no transaction its own."""
    return {
        alias.name: (node.module or "").removeprefix("store.")
        for node in _module(module).body
        if isinstance(node, ast.ImportFrom) and (node.module or "") in ("store.views", "store.family", "store.clocks")
        for alias in node.names
    }


def _definitions(module: str) -> dict[str, ast.AST]:
    """Every function and constant of a module."""
    found: dict[str, ast.AST] = {}
    for node in _module(module).body:
        if isinstance(node, Function):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def _names(module: str, start: str) -> set[str]:
    """Every name that a function uses, and those that these use in the same module."""
    definitions, seen, waiting = _definitions(module), set[str](), [start]
    while waiting:
        for node in ast.walk(definitions[waiting.pop()]):
            if isinstance(node, ast.Name) and node.id not in seen:
                seen.add(node.id)
                if node.id in definitions:
                    waiting.append(node.id)
    return seen


def reads_cases(module: str, function: str) -> bool:
    """Whether a function of the store selects from a table of cases."""
    names, tables = _names(module, function), _tables_of(module)
    by_hand = "text" in names and module in _BY_HAND
    # A query that is begun in another module, and gone on with here.
    begun = any(
        reads_cases(other, name)
        for name, other in _begun_elsewhere(module).items()
        if name in names and isinstance(_definitions(other).get(name), Function)
    )
    return by_hand or begun or ("select" in names and any(tables.get(name) in TABLES for name in names))


def takes_a_viewer(module: str, function: str) -> bool:
    """Whether it is told who looks."""
    node = _definitions(module)[function]
    assert isinstance(node, Function)
    return any(one.arg == "viewer" for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))


def _called_by_the_console() -> set[tuple[str, str]]:
    """(module, function) of the store that some file of the console calls or hands on."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "console").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "store":
                modules |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("store."):
                module = (node.module or "").removeprefix("store.").partition(".")[0]
                found |= {(module, alias.name) for alias in node.names if module != "schema"}
        found |= {
            (modules[node.value.id], node.attr)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
        }
    return {(module, name) for module, name in found if isinstance(_definitions(module).get(name), Function)}


def _unfenced() -> set[str]:
    return {
        f"{module}.{name}"
        for module, name in _called_by_the_console()
        if reads_cases(module, name) and not takes_a_viewer(module, name)
    }


def test_what_the_console_reads_of_cases_it_reads_for_a_viewer() -> None:
    assert _unfenced() - WITHOUT.keys() == set()


def test_the_list_of_those_without_names_nothing_that_is_not_so() -> None:
    assert WITHOUT.keys() <= _unfenced()


@pytest.mark.parametrize("function", ["views.case", "lists.listing", "correspondence.messages_of"])
def test_what_takes_a_viewer_is_seen_to_read_cases(function: str) -> None:
    """The test above would notice: these do read."""
    assert reads_cases(*function.split("."))


def test_no_page_asks_the_database_itself() -> None:
    """The console has no query of its own: every one is in the store, where it takes a viewer."""
    for path in (ROOT / "console").glob("*.py"):
        assert not re.search(
            r"\btx\.conn\b|from store\.schema import|import sqlalchemy|from sqlalchemy", path.read_text()
        ), path
