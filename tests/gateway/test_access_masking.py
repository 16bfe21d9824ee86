"""Who is masked in an answer to a request for access, and who is not (rule E4)."""

from __future__ import annotations

import pytest

from gateway.access_collect import whose_name
from gateway.access_masking import Hit, Known, Masker, others_among

MARIE = Known(
    "Marie Dubois",
    own=("marie.dubois@mail.example", "+32470001234", "1234567"),
    references=("PM-2026-000001-11",),
    seen=("Anne Lemaire",),
    others=("Paul Dubois", "Tom Baert", "Éloïse De Wael"),
)


def read(text: str, masker: Masker | None = None) -> str:
    """As it will be read: what is masked in brackets."""
    masker = masker or Masker(MARIE)
    return "".join(f"[{piece.masked}]" if piece.masked else piece.text for piece in masker.pieces(text))


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("Je suis Marie Dubois, 0470 00 12 34.", "Je suis Marie Dubois, 0470 00 12 34."),
        ("Mail: marie.dubois@mail.example, lid 1234567", "Mail: marie.dubois@mail.example, lid 1234567"),
        ("Avec Paul Dubois.", "Avec [name]."),
        ("Avec DUBOIS Paul, et Dubois seul.", "Avec [name], et Dubois seul."),
        ("Eloise de wael a appelé.", "[name] a appelé."),
        ("Mme Sophie Durand habite là.", "Mme [name] habite là."),
        ("Écrivez à sophie.durand@mail.example.", "Écrivez à [mail]."),
        ("Appelez le 0475 11 22 33 ou le +32 475 11 22 33.", "Appelez le [phone] ou le [phone]."),
        ("NISS 85.07.30-033 28", "NISS [number]"),
        ("Compte BE68 5390 0754 7034.", "Compte [number]."),
        ("PM-2026-000001-11 et PM-2026-000002-22", "PM-2026-000001-11 et [case]"),
        ("Anne Lemaire a signé, Tom aussi.", "Anne Lemaire a signé, [name] aussi."),
        ("Le 3 novembre 2026, 1.234,56 EUR.", "Le 3 novembre 2026, 1.234,56 EUR."),
        ("Appelez-nous au 02 444 41 11.", "Appelez-nous au 02 444 41 11."),
    ],
)
def test_others_are_masked_and_the_person_is_not(written: str, reads: str) -> None:
    assert read(written) == reads


def test_a_mailbox_of_ours_that_names_a_colleague_is_masked() -> None:
    assert read("tom.baert@partenamut.be") == "[mail]"


def test_nothing_of_what_is_masked_is_in_the_pieces() -> None:
    pieces = Masker(MARIE, also=("zèbre",)).pieces("Paul Dubois a un zèbre, 0475 11 22 33.")
    whole = "".join(piece.model_dump_json() for piece in pieces)
    for secret in ("Paul", "zèbre", "0475"):
        assert secret not in whole


def test_words_that_are_marked_are_masked_as_whole_words() -> None:
    masker = Masker(MARIE, also=("rue  haute", "chat"))
    assert read("Rue\nHaute, un chat et un château.", masker) == "[word], un [word] et un château."
    assert dict(masker.found_also) == {"rue  haute": 1, "chat": 1}


def test_what_was_found_wrongly_stands_again_and_is_still_listed() -> None:
    masker = Masker(MARIE, shown=("tom",))
    assert read("Tom et Tom, Paul Dubois.", masker) == "Tom et Tom, [name]."
    assert masker.shown_again == {Hit("name", "Tom"): 2}
    assert masker.hits == {Hit("name", "Paul Dubois"): 1}


@pytest.mark.parametrize(
    ("given", "whose"),
    [
        ("Marie Dubois", "theirs"),
        ("DUBOIS Marie", "theirs"),
        ("Mme Marie Dubois", "theirs"),
        ("Marie Dubois-Leroy", "theirs"),
        ("", "unsure"),
        ("Dubois", "unsure"),
        ("M. Dubois", "unsure"),
        ("Paul Dubois", "other"),
        ("Walter Nagel", "other"),
        ("Dubois Leroy", "other"),
    ],
)
def test_whose_a_message_is_is_said_by_the_name_under_it(given: str, whose: str) -> None:
    assert whose_name("Marie Dubois", given) == whose


def test_the_others_are_those_who_bear_another_name() -> None:
    assert others_among(["Marie Dubois", "DUBOIS", "Paul Dubois", " "], "Marie Dubois") == ["Paul Dubois"]
