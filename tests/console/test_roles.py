"""Who may open what (rules S1, S2): every role on every route, over an open case, one of another queue and a sealed one."""

from __future__ import annotations

import re

import pytest

from store import audit
from tests.console.conftest import Browser, Running
from tests.console.example_house import CANARY

_ALL = {"mediator", "agent", "supervisor", "reader", "administrator"}
_READS = _ALL - {"administrator"}
_HANDLES = {"mediator", "supervisor"}
_NOTES = _HANDLES | {"agent"}
_LOGINS = {
    "mediator": "tom",
    "agent": "fatima",
    "supervisor": "luc",
    "reader": "rik",
    "administrator": "admin",
}
# Who may use each route; None for those that need no session.
_POLICY: dict[str, set[str] | None] = {
    "console-signin": None,
    "console-signin-post": None,
    "console-signin-account": None,
    "console-signin-account-back": None,
    "console-signin-code": None,
    "console-signin-code-post": None,
    "console-signin-passkey": None,
    "console-signin-enrol": None,
    "console-signin-enrol-post": None,
    "console-signin-password": None,
    "console-signin-password-post": None,
    "console-language": None,
    "static-console-static": None,
    "console-sign-out": _ALL,
    "console-session": _ALL,
    "console-keys": _ALL,
    "console-guide": _ALL,
    "console-guide-one": _ALL,
    "console-guide-picture": _ALL,
    "console-proof": _ALL,
    "console-me": _ALL,
    "console-me-acts": _ALL,
    "console-me-password": _ALL,
    "console-me-prefer": _ALL,
    "console-me-end": _ALL,
    "console-me-second-step": _ALL,
    "console-me-second-step-set": _ALL,
    "console-me-second-step-off": _ALL,
    "console-me-passkeys": _ALL,
    "console-me-passkey-add": _ALL,
    "console-me-passkey-ask": _ALL,
    "console-me-passkey-remove": _ALL,
    "console-passkey-ask": _ALL,
    "console-proof-kept": _ALL,
    "console-me-codes": _ALL,
    "console-person-second-step": {"administrator"},
    "console-people": {"supervisor", "administrator"},
    "console-people-new": {"administrator"},
    "console-people-add": {"administrator"},
    "console-person": {"administrator"},
    "console-person-change": {"administrator"},
    "console-person-disable": {"administrator"},
    "console-person-enable": {"administrator"},
    "console-person-end": {"administrator"},
    "console-person-password": {"administrator"},
    "console-all": _ALL,
    "console-mine": _READS,
    "console-queue": _READS,
    "console-search": _READS,
    "console-list-events": _READS,
    "console-case-events": _READS,
    "console-view-keep": _READS,
    "console-view-forget": _READS,
    "console-case": _READS,
    "console-case-open": _READS,
    "console-case-note": _NOTES,
    "console-case-take": _HANDLES,
    "console-case-assign": _HANDLES,
    "console-case-reply": _HANDLES,
    "console-case-undo": _HANDLES,
    "console-case-ready": _HANDLES,
    "console-case-ask": _HANDLES,
    "console-case-pause": _HANDLES,
    "console-case-wake": _HANDLES,
    "console-case-draft": _NOTES,
    "console-case-move": _HANDLES,
    "console-case-department": _HANDLES,
    "console-case-correct": _HANDLES,
    "console-case-reopen": _HANDLES,
    "console-case-link": _HANDLES,
    "console-case-unlink": _HANDLES,
    "console-case-reachable": _HANDLES,
    "console-case-contact": _NOTES,
    "console-case-contact-undo": _NOTES,
    "console-case-again": _HANDLES,
    "console-case-merging": _HANDLES,
    "console-case-merge": _HANDLES,
    "console-case-unmerge": _HANDLES,
    "console-case-splitting": _HANDLES,
    "console-case-split": _HANDLES,
    "console-case-closing": _HANDLES,
    "console-case-close": _HANDLES,
    "console-case-close-look": _HANDLES,
    "console-case-file": _READS,
    "console-case-look": _READS,
    "console-case-look-page": _READS,
    "console-case-original": _READS,
    "console-case-html": _READS,
    "console-case-document": _READS,
    "console-recommendations": _READS,
    "console-case-recommend": _HANDLES,
    "console-case-follow": _HANDLES,
    "console-case-pdf": _HANDLES,
    "console-case-copy": _HANDLES,
    "console-case-letter": _HANDLES,
    "console-case-access": _HANDLES,
    "console-access": _HANDLES,
    "console-access-one": _HANDLES,
    "console-access-archive": _HANDLES,
    "console-access-case": _HANDLES,
    "console-access-mask": _HANDLES,
    "console-access-item": _HANDLES,
    "console-access-send": _HANDLES,
    "console-access-again": _HANDLES,
    "console-access-back": _HANDLES,
    "console-access-end": _HANDLES,
    "console-access-approve": _HANDLES,
    "console-case-why": _READS,
    "console-mentions": _READS,
    "console-mentions-seen": _READS,
    "console-mention-seen": _READS,
    "console-list-act": _HANDLES,
    "console-list-undo": _HANDLES,
    "console-held": _HANDLES,
    "console-held-join": _HANDLES,
    "console-held-own": _HANDLES,
    "console-robots": _HANDLES,
    "console-robot": _HANDLES,
    "console-robot-case": _HANDLES,
    "console-talks": _READS,
    "console-talks-events": _READS,
    "console-talk": _READS,
    "console-talk-events": _READS,
    "console-talk-take": _HANDLES,
    "console-talk-say": _HANDLES,
    "console-talk-back": _HANDLES,
    "console-talk-typing": _HANDLES,
    "console-talk-seen": _HANDLES,
    "console-new": _NOTES,
    "console-entry": _NOTES,
    "console-entry-record": _NOTES,
    "console-entry-typed": _NOTES,
    "console-entry-letter": _NOTES,
    "console-entry-printed": _NOTES,
    "console-rules": _HANDLES,
    "console-rules-cases": _HANDLES,
    "console-rules-version": _HANDLES,
    "console-rules-back": {"supervisor"},
    "console-rules-stay": {"supervisor"},
    "console-rules-draft": {"supervisor"},
    "console-rules-draft-begin": {"supervisor"},
    "console-rules-draft-change": {"supervisor"},
    "console-rules-publish": {"supervisor"},
    "console-rules-send-back": {"supervisor"},
    "console-rules-edit": {"supervisor"},
    "console-rules-keep": {"supervisor"},
    "console-rules-examples": {"supervisor"},
    "console-rules-examples-change": {"supervisor"},
    "console-rules-examples-add": {"supervisor"},
    "console-rules-rehearsal": {"supervisor"},
    "console-rules-found": {"supervisor"},
    "console-rules-rehearse": {"supervisor"},
    "console-rules-stop": {"supervisor"},
    "console-rules-judge": {"supervisor"},
    "console-report": {"supervisor", "reader"},
    "console-report-cases": {"supervisor", "reader"},
    "console-report-export": {"supervisor", "reader"},
    "console-report-write": {"supervisor"},
    "console-report-approve": {"supervisor"},
    "console-texts": _HANDLES,
    "console-text": _HANDLES,
    "console-text-draft": {"supervisor"},
    "console-text-send": {"supervisor"},
    "console-text-publish": {"supervisor"},
    "console-text-back": {"supervisor"},
    "console-quarantine": {"supervisor"},
    "console-quarantine-item": {"supervisor"},
    "console-quarantine-replay": {"supervisor"},
    "console-quarantine-aside": {"supervisor"},
    "console-quarantine-back": {"supervisor"},
    "console-queues": {"supervisor"},
    "console-channels": {"supervisor"},
    "console-channels-test": {"supervisor"},
    "console-announce": {"supervisor"},
    "console-announce-put-up": {"supervisor"},
    "console-announce-end": {"supervisor"},
    "console-fates": {"supervisor"},
    "console-deadlines": {"supervisor"},
    "console-quality": {"supervisor"},
    "console-quality-training": {"supervisor"},
    "console-quality-train": {"supervisor"},
    "console-quality-use": {"supervisor"},
    "console-quality-back": {"supervisor"},
    "console-audit": {"supervisor"},
    "console-audit-export": {"supervisor"},
    "console-audit-cases-export": {"supervisor"},
}
_FORM = {"text": "x", "outcome": "explained", "how": "silent", "queue": "triage", "reason": "handling", "outbox": "1"}
_FORM["purpose"] = "note"


@pytest.fixture(autouse=True)
def _not_typeset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of a case comes as its HTML: what stands in it is what matters here, and typesetting takes seconds."""

    async def plain(html: str) -> bytes:
        return html.encode()

    monkeypatch.setattr("console.case_papers.make_pdf", plain)


def _routes(running: Running) -> list[tuple[str, str, str]]:
    """(name, method, path pattern) of every route of the console."""
    return [
        (str(route.name), route.method, str(route.resource.canonical))
        for route in running.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    ]


async def test_no_route_is_unknown_to_this_test(running: Running) -> None:
    assert {name for name, _, _ in _routes(running)} == set(_POLICY)


async def _answer(browser: Browser, method: str, path: str) -> tuple[int, str]:
    if method == "GET":
        answer = await browser.client.get(path, allow_redirects=False)
    else:
        data = {**_FORM, "csrf": browser.csrf, "version": "1"}
        answer = await browser.client.post(path, data=data, allow_redirects=False)
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    if answer.content_type == "text/event-stream":
        # It goes on for as long as the page is open: what comes first tells enough.
        first = b"".join([await answer.content.readuntil(b"\n\n") for _ in range(2)])
        answer.close()
        return answer.status, headers + first.decode("utf-8", "replace")
    return answer.status, headers + (await answer.read()).decode("utf-8", "replace")


@pytest.mark.parametrize("role", sorted(_LOGINS))
async def test_each_role_opens_what_it_may_and_nothing_else(running: Running, role: str) -> None:
    browser = await running.sign_in(_LOGINS[role])
    for name, method, pattern in _routes(running):
        allowed = _POLICY[name]
        if allowed is None or name == "console-sign-out":
            continue
        for key in ("marie", "late", "sealed") if "{reference}" in pattern else ("",):
            path = _filled(pattern, running, key, running.house.items.get("kept1", 0))
            status, text = await _answer(browser, method, path)
            if role not in allowed:
                assert status == 403, (role, name, key, status)
            elif key == "sealed":
                assert status == 403, (role, name, status)
            else:
                assert status not in (401, 403, 500), (role, name, key, status)
            assert CANARY not in text, (role, name, key)


def _filled(pattern: str, running: Running, key: str, item: int, number: int = 1) -> str:
    """A path of the pattern, for a case and an item."""
    values = {
        "reference": running.house.references.get(key, ""),
        "queue": "mediation",
        "item": str(item),
        "talk": str(running.house.talks["waiting"] if number == 1 else number),
        "name": "console.css",
        "rule": "doubt",
        "guide": "agent",
        "picture": "console-case-1280.png",
    }
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: values.get(found.group(1), str(number)), pattern)


@pytest.mark.parametrize("login", ["tom", "luc", "fatima", "rik", "admin"])
async def test_a_sealed_text_is_on_no_page_of_those_without_the_right(running: Running, login: str) -> None:
    """The canary stands in a sealed case's name, subject, text, file and note, in held, robot and quarantined items."""
    browser = await running.sign_in(login)
    house = running.house
    paths = ["/console/?show=closed", "/console/?show=unassigned", "/console/search?q=Zeisig", "/console/search?q=Kan"]
    paths += [f"/console/search?q={house.references['sealed']}", "/console/queue/medical_coordinator"]
    for _, method, pattern in _routes(running):
        if method != "GET":
            continue
        papers = "{file" in pattern or "{message" in pattern or "{talk" in pattern
        keys = ("sealed", "marie") if papers else house.references if "{reference}" in pattern else ("",)
        items = house.items.values() if "{item" in pattern else (0,)
        numbers = range(1, 12) if papers else (1,)
        paths += [_filled(pattern, running, key, item, n) for key in keys for item in items for n in numbers]
    for path in dict.fromkeys(paths):
        _, text = await _answer(browser, "GET", path)
        found = text.replace("Zeisig”", "")
        assert "Kanarie" not in found, path


async def test_a_sealed_case_is_listed_as_existing_only(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/queue/medical_coordinator")
    assert "Sealed case" in page
    assert "opens for the medical team only" in page
    page = await tom.get(running.case("sealed"), status=403)
    assert "Only people with the right to see them" in page


async def test_nobody_opens_anything_without_a_session(running: Running) -> None:
    client = running.client()
    for name, method, pattern in _routes(running):
        if _POLICY[name] is None:
            continue
        path = _filled(pattern, running, "marie", 1)
        answer = await client.request(method, path, allow_redirects=False)
        assert answer.status in (303, 400, 415), (name, answer.status)
        if answer.status == 303:
            assert "/console/sign-in" in answer.headers["Location"]


async def test_every_post_wants_the_token_of_the_session_and_our_own_origin(running: Running) -> None:
    anne = await running.sign_in("anne")
    for name, method, pattern in _routes(running):
        if method != "POST" or _POLICY[name] is None:
            continue
        path = _filled(pattern, running, "marie", 1)
        wrong = await anne.client.post(path, data={**_FORM, "csrf": "wrong"}, allow_redirects=False)
        assert wrong.status == 403, name
        elsewhere = await anne.client.post(
            path,
            data={**_FORM, "csrf": anne.csrf},
            headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            allow_redirects=False,
        )
        assert elsewhere.status == 403, name


async def test_a_sealed_case_asks_why_and_records_who_looked(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = running.case("sealed")
    page = await anne.get(path, status=403)
    assert "Why do you open this sealed case?" in page
    assert CANARY not in page
    page = await anne.post(f"{path}/open", reason="handling")
    assert CANARY in page
    assert "Anne Lemaire" in page[page.index("Every look at this case") :]
    async with running.house.store.read() as tx:
        acts = [(entry.act, entry.actor) for entry in await audit.of_case(tx, running.house.cases["sealed"])]
    user = f"user:{running.house.users['anne']}"
    assert ("case.unsealed", user) in acts
    assert ("case.viewed", user) in acts
    # The answer holds for a shift, and not for ever.
    for _ in range(17):
        running.clock.forward(minutes=29)
        last = await anne.client.get(path)
    assert last.status == 403
    assert CANARY not in await last.text()


async def test_a_made_up_reason_opens_nothing(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.post(f"{running.case('sealed')}/open", status=403, reason="curious")
    assert CANARY not in page
