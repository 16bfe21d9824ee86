"""What somebody typed is text wherever it is shown: every filled column of the register holds markup, every page is opened."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.console.conftest import Browser, Running, started
from tests.console.example_house import House
from tests.console.full_house import full, not_typeset
from tests.console.poison import BAD, CLOSED, FILLED, PRODUCT, TURNING, poison, poisoned, text_columns
from tests.console.states import BY_SCRIPT, STATES, must_set_up
from tests.console.walking import addresses, elements, forms, routes

__all__ = ["full", "not_typeset"]
pytestmark = pytest.mark.usefixtures("not_typeset")

# On no page: what only machines compare, and what stands in another column once more. They are poisoned all the same.
_UNSEEN = frozenset(
    [
        "access_cases.shown",
        "cases.account",
        "cases.subject",
        "conversations.address",
        "conversations.origin",
        "corrections.reason",
        "held.why",
        "identities.issuer",
        "identities.subject",
        "inbox.external_id",
        "message_files.type",
        "messages.account",
        "messages.rfc_message_id",
        "outbox.body",
        "passkeys.name",
        "outbox.provider_id",
    ]
)
# Of one route so many pages are filled in, and none of those that are no page.
_ENOUGH = 9
_WITHOUT_FORMS = ("-events", "-original", "-file", "-document", "-html", "-export", "-pdf", "-copy", "-letter")
# In the events of a stream: who has a case open, or writes on it.
_NAMES = ("open", "others", "writing", "name", "by")
_AS_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_WORDS = {
    "markup": f"{poison('typed', line=False)}\x00\x1b[31m\u202e\u2028\ud7ff\ufffe %s %(name)s",
    "long": "é" * 30_000,
    "number": "9" * 40,
}
# Attributes that a page may not have at all (rule S9), and those that are addresses.
_ADDRESSES = ("href", "src", "action", "formaction")
_OURS = re.compile(r"(?:/|#|\?|\.|$|https?://(?:127\.0\.0\.1|localhost):\d+/|tel:|mailto:|data:image/png;base64,)")


def test_every_column_is_said_to_be_filled_or_closed() -> None:
    assert FILLED.keys() | CLOSED == text_columns()
    assert not FILLED.keys() & CLOSED


def _looked_into(page: str, where: str) -> None:
    """Nothing on a page came from a text."""
    for element in elements(page):
        assert element.tag != BAD, where
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (where, name)
            assert name not in ("style", "srcdoc"), (where, name)
            assert BAD not in name, (where, name)
            if name in _ADDRESSES:
                assert _OURS.match(value), (where, name, value)
        if element.tag == "script":
            assert element.get("src"), where
            assert not "".join(element.itertext()).strip(), where
    assert PRODUCT not in page, where


def _around_turn(text: str) -> str:
    """Where the first mark that turns the direction stands."""
    at = min(text.find(mark) for mark in TURNING if mark in text)
    return text[max(0, at - 200) : at + 50]


async def _asked(browser: Browser, path: str) -> tuple[int, str, str]:
    """Status, type and text of an answer; of a stream its first parts."""
    answer = await browser.client.get(path, allow_redirects=False)
    assert "X-Bad" not in answer.headers, path
    if answer.content_type == "text/event-stream":
        first = b"".join([await answer.content.readuntil(b"\n\n") for _ in range(2)])
        answer.close()
        return answer.status, answer.content_type, _drawn(first.decode())
    content = await answer.read()
    # The pictures of the guides are the house's own: nobody sends one in.
    own = path.startswith("/console/guide/picture/") and answer.content_type == "image/png"
    if content and not own and answer.content_type not in ("text/html", "application/json"):
        disposition = answer.headers.get("Content-Disposition", "")
        assert disposition.startswith("attachment"), (path, disposition)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    return answer.status, answer.content_type, _read(content, answer.content_type)


def _drawn(events: str) -> str:
    """The parts of pages in the events of a stream; names are words there, which the scripts put in as text."""
    found = [json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line.startswith("data: ")]
    parts = [one.items() if isinstance(one, dict) else [("", one)] for one in found]
    return "".join(str(value) for one in parts for name, value in one if name not in _NAMES)


def _read(content: bytes, kind: str) -> str:
    if kind.endswith("sheet"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return content.decode("utf-8", "replace")


async def test_on_every_page_what_was_typed_is_text(full: tuple[Path, House], tmp_path: Path) -> None:
    async with started(full, tmp_path) as running:
        sofie, admin = await running.sign_in("sofie"), await running.sign_in("admin")
        for key in ("sealed",):
            await sofie.post(f"{running.case(key)}/open", reason="handling")
        done = await poisoned(running.house.store)
        assert done == FILLED.keys()
        seen: set[str] = set()
        for browser in (sofie, admin):
            for name, path in await addresses(running):
                status, kind, text = await _asked(browser, path)
                # A file that nobody can draw is said to be so.
                assert status in (200, 303, 403, 404) or (status == 422 and "/look" in path), (path, status)
                if kind in ("text/html", "text/event-stream") or path.endswith("=pdf"):
                    _looked_into(text, path)
                if not name.endswith(("-original", "-file", "-document")):
                    assert not set(TURNING) & set(text), (path, _around_turn(text))
                seen |= set(re.findall(r"\[\[([a-z_]+\.[a-z_]+)", html.unescape(text)))
        assert FILLED.keys() - seen <= _UNSEEN


@pytest.mark.parametrize("words", sorted(_WORDS))
async def test_every_form_takes_whatever_is_typed(full: tuple[Path, House], tmp_path: Path, words: str) -> None:
    """Each form of each page is filled with it and sent, and what scripts send: the answer is a page in which it is text, never
    an error. No route that takes a form is left out."""
    typed = _WORDS[words]
    async with started(full, tmp_path / "walked") as running:
        known = {name: pattern for name, method, pattern in routes(running) if method == "POST"}
        sent = await _walked(running, typed)
    async with started(full, tmp_path / "states", host="localhost") as running:
        for state in STATES:
            browser, path = await state(running)
            sent |= await _filled_in(running, browser, path, typed, set())
        sent |= await _by_script(running, typed)
        sent |= await _left(running, browser, typed)
    async with started(full, tmp_path / "strict", require_second_step=True) as running:
        browser, path = await must_set_up(running)
        sent |= await _filled_in(running, browser, path, typed, set())
    assert not {name for name, pattern in known.items() if not any(_fits(pattern, form.split()[0]) for form in sent)}


async def _walked(running: Running, words: str) -> set[str]:
    """Send one form of each shape, as a supervisor and as the administrator come across them."""
    sent: set[str] = set()
    for login in ("sofie", "admin"):
        browser = await running.sign_in(login)
        if login == "sofie":
            await browser.post(f"{running.case('sealed')}/open", reason="handling")
        few: Counter[str] = Counter()
        for name, path in await addresses(running):
            few[name] += 1
            if few[name] <= _ENOUGH and not name.endswith(_WITHOUT_FORMS):
                sent |= await _filled_in(running, browser, path, words, sent)
    return sent


async def _filled_in(running: Running, browser: Browser, path: str, words: str, sent: set[str]) -> set[str]:
    """Send the forms of a page that were not sent from an earlier one."""
    answer = await browser.client.get(path, allow_redirects=False)
    if answer.content_type != "text/html":
        answer.close()
        return set()
    done: set[str] = set()
    for form in forms(await answer.text(), path):
        kind = f"{form.action.partition('?')[0]} {sorted(name for name, _ in form.fields)}"
        shape = re.sub(r"PM-[\d-]+|\b\d+\b|entry/[\w-]+", "1", kind)
        if any(re.sub(r"PM-[\d-]+|\b\d+\b|entry/[\w-]+", "1", one) == shape for one in sent | done):
            continue
        if form.action.endswith("/sign-out"):
            continue
        done.add(kind)
        await _send(running, browser, form.action, form.filled(words))
    return done


async def _send(running: Running, browser: Browser, path: str, fields: list[tuple[str, str]]) -> None:
    """Send a form; whatever is in it, the answer is no error of the house."""
    running.clock.forward(seconds=2)
    answer = await browser.client.post(path, data=io.BytesIO(urlencode(fields).encode()), headers=_AS_FORM)
    assert answer.status < 500, (path, fields, answer.status)
    if answer.content_type == "text/html":
        _looked_into(await answer.text(), path)


async def _by_script(running: Running, words: str) -> set[str]:
    """Send what only scripts send."""
    done: set[str] = set()
    for login, pattern, names in BY_SCRIPT:
        browser, path = (
            await running.sign_in(login),
            pattern.format(**running.house.talks, reference=running.house.references["phone"]),
        )
        await _send(running, browser, path, [("csrf", browser.csrf), *((name, words) for name in names)])
        done.add(path)
    return done


async def _left(running: Running, browser: Browser, words: str) -> set[str]:
    """Leave the house, which ends what this browser may do."""
    await _send(running, browser, "/console/sign-out", [("csrf", browser.csrf), ("next", words)])
    answer = await browser.client.get("/console/mine", allow_redirects=False)
    assert "/console/sign-in" in answer.headers["Location"]
    return {"/console/sign-out"}


def _fits(pattern: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", pattern), path) is not None
