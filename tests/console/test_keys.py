"""The sheet of keys: it names every key that a page offers, and those of the page that one comes from first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.keys import GROUPS
from tests.console.conftest import Running

_TEMPLATES = Path(__file__).resolve().parents[2] / "console" / "templates"
# As the attribute has them, and as they are written for people.
_WRITTEN = {"Control+K": "Ctrl K", "Control+Enter": "Ctrl Enter", "Escape": "Esc"}


def test_every_key_that_a_page_offers_is_on_the_sheet() -> None:
    named = {key for keys in GROUPS.values() for key, _ in keys}
    offered = set()
    for template in _TEMPLATES.glob("*.html"):
        for attribute in re.findall(r'aria-keyshortcuts="([^"]+)"', template.read_text(encoding="utf-8")):
            offered |= {_WRITTEN.get(key, key) for key in re.sub(r"\{\{.*?\}\}", "", attribute).split()}
    # Keys with Alt are those of the entry of a call and of the order of rules, where they stand on the page.
    offered = {key for key in offered if not key.startswith("Alt+")}
    assert offered <= named
    assert {"1", "f", "z", "?", "Ctrl K"} <= offered


@pytest.mark.parametrize(
    ("on", "first"),
    [("triage", "In triage"), ("list", "In a list"), ("case", "On a case"), ("", "Everywhere"), ("<x>", "Everywhere")],
)
async def test_the_keys_of_where_one_was_come_first(running: Running, on: str, first: str) -> None:
    rik = await running.sign_in("rik")
    page = await rik.get(f"/console/keys?on={on}")
    heads = re.findall(r'<h2 id="keys-(?!title)\w+">([^<]+)', page)
    assert heads[0].strip() == first
    assert len(heads) == 4
    assert ("on this page" in page) == (on in ("triage", "list", "case"))


async def test_each_page_leads_to_its_own_keys(running: Running) -> None:
    tom = await running.sign_in("tom")
    for path, on in (
        ("/console/queue/triage", "?on=triage"),
        ("/console/", "?on=list"),
        ("/console/search", "?on=list"),
        (running.case("marie"), "?on=case"),
        ("/console/me", ""),
    ):
        assert f'href="/console/keys{on}" data-keys' in await tom.get(path), path
