"""How the console says what is kept in other words: dates, what a rule missed, what an entry of the audit holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from console.audit_words import pairs
from console.pages import Say
from console.rule_words import unmet
from console.shipped_rules import named
from console.words import ConsoleLanguage, catalogue
from tests.console.conftest import Running

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
EN, FR = catalogue()["en"], catalogue()["fr"]


def test_a_date_has_its_year_where_nobody_could_tell() -> None:
    say = Say("en", NOW, saturdays=False)
    assert say.day(date(2026, 10, 10)) == "10 October"
    assert say.day(date(2025, 10, 10)) == "10 October 2025"
    assert say.due_day(date(2026, 12, 17)) == "Thu 17 Dec"
    # The new year is near, and last year's day of the same name is not.
    assert say.due_day(date(2027, 1, 7)) == "Thu 7 Jan"
    assert say.due_day(date(2025, 11, 24)) == "Mon 24 Nov 2025"
    assert (
        Say("fr", NOW, saturdays=False).moment(datetime(2025, 3, 1, 9, 30, tzinfo=UTC))
        == "1 mars 2025, 10\u00a0h\u00a030"
    )


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"seconds": 20}, ("for less than a minute", "depuis moins d’une minute", "al minder dan een minuut")),
        ({"minutes": 1}, ("for 1 minute", "depuis 1 minute", "al 1 minuut")),
        ({"minutes": 59}, ("for 59 minutes", "depuis 59 minutes", "al 59 minuten")),
        ({"hours": 21, "minutes": 9}, ("for 21 hours", "depuis 21 heures", "al 21 uur")),
        ({"hours": 48}, ("for 2 days", "depuis 2 jours", "al 2 dagen")),
    ],
)
def test_how_long_something_waits_is_said_in_words(span: dict[str, int], said: tuple[str, str, str]) -> None:
    languages: tuple[ConsoleLanguage, ...] = ("en", "fr", "nl")
    for language, wanted in zip(languages, said, strict=True):
        found = Say(language, NOW, saturdays=False).since(NOW - timedelta(**span))
        assert found.replace("\u00a0", " ") == wanted


@pytest.mark.parametrize(
    ("field", "test", "wanted", "found", "said"),
    [
        ("kind", "is", "compliment", "complaint", "asks “kind: compliment”, found: complaint"),
        ("doctor", "is", True, False, "asks “about a medical adviser: yes”"),
        ("doctor", "not is", True, True, "not when “about a medical adviser: yes”"),
        (
            "mailbox_queue",
            "is",
            "mediation",
            "",
            "asks “queue of the mailbox: Mediation”, found: nothing",
        ),
        (
            "abstained_on",
            "contains",
            "doctor",
            [],
            "asks “what the reading was not sure of: whether it is about a medical adviser”, found: nothing",
        ),
        # A text that is long is in the story already; a field of an earlier Guichet shows as it was kept.
        ("text", "contains", "kiné", "x" * 200, "asks “text: contains “kiné””"),
        ("gone", "is", "1", "2", "asks “gone is 1”"),
    ],
)
def test_what_a_rule_missed_is_said_with_what_was_found(
    field: str, test: str, wanted: object, found: object, said: str
) -> None:
    assert unmet(field, test, wanted, found, EN) == said


def test_a_rule_goes_by_the_name_that_a_supervisor_gave_it() -> None:
    assert named("distress", "Distress first", FR) == FR["rule.distress"]
    assert named("distress", "People in need", FR) == "People in need"
    assert named("ours", "<b>Ours</b>", FR) == "<b>Ours</b>"


def test_what_the_audit_keeps_is_said_in_words_and_strangers_stay_as_they_are() -> None:
    detail = {
        "queue": "mediation",
        "rules": 1,
        "user": 7,
        "outcome": "founded",
        "medical": True,
        "odd": "<b>",
        "none": None,
    }
    assert pairs(detail, EN, {"7": "Anne Lemaire"}) == [
        ("queue", "Mediation"),
        ("version of the rules", "1"),
        ("person", "Anne Lemaire"),
        ("outcome", "Founded"),
        ("medical matters", "yes"),
        ("odd", "<b>"),
        ("none", ""),
    ]
    assert pairs({"from": "triage", "filter": {"who": "7"}}, FR, {})[0] == ("de", "Tri")


async def test_an_address_that_leads_nowhere_gives_a_colleague_a_way_on(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.get("/console/nowhere/at/all", status=404)
    assert EN["not_found.title"] in page
    assert 'href="/console/queue/mediation"' in page
    # Who is not signed in learns nothing about the console, and a member's page stays a member's page.
    stranger = running.client()
    answer = await stranger.get("/console/nowhere", allow_redirects=False)
    assert answer.status == 404
    assert "/console/queue" not in await answer.text()
    assert EN["not_found.title"] not in await anne.get("/en/nowhere", status=404)
    # A page that takes forms only says so, as before.
    await anne.get("/console/sign-out", status=405)
