"""Texts without whom they are about: nothing that identifies is left, and the rest stays."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.classification import Identity, OnBehalf, Text
from classifier.identity import find, mask, masked_text
from tests.classifier.identity_figures import cases


def masked(text: str, name: str = "") -> str:
    return masked_text(text, find(Text("email", text, from_name=name)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Bonjour, je m'appelle Marie Dupont, née le 12/03/1954. Mon NN : 85.07.30-033 28.",
            "Bonjour, je m'appelle [name], née le [date of birth]. Mon NN : [national number].",
        ),
        ("Compte BE68 5390 0754 7034 merci", "Compte [account] merci"),
        ("Bel 0470 00 12 34 of mail jan@example.org.", "Bel [phone] of mail [mail]."),
        ("lidnr 4471-2290 en verder niets", "lidnr [member number] en verder niets"),
        ("Le numéro de mon fils : 17.07.30-033 84", "Le numéro de mon fils : [national number]"),
        ("Le docteur Martin et Mme Lenoir ont ri.", "Le docteur [name] et Mme [name] ont ri."),
        ("J'ai payé 118 € le 12/03/2025, facture 2025-44.", "J'ai payé 118 € le 12/03/2025, facture 2025-44."),
        ("Votre collègue Sophie Lambert m'a raccroché au nez.", "Votre collègue [name] m'a raccroché au nez."),
        ("Ich warte.\nMfG\nJürgen Krings", "Ich warte.\nMfG\n[name]"),
    ],
)
def test_what_identifies_is_replaced(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_name_goes_wherever_it_stands() -> None:
    text = "Sehr geehrte Damen, KRINGS ist mein Name. Krings!\nMfG\nJürgen Krings"
    assert "rings" not in masked(text).lower()
    assert "Delvaux" not in masked("Bonjour, dossier Delvaux bloqué.", name="Monique Delvaux")


def test_nearly_every_name_and_every_number_and_address_of_the_cases_goes() -> None:
    kept: list[str] = []
    marked = 0
    for case in cases():
        text = case.text.text
        left = masked_text(text, find(case.text))
        for field, _, start, end in case.wanted:
            if start >= 0 and (field != "on_behalf" or text[start:end][:1].isupper()):
                marked += 1
                last = text[start:end].split()[-1]
                if re.search(rf"(?<!\w){re.escape(last)}(?!\w)", left):
                    assert field in ("name", "on_behalf"), (text, left)
                    kept.append(text[start:end])
    assert len(kept) <= marked * 0.02, kept


NATIONAL = st.builds(
    lambda base, joints: (base, f"{base:09d}", joints),
    st.integers(100_101_001, 991_231_997),
    st.sampled_from(["", ".", " "]),
)


@settings(deadline=None, max_examples=200)
@given(NATIONAL, st.text(max_size=20), st.text(max_size=20), st.booleans())
def test_no_national_number_survives(number: tuple[int, str, str], before: str, behind: str, right: bool) -> None:
    base, digits, joint = number
    check = 97 - base % 97 if right else 11
    written = f"{digits[:2]}{joint}{digits[2:4]}{joint}{digits[4:6]}{joint and '-'}{digits[6:9]}{joint}{check:02d}"
    # Digits right beside would make another number of it.
    left = masked(f"{before} {written} {behind}")
    assert written not in left
    assert f"{digits}{check:02d}" not in re.sub(
        r"\D", "", left.replace(before, "").replace(behind, "") if before + behind else left
    )


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(
        [
            "BE68 5390 0754 7034",
            "BE68539007547034",
            "be68-5390-0754-7034",
            "NL91 ABNA 0417 1643 00",
            "BE68 5390 0754 7035",
        ]
    ),
    st.sampled_from(["", "Compte ", "IBAN:", "(", "é", "\n"]),
    st.sampled_from(["", ".", ")", " merci de payer", "\n", ", ", " é"]),
)
def test_no_account_survives(account: str, before: str, behind: str) -> None:
    left = masked(before + account + behind)
    assert not re.search(r"\d{2}", left), left


@settings(deadline=None, max_examples=200)
@given(
    st.integers(400_000_000, 499_999_999),
    st.sampled_from(
        ["0{} {} {} {}", "+32 {} {} {} {}", "0032{}{}{}{}", "0{}/{}.{}.{}", "(0{}) {} {} {}", "0{}-{}-{}-{}"]
    ),
    st.sampled_from(["tel", "Bel mij op", "📞", ""]),
)
def test_no_telephone_survives(number: int, written: str, before: str) -> None:
    digits = str(number)
    phone = written.format(digits[:3], digits[3:5], digits[5:7], digits[7:])
    assert not re.search(r"\d{2}", masked(f"{before} {phone} merci"))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300), st.text(max_size=40))
def test_any_unicode_is_taken(text: str, name: str) -> None:
    assert isinstance(masked(text, name), str)


@pytest.mark.parametrize("unit", ["Marie-", "Marie ", "Marie'", "Mme Marie-", "ma fille emma "])
def test_masking_endless_words_and_names_is_quick(unit: str) -> None:
    whole = (unit * 7_000)[:40_000]
    found = find(Text("email", whole))
    began = time.process_time()
    masked_text(whole, found)
    assert time.process_time() - began < 3.0


def test_masked_findings_tell_nobody() -> None:
    text = "Pour ma mère Jeanne Collin, née le 1.5.1948.\nLuc Collin, né le 12/03/1974, 85.07.30-033 28"
    told = find(Text("email", text))
    assert told.on_behalf == OnBehalf("parent", "Jeanne Collin")
    hidden = mask(told)
    assert hidden.on_behalf == OnBehalf("parent", "J. C.")
    assert hidden.found == ()
    assert "Collin" not in repr(hidden)
    assert "1974" not in repr(hidden)
    assert mask(Identity()) == Identity()


def test_what_is_shown_of_findings_in_a_log_holds_no_value() -> None:
    told = find(Text("email", "Mijn nummer: 85.07.30-033 28, geb. 12/03/1974"))
    assert told.national_number == "85073003328"
    assert "85073003328" not in repr(told)
    assert "1974-03-12" not in repr(told)
