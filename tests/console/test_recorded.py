"""What is written down, and what wants a fresh password, on every route: rules L4, E5 and S10; and the headers of rule S9."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from store.schema import audit
from tests.console.conftest import Browser, Running, started
from tests.console.example_house import CANARY, House
from tests.console.full_house import full, not_typeset
from tests.console.walking import addresses

__all__ = ["full", "not_typeset"]
pytestmark = pytest.mark.usefixtures("not_typeset")

# Acts on people and rights, on what members get and what decides, and everything that leaves the house (rule S10).
_WANT_PROOF = {
    "admin": {
        "console-people-add",
        *(f"console-person-{act}" for act in ("change", "disable", "enable", "end", "password", "second-step")),
    },
    "sofie": {
        *(
            "console-case-pdf",
            "console-case-copy",
            "console-case-letter",
            "console-report-export",
            "console-audit-export",
            "console-audit-cases-export",
        ),
        *("console-report-approve", "console-rules-publish", "console-rules-back", "console-text-publish"),
        *("console-text-back", "console-announce-put-up", "console-quality-use", "console-quality-back"),
        *("console-me-codes", "console-me-second-step-set", "console-me-second-step-off"),
    },
}
# What takes something out of the house, by the end of its name, so that a new one is not forgotten above.
_TAKES_OUT = ("-export", "-pdf", "-copy", "-letter")
_AT_THE_COUNTER = {"console-entry-letter"}


async def _acts(running: Running, case_id: int | None = None) -> list[tuple[str, str]]:
    query = select(audit.c.act, audit.c.actor).order_by(audit.c.id)
    if case_id is not None:
        query = query.where(audit.c.case_id == case_id)
    async with running.house.store.read() as tx:
        return [(row.act, row.actor) for row in await tx.conn.execute(query)]


async def test_every_look_into_a_sealed_case_is_written_down(full: tuple[Path, House], tmp_path: Path) -> None:
    """Rule L4: the page, its papers and its files, each with who looked; and nothing opens before they have said why."""
    async with started(full, tmp_path) as running:
        number, reference = running.house.cases["sealed"], running.house.references["sealed"]
        sofie = await running.sign_in("sofie")
        paths = [path for _, path in await addresses(running) if reference in path]
        assert len(paths) >= 10
        for path in paths:
            answer = await sofie.client.get(path, allow_redirects=False)
            assert answer.status == 403, path
        assert ("case.viewed", f"user:{running.house.users['sofie']}") not in await _acts(running, number)
        await sofie.post(f"/console/case/{reference}/open", reason="handling")
        for path in paths:
            before = await _acts(running, number)
            answer = await sofie.client.get(path, allow_redirects=False)
            answer.close()
            after = await _acts(running, number)
            looked = after[len(before) :]
            # Where nothing stands that anybody wrote: the frame around a mail, whose document is a look of its own.
            silent = re.search(r"/(events|merge|as-sent/\d+)$", path) is not None
            assert answer.status in (200, 303, 404), (path, answer.status)
            assert looked or silent or answer.status != 200, path
            assert {actor for _, actor in looked} <= {f"user:{running.house.users['sofie']}"}


@pytest.mark.parametrize("login", sorted(_WANT_PROOF))
async def test_what_matters_most_wants_a_password_of_the_last_five_minutes(
    full: tuple[Path, House], tmp_path: Path, login: str
) -> None:
    async with started(full, tmp_path) as running:
        browser = await running.sign_in(login)
        if login == "sofie":
            await browser.post(f"{running.case('sealed')}/open", reason="handling")
        running.clock.forward(minutes=6)
        before = await _acts(running)
        asked: set[str] = set()
        for name, path in dict(reversed(await _all(running))).items():
            if await _wants_proof(browser, name, path):
                asked.add(name)
        assert asked >= _WANT_PROOF[login], _WANT_PROOF[login] - asked
        assert not {act for act, _ in (await _acts(running))[len(before) :]} & {"user.rights", "user.added"}


async def _all(running: Running) -> list[tuple[str, str]]:
    names = set().union(*_WANT_PROOF.values())
    found = [*await addresses(running), *await addresses(running, method="POST")]
    out = {name for name, _ in found if name.endswith(_TAKES_OUT)}
    assert out - names == _AT_THE_COUNTER
    return [(name, path) for name, path in found if name in names]


async def _wants_proof(browser: Browser, name: str, path: str) -> bool:
    takes = name.endswith(("-pdf", "-copy", "-letter", "-report-export"))
    if takes:
        answer = await browser.client.get(path, allow_redirects=False)
    else:
        fields = {"csrf": browser.csrf, "version": "1", "number": "0", "text": "x", "month": "2026-10"}
        answer = await browser.client.post(path, data=fields, allow_redirects=False)
    return answer.status == 403 and 'name="proof"' in await answer.text()


async def test_whatever_leaves_the_house_is_in_the_audit(full: tuple[Path, House], tmp_path: Path) -> None:
    """Rule E5: one line for each file that was taken out."""
    async with started(full, tmp_path) as running:
        sofie = await running.sign_in("sofie")
        taken = 0
        for name, path in await addresses(running):
            if not name.endswith(_TAKES_OUT) or name in _AT_THE_COUNTER:
                continue
            before = len(await _acts(running))
            answer = await sofie.client.get(path, allow_redirects=False)
            await answer.read()
            if answer.status == 200:
                taken += 1
                assert len(await _acts(running)) > before, path
        assert taken >= 10
        before = len(await _acts(running))
        answer = await sofie.client.post("/console/audit/export", data={"csrf": sofie.csrf})
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert len(await _acts(running)) > before


async def test_every_answer_bears_the_headers_that_shut_it_off(full: tuple[Path, House], tmp_path: Path) -> None:
    """Rule S9, on pages, files, streams and refusals alike; and no page stays behind in a browser or a proxy."""
    async with started(full, tmp_path) as running:
        sofie, rik = await running.sign_in("sofie"), await running.sign_in("rik")
        found = dict(reversed(await addresses(running)))
        paths = [*found.values(), "/console/nowhere", f"{running.case('sealed')}", "/console/case/PM-0000-000000-00"]
        for browser in (sofie, rik):
            for path in paths:
                answer = await browser.client.get(path, allow_redirects=False)
                answer.close()
                headers, where = answer.headers, (path, answer.status)
                policy = headers.get("Content-Security-Policy", "")
                assert policy.startswith("default-src 'none'"), where
                assert "unsafe" not in policy, where
                # A file is shut into a box of its own; the mail as it was sent is framed by its page.
                assert "frame-ancestors 'none'" in policy or "; sandbox" in policy, where
                assert headers.get("X-Content-Type-Options") == "nosniff", where
                assert headers.get("Cross-Origin-Opener-Policy") == "same-origin", where
                assert headers.get("Cross-Origin-Resource-Policy") == "same-origin", where
                assert headers.get("Referrer-Policy") == "no-referrer", where
                # The pictures of the guides are the house's own and say nothing of anybody.
                own = path.startswith("/console/guide/picture/") and answer.content_type == "image/png"
                assert own or "no-store" in headers.get("Cache-Control", ""), where


async def test_a_page_that_fails_tells_a_number_and_its_log_no_word(
    full: tuple[Path, House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rules L1 and L5: whatever is in hand when something breaks, and whichever page it is on."""
    async with started(full, tmp_path) as running:
        sofie = await running.sign_in("sofie")
        await sofie.post(f"{running.case('sealed')}/open", reason="handling")

        async def broken(*_: object, **__: object) -> None:
            raise ValueError(f"{CANARY} {running.house.references['sealed']} paul.zeisig@mail.example")

        found = dict(reversed(await addresses(running)))
        monkeypatch.setattr("console.site.worklist.rail", broken)
        failed = 0
        for path in found.values():
            answer = await sofie.client.get(f"{path}{'&' if '?' in path else '?'}q={CANARY}", allow_redirects=False)
            if answer.status != 500:
                answer.close()
                continue
            failed += 1
            page = await answer.text()
            assert CANARY not in page, path
            assert "ValueError" not in page, path
            assert "paul.zeisig" not in page, path
        assert failed >= 30
        said = capfd.readouterr()
        for word in ("Kanarie", "paul.zeisig", running.house.references["sealed"], "Traceback"):
            assert word not in said.out + said.err, word
