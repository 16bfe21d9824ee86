"""Single turns that matter: people, proofs, late events, the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from channels.reference import format_reference
from chatbot.actions import AddToCase, CheckCode, Close, HandOver, Register, SendCode
from chatbot.dialogue import step
from chatbot.events import (
    CodeChecked,
    CodeSent,
    CopyAnswered,
    Event,
    GivenBack,
    House,
    Left,
    Registered,
    Said,
    StatusKnown,
    StatusUnknown,
    TakenOver,
    TimePassed,
)
from chatbot.outcome import Outcome
from chatbot.replies import render
from chatbot.state import Shape
from tests.chatbot.replaying import BEGINNING, REFERENCE, Replay

OTHER = format_reference(2026, 4218)
STORY = "mon remboursement n'est pas arrivé depuis septembre"


def keys(talk: Replay, *lines: str) -> list[str]:
    """What is said to the last of these lines."""
    replies = [talk.hears(line) for line in lines][-1]
    return [reply.key for reply in replies]


def one(talk: Replay, event: Event) -> Outcome:
    """What comes of one event, with nobody to carry out the orders."""
    return step(talk.state, event, talk, talk.house, talk.now)


def at_the_summary(channel: str = "chat") -> Replay:
    talk = Replay(channel, "fr")  # type: ignore[arg-type]
    assert keys(talk, STORY, "être payée", "Marie Dubois, marie.dubois@mail.example")[-1] == "sum_up"
    return talk


def test_a_registration_carries_everything_that_was_understood() -> None:
    talk = at_the_summary()
    talk.learns("second_line")
    talk.hears("oui")
    (order,) = [action for action in talk.actions if isinstance(action, Register)]
    assert order.why == "yes"
    assert (order.kind, order.language, order.flags) == ("complaint", "fr", ("second_line",))
    assert (order.facts.story, order.facts.wish) == ((STORY,), ("être payée",))
    assert (order.facts.name, order.facts.email) == ("Marie Dubois", "marie.dubois@mail.example")


@pytest.mark.parametrize("line", ["non", "mm", "peut-être", "je ne sais pas", "merci", "😀", "oui mais non", "2"])
def test_nothing_but_a_yes_registers(line: str) -> None:
    talk = at_the_summary()
    talk.hears(line)
    assert talk.actions == []


def test_hours_and_the_wait_are_told_at_a_hand_over() -> None:
    for house, told in (
        (House(wait_minutes=12), "environ 12 minutes"),
        (
            House(opens_at=datetime(2026, 11, 30, 8, 0, tzinfo=UTC), wait_minutes=12),
            "lundi 30 novembre 2026 à partir de 9 h 00",
        ),
    ):
        talk = at_the_summary()
        talk.house = house
        replies = talk.hears("[person]")
        text = render(replies, "chat", "fr")[0].text.replace("\u00a0", " ")
        assert told in text
        assert "marie.dubois@mail.example" in text
        assert talk.actions == [HandOver("asked", urgent=False)]


def test_when_the_team_is_away_the_wait_begins_in_the_morning() -> None:
    talk = at_the_summary()
    talk.house = House(opens_at=BEGINNING + timedelta(hours=22))
    talk.hears("une personne svp")
    talk.now = BEGINNING + timedelta(hours=22, minutes=30)
    assert not one(talk, TimePassed()).replies
    talk.now = BEGINNING + timedelta(hours=23, minutes=1)
    out = one(talk, TimePassed())
    assert [reply.key for reply in out.replies] == ["nobody"]
    assert [type(action) for action in out.actions] == [Register]
    assert not out.state.hand


def test_a_person_who_comes_is_never_talked_over() -> None:
    talk = at_the_summary()
    talk.does(TakenOver("Anne"))
    talk.learns("urgent")
    for line in ("oui", "allo ?", "je veux en finir", "[yes]"):
        assert keys(talk, line) == []
    talk.now += timedelta(days=4)
    for event in (TimePassed(), CodeSent(), CodeChecked(ok=True), StatusUnknown(), Left()):
        assert not one(talk, event).replies
    assert "je veux en finir" in talk.state.facts.story
    assert [reply.key for reply in one(talk, GivenBack()).replies] == ["back", "sum_up"]


def test_what_is_said_to_a_person_after_registration_is_in_the_case() -> None:
    talk = at_the_summary()
    talk.hears("oui")
    talk.hears("[transcript]")
    talk.does(TakenOver("Anne"))
    talk.hears("le montant est de 84 euros")
    assert talk.actions[-1] == AddToCase(REFERENCE, "le montant est de 84 euros")


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize(("outcome", "told"), [("sent", "transcript"), ("guarded", "transcript.guarded"),
                                               ("not_now", "transcript.not_now")])  # fmt: skip
def test_a_copy_is_said_to_be_what_was_done_with_it(shape: Shape, outcome: Any, told: str) -> None:
    talk = Replay(shape, "fr", copies=outcome)
    for line in ("mon remboursement n'est pas là", "être payée", "Marie Dubois, 0470 00 11 03", "oui"):
        talk.hears(line)
    assert [reply.key for reply in talk.hears("une copie par mail")] == ["ask.address"]
    replies = talk.hears("marie.dubois@mail.example")
    assert [reply.key for reply in replies] == [told, "ask.more"]
    # What was withheld is no address to go by: asked for once more, the question is put again.
    assert talk.state.facts.email == ("marie.dubois@mail.example" if outcome == "sent" else "")


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("sealed", [False, True])
def test_a_telephone_number_is_given_no_link_and_nothing_of_a_medical_matter(shape: Shape, sealed: bool) -> None:
    """Rule H6: a number is only a claim."""
    talk = Replay(shape, "fr")
    for line in ("mon remboursement n'est pas là", "être payée", "Marie Dubois, m.d@mail.example", "oui"):
        talk.hears(line)
    if sealed:
        talk.state = replace(talk.state, flags=("doctor",))
    replies = talk.hears("où en est mon dossier ?")
    text = render(replies, shape, "fr")[0].text
    claimed = shape in ("sms", "whatsapp")
    assert ("https:" in text) is not claimed
    assert (REFERENCE in text) is not (claimed and sealed)


def test_nobody_hears_of_a_copy_while_a_person_has_the_conversation() -> None:
    talk = at_the_summary()
    talk.hears("oui")
    talk.does(TakenOver("Anne"))
    assert not one(talk, CopyAnswered("marie.dubois@mail.example", "guarded")).replies


@pytest.mark.parametrize("reference", [REFERENCE, OTHER])
def test_an_existing_and_an_invented_reference_are_answered_alike(reference: str) -> None:
    """Rule W6: references are countable."""
    talk = Replay("chat", "fr")
    out = one(talk, TimePassed())
    talk.hears("bonjour")
    replies = talk.hears(f"où en est mon dossier {reference} ?")
    assert [reply.key for reply in replies] == ["ask.code"]
    assert SendCode(reference) in talk.actions
    assert reference in render(replies, "chat", "fr")[0].text
    assert not out.replies


def test_a_status_is_told_only_after_a_proof() -> None:
    talk = Replay("chat", "fr")
    talk.hears("où en est mon dossier ?")
    unasked = one(talk, StatusKnown(REFERENCE, "Secret."))
    assert not unasked.replies
    assert unasked.state.reference == ""
    talk.hears(REFERENCE)
    assert keys(talk, "654321") == ["code.wrong", "ask.code"]
    assert keys(talk, "111111") == ["code.wrong", "ask.person"]
    assert talk.state.reference == ""
    talk.hears(REFERENCE)
    assert keys(talk, "123 456") == ["status", "ask.more"]
    assert CheckCode(REFERENCE, "123456") in talk.actions


def test_a_story_told_before_a_status_is_not_forgotten() -> None:
    talk = Replay("chat", "fr")
    talk.hears(STORY)
    talk.hears("où en est mon dossier ?")
    talk.hears(REFERENCE)
    assert keys(talk, "123456") == ["status", "ask.wish"]
    assert talk.state.facts.story == (STORY,)


def test_late_and_doubled_answers_of_the_house_are_harmless() -> None:
    talk = at_the_summary()
    talk.hears("oui")
    state = talk.state
    assert one(talk, Registered(OTHER)) == Outcome(state)
    for event in (CodeSent(), CodeChecked(ok=False), StatusUnknown(), GivenBack()):
        assert one(talk, event) == Outcome(state)


def test_words_between_the_order_and_the_reference_reach_the_case() -> None:
    talk = at_the_summary()
    talk.state = replace(talk.state, step="registering", registered="yes")
    talk.hears("et j'oubliais, c'était en septembre")
    out = one(talk, Registered(REFERENCE))
    assert out.actions == (AddToCase(REFERENCE, "et j'oubliais, c'était en septembre"),)
    assert out.state.owed == ()


def test_stop_asks_once_whether_to_register() -> None:
    talk = Replay("chat", "fr")
    talk.hears(STORY)
    assert keys(talk, "stop") == ["ask.stop"]
    assert keys(talk, "stop") == ["goodbye"]
    assert talk.actions == [Close("declined")]
    assert Replay("chat", "fr").hears("stop")[-1].key == "goodbye"


def test_who_has_left_is_registered_without_a_word() -> None:
    talk = Replay("telegram", "fr")
    talk.hears(STORY)
    assert talk.does(Left()) == ()
    assert [type(action) for action in talk.actions] == [Register, Close]


@pytest.mark.parametrize(
    ("channel", "reminded"), [("chat", False), ("sms", False), ("telegram", True), ("whatsapp", True)]
)
def test_one_reminder_where_it_is_polite_and_never_at_night(channel: str, reminded: bool) -> None:
    talk = Replay(channel, "fr")  # type: ignore[arg-type]
    talk.hears(STORY)
    talk.now = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
    assert not talk.does(TimePassed())
    talk.now = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    assert not talk.does(TimePassed())
    talk.now = BEGINNING + timedelta(hours=5)
    assert [reply.key for reply in talk.does(TimePassed())] == (["reminder", "ask.wish"] if reminded else [])
    # Long enough for a second one, and still before eight in the evening.
    talk.now += timedelta(hours=4)
    assert not talk.does(TimePassed())


def test_thanks_after_the_goodbye_begin_nothing_and_a_new_matter_does() -> None:
    talk = at_the_summary()
    assert keys(talk, "oui", "non merci") == ["goodbye"]
    assert keys(talk, "merci à vous") == []
    assert keys(talk, "et ma carte est bloquée aussi") == ["greet", "ask.wish"]
    assert keys(talk, "une carte qui marche") == ["sum_up"]
    assert talk.state.facts.name == "Marie Dubois"


def test_who_comes_back_after_an_abandonment_goes_on_in_that_case() -> None:
    talk = Replay("chat", "fr")
    talk.hears(STORY)
    talk.now += timedelta(hours=30)
    assert [reply.key for reply in talk.does(TimePassed())] == ["abandoned", "registered"]
    assert keys(talk, "désolée, j'étais à l'hôpital ; il s'agit de 84 euros") == ["added", "ask.more"]


def test_off_scope_is_never_said_by_a_machine_that_is_not_sure() -> None:
    talk = Replay("chat", "fr")
    talk.learns("off_scope abstained=off_scope body=hospital")
    assert keys(talk, STORY) == ["greet", "ask.wish"]


def test_distress_goes_before_everything_and_asks_nothing() -> None:
    talk = at_the_summary()
    talk.learns("urgent distress=suicide")
    replies = talk.hears("de toute façon je veux mourir")
    assert [reply.key for reply in replies] == ["urgent"]
    assert talk.actions == [HandOver("urgent", urgent=True)]
    assert "0800 32 123" in render(replies, "sms", "fr")[0].text


@pytest.mark.parametrize("kind", ["voice", "picture"])
def test_a_file_alone_is_kept_and_is_no_story(kind: str) -> None:
    talk = Replay("whatsapp", "fr")
    assert keys(talk, f"({kind})")[-1] == "ask.story"
    assert keys(talk, "passer")[-1] == "ask.name"
    talk.now += timedelta(days=1)
    talk.does(TimePassed())
    (order,) = [action for action in talk.actions if isinstance(action, Register)]
    assert (order.facts.story, len(order.facts.files)) == ((), 1)


def test_what_was_told_is_acknowledged_once_and_not_asked_again() -> None:
    talk = Replay("chat", "fr")
    (noted,) = render(talk.hears("(document) le refus de mes soins, voir la lettre"), "chat", "fr")
    assert "Bien reçu." in noted.text
    assert "j’ai noté" not in noted.text
    talk = Replay("chat", "fr")
    talk.hears("J'écris pour ma mère, Josette Lambert. Son lit n'arrive pas.")
    (name,) = render(talk.hears("le lit cette semaine"), "chat", "fr")
    assert name.text.startswith("Vous écrivez pour Josette Lambert.")


def test_the_lines_of_a_story_do_not_run_into_each_other() -> None:
    talk = Replay("chat", "fr")
    for line in ("je n'y comprends plus rien", "être remboursée", "Marie Dubois"):
        talk.hears(line)
    (summary,) = render(talk.hears("ma fille tape pour moi, marie.dubois@mail.example"), "chat", "fr")
    assert "plus rien. ma fille tape pour moi" in summary.text


@pytest.mark.parametrize(
    ("said", "contact"),
    [
        ("le mail de ma fille : jeanne.d@mail.example", "jeanne.d@mail.example"),
        ("ma fille : 0470 00 11 03", "+32470001103"),
        ("chez mon fils, 02/555.01.22", "+3225550122"),
        ("numéro de membre 12345678", "12345678"),
    ],
)
def test_who_is_reached_through_somebody_else_may_say_so(said: str, contact: str) -> None:
    talk = Replay("chat", "fr")
    for line in (STORY, "être payée", "Marie Dubois"):
        talk.hears(line)
    summary = talk.hears(said)[-1]
    assert (summary.key, summary.values["contact"]) == ("sum_up", contact)


def test_a_person_is_promised_only_where_an_answer_can_arrive() -> None:
    """A member number is no address, and a chat that reaches the member needs none."""
    for channel, said, told in (
        ("chat", "numéro de membre 12345678", ""),
        ("chat", "marie.dubois@mail.example", "marie.dubois@mail.example"),
        ("telegram", "Marie Dubois, marie.dubois@mail.example", ""),
    ):
        talk = Replay(channel, "fr")  # type: ignore[arg-type]
        for line in (STORY, "être payée", "Marie Dubois", said):
            talk.hears(line)
        (reply,) = talk.hears("[person]")
        assert reply.values["contact"] == told


def test_who_only_asked_where_a_case_is_is_not_thanked_for_telling() -> None:
    talk = Replay("chat", "fr")
    for line in ("où en est mon dossier ?", REFERENCE, "123456"):
        talk.hears(line)
    (goodbye,) = talk.hears("non merci")
    assert (goodbye.key, goodbye.values["reference"]) == ("goodbye", "")


def test_who_leaves_while_a_person_has_it_is_registered_when_it_is_given_back() -> None:
    talk = Replay("telegram", "fr")
    talk.hears(STORY)
    talk.does(TakenOver("Anne"))
    talk.does(Left())
    assert talk.actions == []
    assert talk.does(GivenBack()) == ()
    assert [type(action) for action in talk.actions] == [Register, Close]
    assert keys(talk, "me revoilà, j'avais tout bloqué par erreur") == ["added", "ask.more"]


def test_a_language_that_was_asked_for_stays_whatever_is_typed_next() -> None:
    talk = Replay("chat", "fr")
    talk.hears(STORY)
    assert keys(talk, "Nederlands please")[0] == "switched"
    talk.hears("je voudrais vraiment être remboursée avant vendredi")
    assert talk.state.language == "nl"


def test_despair_by_its_meaning_or_said_outright_needs_no_flag_of_the_classifier() -> None:
    talk = at_the_summary()
    talk.knows = "despair"
    assert keys(talk, "mes enfants n'auraient plus ce poids") == ["urgent"]
    assert talk.every_reply[-1].values["suicide"] == "yes"
    assert "urgent" in talk.state.flags
    talk = at_the_summary()
    outright = Said("je serais mieux morte", talk.now, talk.classification(), outright=True)
    assert [reply.key for reply in one(talk, outright).replies] == ["urgent"]


def test_the_summary_says_for_whom_it_is() -> None:
    talk = Replay("chat", "fr")
    for line in (
        "J'écris pour ma mère, Josette Lambert. Son lit n'arrive pas.",
        "le lit cette semaine",
        "Marie Dubois",
    ):
        talk.hears(line)
    talk.hears("marie.dubois@mail.example")
    (summary,) = render(talk.hears("oui"), "chat", "fr")
    assert "Pour : Josette Lambert" in summary.text.replace("\u00a0", " ")
