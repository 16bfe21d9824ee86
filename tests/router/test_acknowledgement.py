"""The matrix situation × kind × language × length: no cell may be missing, and each keeps what the house promises."""

from __future__ import annotations

import re
from datetime import date
from itertools import product

import pytest

from config.departments import SHIPPED
from config.directory import directory
from config.gsm7 import GSM7, GSM7_DOUBLE
from config.vocabulary import CHANNELS, KINDS, LANGUAGES
from router.acknowledgement import acknowledge, greeting_name, joined, length_for, missing_texts
from router.dates import in_full
from router.deadlines import clocks_for, promised
from router.decide import decide, load_rules
from router.examples import facts_from
from router.ruleset import SITUATIONS
from router.texts import sms_parts

RULES = load_rules(SHIPPED / "rules" / "default.yaml")
REFERENCE = "PM-2026-004217-75"
CASE = "https://guichet.example.org/c/AbCdEfGhIjKlMnOpQrStUv"
LETTER = "https://guichet.example.org/l/AbCdEfGhIjKlMnOpQrStUv"
COURTS = {"fr": "tribunaux", "nl": "rechtbank", "de": "Gericht", "en": "courts"}

# One message for each situation; `kind` is put in where the situation leaves it open.
CASES = {
    "mediation": {"second_line": True},
    "department": {"department": "incapacity"},
    "question": {"kind": "question", "department": "membership"},
    "medical": {"doctor": True, "department": "incapacity"},
    "anonymous": {"anonymous": 0.97},
    "off_scope": {"off_scope": 0.97, "text": "À l’hôpital, personne ne m’écoute."},
    "urgent": {"urgent": True, "second_line": True},
    "triage": {"department": ["incapacity", 0.3], "abstained_on": ["department"]},
    "compliment": {"kind": "compliment", "department": "branches"},
    "suggestion": {"kind": "suggestion", "department": "digital"},
}


def answer(short, **more):
    facts = facts_from(short)
    decision = decide(facts, RULES)
    due_on = promised(decision, clocks_for(decision, facts.received_on))
    given = {"reference": REFERENCE, "due_on": due_on, "case_url": CASE, "name": "Marie Dubois"} | more
    if decision.queue == "medical_coordinator":
        given.setdefault("letter_url", LETTER)
    return decision, acknowledge(decision, facts, **given), due_on


def test_every_situation_has_a_case_here_and_a_text():
    assert set(CASES) == set(SITUATIONS)
    assert missing_texts() == []


@pytest.mark.parametrize(("situation", "language", "channel"), list(product(CASES, LANGUAGES, CHANNELS)))
def test_each_cell(situation, language, channel):
    short = CASES[situation] | {"language": language, "channel": channel}
    kinds = ("complaint", "question") if situation in ("mediation", "anonymous", "off_scope") else [None]
    for kind in kinds:
        decision, ack, due_on = answer(short | ({"kind": kind} if kind else {}))
        assert decision.situation == situation
        assert (ack.language, ack.length) == (language, length_for(channel))
        assert REFERENCE in ack.subject
        assert REFERENCE in ack.text
        assert not re.search(r"[{}\[\]]", ack.subject + ack.text)
        assert "\n\n\n" not in ack.text
        assert "  " not in ack.text
        assert ": ." not in ack.text
        if due_on and situation not in ("anonymous", "off_scope"):
            # Short forms for plain SMS write the month without its accents.
            year = str(due_on.year)
            assert in_full(due_on, language) in ack.text or (channel == "sms" and year in ack.text)
        if decision.queue == "mediation":
            assert COURTS[language] in ack.text
        if channel == "sms":
            assert set(ack.text) <= GSM7 | GSM7_DOUBLE
            assert sms_parts(ack.text) <= 3


@pytest.mark.parametrize(("kind", "language"), list(product(KINDS, LANGUAGES)))
def test_whatever_the_kind_there_is_an_answer(kind, language):
    for flags in ({}, {"urgent": True}, {"doctor": True}, {"urgent": True, "doctor": True}, {"second_line": True}):
        for department in (None, "hospital_dental"):
            _, ack, _ = answer({"kind": kind, "language": language, "department": department, **flags})
            assert REFERENCE in ack.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_medical_and_no_name_in_subjects_nor_sms(language):
    medical = re.compile(
        r"m[ée]d[ei]c|medisch|medizin|arzt|ärzt|arts\b|doctor|suicid|zelfmoord|hospital|ziekenhuis|krankenhaus|h[oô]pital",
        re.I,
    )
    for short in CASES.values():
        for channel in ("email", "sms", "whatsapp"):
            decision, ack, _ = answer(short | {"language": language, "channel": channel})
            assert not medical.search(ack.subject)
            assert "Dubois" not in ack.subject
            if channel != "email":
                assert not medical.search(ack.text.replace(CASE, "").replace(LETTER, "")), decision.situation
                assert "Dubois" not in ack.text


@pytest.mark.parametrize("situation", CASES)
def test_the_submitters_words_never_come_back(situation):
    canary = "Kanarienvogel XYZZY"
    short = CASES[situation] | {"subject": canary}
    short["text"] = f"{short.get('text', '')} {canary} http://spam.example"
    for channel in CHANNELS:
        _, ack, _ = answer(short | {"channel": channel})
        assert "XYZZY" not in ack.subject + ack.text
        assert "spam.example" not in ack.text


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Marie Dubois", "Marie Dubois"),
        ("  Jean-Pierre   d’Hondt ", "Jean-Pierre d’Hondt"),
        ("J.P. Müller", "J.P. Müller"),
        ("Ólafur Şahin", "Ólafur Şahin"),
        ("محمد", "محمد"),
        ("Marie\u202eeiraM", "MarieeiraM"),
        ("Marie\r\nBcc: x", ""),
        ("Win at http://x.example", ""),
        ("win www.x.example now", ""),
        ("casino.example", ""),
        ("marie@example.org", ""),
        ("A" * 61, ""),
        ("A" * 60, "A" * 60),
        ("Call 0470 00 00 00", ""),
        ("{reference}", ""),
        ("<b>Marie</b>", ""),
        ("🎉🎉", ""),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_name_is_greeted_only_when_it_looks_like_one(name, greeted):
    assert greeting_name(name) == greeted
    _, ack, _ = answer({"department": "digital"}, name=name)
    assert ack.text.startswith(f"Bonjour {greeted}," if greeted else "Bonjour,")


def test_an_anonymous_message_is_greeted_without_a_name():
    _, ack, _ = answer(CASES["anonymous"])
    assert ack.text.startswith("Bonjour,\n")


def test_the_right_body_is_named_or_none_at_all():
    _, ack, _ = answer({"off_scope": 0.97, "text": "L’hôpital a perdu mes radios"})
    assert "un hôpital ou une clinique" in ack.text
    assert "Droits du patient" in ack.text
    _, ack, _ = answer({"off_scope": 0.97, "text": "Ombudsfin? Ma banque!"})
    assert "02 545 77 70" in ack.text
    _, ack, _ = answer({"off_scope": 0.97, "text": "Rien de connu"})
    assert "un service qui n’est pas le nôtre" in ack.text
    assert "ombudsman.be" in ack.text


def test_urgent_words_first_then_where_a_medical_letter_goes():
    _, ack, _ = answer({"urgent": True, "doctor": True, "text": "je veux mourir"})
    text = ack.text
    assert text.index("112") < text.index("0800") < text.index("Médecin Coordinateur") < text.index(LETTER)


def test_the_sentence_on_suicide_is_left_out_where_the_need_is_another():
    _, need, _ = answer({"urgent": True, "text": "On nous expulse lundi"})
    assert "0800" not in need.text
    assert "service social" in need.text
    _, words, _ = answer({"urgent": True, "text": "Je veux en finir"})
    assert "0800" in words.text
    assert "service social" not in words.text
    _, unclear, _ = answer({"urgent": True, "text": "Au secours"})
    assert "0800" in unclear.text
    assert "service social" in unclear.text


def test_somebody_calls_only_where_somebody_is_on_duty():
    _, ack, _ = answer(CASES["urgent"])
    assert "vous contacte" not in ack.text
    _, ack, _ = answer(CASES["urgent"], callback="avant 17 h")
    assert "vous contacte avant 17 h" in ack.text


def test_working_days_are_explained_as_the_setting_counts_them():
    _, ack, _ = answer(CASES["mediation"])
    assert "du lundi au vendredi" in ack.text
    _, ack, _ = answer(CASES["mediation"], saturdays=True)
    assert "du lundi au samedi" in ack.text


def test_without_a_date_none_is_promised():
    _, ack, _ = answer(CASES["department"], due_on=None)
    assert "Nous vous dirons à quelle date" in ack.text
    assert "au plus tard" not in ack.text


def test_a_doubtful_kind_is_called_a_message():
    short = {"mailbox_queue": "mediation", "kind": ["complaint", 0.9], "abstained_on": ["kind"]}
    _, ack, _ = answer(short)
    assert ack.subject == f"Nous avons bien reçu votre message ({REFERENCE})"


@pytest.mark.parametrize(("language", "channel"), list(product(LANGUAGES, ("email", "sms", "chat"))))
def test_a_later_message_has_its_own_short_receipt(language, channel):
    ack = joined(language, channel, reference=REFERENCE, due_on=date(2026, 12, 17), case_url=CASE, name="Jan Peeters")
    assert REFERENCE in ack.text
    assert CASE in ack.text
    assert "2026" in ack.text
    assert len(ack.text) < 500


BANNED = {
    "fr": ["malheureusement", "irrecevable", "veuillez", "n’hésitez pas"],
    "nl": ["helaas", "onontvankelijk", "gelieve", "aarzel niet"],
    "de": ["leider", "unzulässig", "bitte beachten", "zögern Sie nicht"],
    "en": ["unfortunately", "inadmissible", "kindly", "do not hesitate", "pursuant"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_ours(language):
    for short in CASES.values():
        _, ack, _ = answer(short | {"language": language})
        lowered = ack.text.lower()
        assert not any(word.lower() in lowered for word in BANNED[language])
        assert "!" not in ack.text
        plain = ack.text.replace(CASE, "").replace(LETTER, "")
        for sentence in re.split(r"[.?:]\s|\n", plain):
            assert len(sentence.split()) <= 20, sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_can_help_is_named_in_short_sentences(language):
    for body in directory().bodies:
        word = body.words[language][0].rstrip("*")
        _, ack, _ = answer({"off_scope": 0.97, "text": word, "language": language})
        named = next(line for line in ack.text.split("\n") if body.contact.in_language(language) in line)
        for sentence in re.split(r"[.?:]\s", named):
            assert len(sentence.replace("\u00a0", " ").split()) <= 20, sentence


# Of each step of a refusal its first words: we read it, what we cannot do, who can or how to go on, what happens to the
# message, a person reads the answer.
STEPS = {
    ("anonymous", "fr"): ("avons lu", "ne traitons pas", "votre nom", "rien de plus", "compris"),
    ("anonymous", "nl"): (
        "bericht gelezen",
        "behandelen we|We behandelen",
        "uw .{0,8}naam",
        "verder niets",
        "begrepen",
    ),
    ("anonymous", "de"): ("Nachricht gelesen", "bearbeiten", "Ihre[mn] .{0,8}[Nn]amen", "nichts weiter", "verstanden"),
    ("anonymous", "en"): ("have read", "do not handle", "name", "nothing more", "misunderstand"),
    ("off_scope", "fr"): ("avons lu", "traite|traitons", "peut vous aider", "gardons", "compris"),
    ("off_scope", "nl"): ("bericht .*gelezen", "behandel", "kan u helpen|kan helpen", "bewaren", "begrepen"),
    ("off_scope", "de"): ("Nachricht .*gelesen", "bearbeite", "helfen kann", "bewahren", "verstanden"),
    ("off_scope", "en"): ("have read", "handle", "can help", "keep", "misunderstand"),
}


@pytest.mark.parametrize(("situation", "language"), list(STEPS))
@pytest.mark.parametrize("channel", ["email", "sms", "chat"])
def test_a_refusal_has_its_five_steps_in_their_order(situation, language, channel):
    _, ack, _ = answer(CASES[situation] | {"language": language, "channel": channel})
    position = 0
    for step in STEPS[situation, language]:
        found = re.search(step, ack.text[position:])
        assert found, (step, ack.text)
        position += found.end()
    assert CASE in ack.text


@pytest.mark.parametrize(
    ("language", "complaint", "question"),
    [
        ("fr", "votre plainte", "votre question"),
        ("nl", "uw klacht", "uw vraag"),
        ("de", "Ihre Beschwerde", "Ihre Frage"),
        ("en", "your complaint", "your question"),
    ],
)
def test_a_question_is_not_called_a_complaint(language, complaint, question):
    for situation in ("mediation", "anonymous", "off_scope"):
        _, ack, _ = answer(CASES[situation] | {"language": language, "kind": "question"})
        assert question in ack.text
        assert complaint not in ack.text
    _, ack, _ = answer({"doctor": True, "kind": "question", "language": language})
    assert complaint not in ack.text
    _, ack, _ = answer({"doctor": True, "language": language})
    assert complaint in ack.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_contested_decision_of_an_adviser_is_never_without_the_court_notice(language):
    for short in (CASES["medical"], CASES["medical"] | {"urgent": True}):
        _, ack, _ = answer(short | {"language": language})
        assert re.search(
            {"fr": "recours", "nl": "beroepstermijnen", "de": "Klagefristen", "en": "appeal"}[language], ack.text
        )


def test_danger_from_somebody_else_is_not_answered_by_a_word_on_suicide():
    _, ack, _ = answer({"urgent": True, "text": "Mon mari me frappe"})
    assert "112" in ack.text
    assert "0800" not in ack.text
