"""The word lists: emergencies and their negation, messages that say nothing, and time linear in the text."""

import time

import pytest

from classifier import lexicon


def groups(text: str) -> set[str]:
    return {hit.group for hit in lexicon.load().find(text, lexicon.words(text))}


@pytest.mark.parametrize(
    "text",
    [
        "Je ne dors plus, j’ai envie de mourir.",
        "je n'ai plus d'insuline depuis hier",
        "Ik heb geen geld meer en wil dood",
        "IK HEB GEEN INSULINE MEER",
        "Ich kann nicht mehr und will mich umbringen.",
        "There is no insulin left, please help",
        "I don't want to live like this",
        "je pense au suicide, aidez-moi",
        "Ik denk aan zelfmoord",
        "I am thinking of suicide",
        "Ich denke an Selbstmord",
    ],
)
def test_a_cry_for_help_is_heard(text: str) -> None:
    assert "emergency" in groups(text)


@pytest.mark.parametrize(
    "text",
    [
        "Je ne suis pas suicidaire, seulement fâché.",
        "Ik ben niet suïcidaal hoor",
        "Ich habe keine Selbstmordgedanken",
        "I am not suicidal, just angry",
        "Mon remboursement est en retard.",
        "Vous vous suicidez commercialement",
    ],
)
def test_a_denied_one_is_not(text: str) -> None:
    assert "emergency" not in groups(text)


def test_accents_case_and_apostrophes_do_not_matter() -> None:
    assert "adviser" in groups("le MEDECIN-CONSEIL")
    assert "adviser" in groups("le médecin conseil")
    assert "about_reimbursements" in groups("mes Remboursements")


@pytest.mark.parametrize(
    "text", ["", "   ", "ok", "OK 👍", "test 123", "Bonjour", "???", "1234", "Envoyé de mon iPhone", "merci !"]
)
def test_messages_that_say_nothing(text: str) -> None:
    assert lexicon.load().is_contentless(lexicon.words(text))


@pytest.mark.parametrize("text", ["remboursement ?", "app kapot", "je veux mourir", "merci pour le remboursement"])
def test_short_messages_that_say_something(text: str) -> None:
    assert not lexicon.load().is_contentless(lexicon.words(text))


@pytest.mark.parametrize("unit", ["plus ", "a", "envie de ", "é̈", "1 ", "'", "\n"])
def test_time_is_linear(unit: str) -> None:
    lists = lexicon.load()

    def seconds(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        began = time.process_time()
        lists.find(text, lexicon.words(text))
        return time.process_time() - began

    small = max(min(seconds(10_000) for _ in range(3)), 1e-3)
    assert min(seconds(100_000) for _ in range(2)) < small * 40
