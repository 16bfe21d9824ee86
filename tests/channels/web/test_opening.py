"""The hours of the phone line in words, and ways that do not work today."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.web import opening
from config.vocabulary import WAYS, Language

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("language", "moment", "said"),
    [
        ("en", "2026-11-24T09:05", "Open now, until 18:00"),
        ("en", "2026-11-27T18:00", "Closed now. Open again on Monday at 8:00"),
        ("en", "2026-11-24T05:00", "Closed now. Open again today at 8:00"),
        ("fr", "2026-11-24T18:00", f"Fermé maintenant. Ouvert à nouveau demain à 8{SPACE}h{SPACE}00"),
        ("nl", "2026-11-27T18:00", f"Nu gesloten. Weer open op maandag om 8.00{SPACE}uur"),
        ("de", "2026-11-24T09:05", f"Jetzt geöffnet, bis 18:00{SPACE}Uhr"),
    ],
)
def test_whether_somebody_answers(language: Language, moment: str, said: str) -> None:
    assert opening.phone_now(datetime.fromisoformat(moment).replace(tzinfo=UTC), language) == said


def test_the_week_in_words() -> None:
    assert opening.phone_hours("en") == (
        "Monday to Thursday, 8:00 to 18:00",
        "Friday, 8:00 to 17:00",
        "Closed on public holidays",
    )
    assert opening.phone_hours("fr")[0] == f"Du lundi au jeudi, de 8{SPACE}h{SPACE}00 à 18{SPACE}h{SPACE}00"


def test_ways_are_named_in_their_order() -> None:
    assert opening.not_working((), "en") == ""
    assert opening.not_working(("email", "phone"), "en") == (
        "Not working just now: the phone line, e-mail. These ways work: our form, the branches, post."
    )
    assert "notre formulaire." in opening.not_working(WAYS, "fr")
