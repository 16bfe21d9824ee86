"""For whom a line is written, as people say it in a chat."""

from __future__ import annotations

import time

import pytest

from chatbot.kin import on_behalf
from tests.chatbot.replaying import Replay


@pytest.mark.parametrize(
    ("line", "relation", "name"),
    [
        ("ik schrijf voor ons ma, haar pillen zijn niet terugbetaald", "parent", ""),
        ("'t is voor ons pa, die krijgt zijn rolstoel niet", "parent", ""),
        ("ons ma Josée wacht al weken op haar geld", "parent", "Josée"),
        ("ons pa krijgt zijn medicatie niet terugbetaald", "parent", ""),
        ("het gaat over mijn moeke haar bril", "parent", ""),
        ("j'écris pour une amie, Sarah, elle n'ose pas", "friend", "Sarah"),
        ("ma mère Samira n'a pas reçu son indemnité", "parent", "Samira"),
        ("pour mon voisin, il n'a pas internet", "friend", ""),
        ("meine Mutter Helga bekommt kein Geld", "parent", "Helga"),
        ("my mum Linda is waiting for her wheelchair", "parent", "Linda"),
        ("für meinen Bruder Karl", "sibling", "Karl"),
    ],
)
def test_it_is_for_somebody_else(line: str, relation: str, name: str) -> None:
    found = on_behalf(line)
    assert found is not None
    assert (found.relation, found.name) == (relation, name)
    talk = Replay("chat", "fr")
    for said in (line, "être payé", "Marie Dubois"):
        talk.hears(said)
    assert [reply.key for reply in talk.hears("marie.dubois@mail.example")] == ["ask.mandate"]


@pytest.mark.parametrize(
    "line",
    [
        "mon mari Paul m'a dit d'appeler",
        "mijn buurman Jan zegt dat jullie sneller zijn",
        "une amie, Sarah, m'a conseillé la médiation",
        "my wife Anna told me to call",
        "een vriend, Tom, raadde mij aan te klagen",
        "ik ben het beu, ons pa zei het al",
        "merci pour ma mère",
        "j'ai une amie qui a été remboursée",
        "ma mère est décédée",
        "ons dossier ligt stil",
        "my mother tongue is English",
    ],
)
def test_who_is_only_mentioned_is_not_represented(line: str) -> None:
    assert on_behalf(line) is None


def test_it_takes_no_longer_than_the_text() -> None:
    for text in ("pour " * 200_000, "ons ma " * 100_000, "my mum Linda " * 50_000):
        begun = time.process_time()
        on_behalf(text)
        assert time.process_time() - begun < 1
