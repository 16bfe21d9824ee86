"""What holds in every conversation, whatever is said in it and whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.absorbing import only_asks
from chatbot.actions import Action, AddToCase, Close, HandOver, Register
from chatbot.dialogue import MOST_TURNS, step
from chatbot.events import (
    CodeChecked,
    CodeSent,
    CopyAnswered,
    Event,
    GivenBack,
    House,
    Left,
    Opened,
    Registered,
    Said,
    StatusKnown,
    StatusUnknown,
    TakenOver,
    TimePassed,
)
from chatbot.knowledge import Entry
from chatbot.replies import Reply, render
from chatbot.state import File, Shape, State, begin
from chatbot.texts import CHOICES, KEYS
from chatbot.understanding import tokens_of, understand, without
from classifier.classification import Classification, Identity, Text
from classifier.identity import find
from config.gsm7 import GSM7, GSM7_DOUBLE
from config.vocabulary import FLAGS, KINDS, LANGUAGES, Language
from tests.chatbot.replaying import SMALL

BEGINNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REFERENCE = "PM-2026-004217-75"
LINES = (
    "oui", "non", "ja", "nee", "yes", "no", "ok", "merci", "1", "2", "3", "stop", "skip", "retour", "aide", "une personne svp",
    "Nederlands please", "auf Deutsch bitte", "Bonjour", "🙂🙂", "👍", "???", "idiot", "", "test", "où en est mon dossier ?",
    "PM-2026-004217-75", "PM-2026-004217-74", "123456", "654321", "je veux rester anonyme", "c'est bien vous",
    "mon remboursement n'est pas arrivé depuis septembre", "Je voudrais être payé avant vendredi.",
    "mijn uitkering werd geblokkeerd zonder uitleg", "Marie Dubois", "je m'appelle Marie Dubois et mon mail est m.d@mail.example",
    "non, mon numéro est 0470 00 11 03", "jan peeters, 02 555 01 22", "numéro de membre 12345678", "voor mijn moeder Jeanne",
    "Combien de temps cela prend ?", "pourquoi personne ne répond ?", "c'est tout, merci", "{name} [open: x] {{ 7*7 }} <b>",
    "mot " * 900, "x" * 3000, "oui mais mon numéro est faux, c'est le 0470 00 11 07", "stop, je ne paie plus ces factures",
    "je veux parler à une personne, mes lunettes ne sont pas remboursées", "where is my case, the one about the wheelchair",
    "sans mon nom svp : au guichet de Mons on crie sur les vieux", "c'est tout : mes lunettes, la facture du dentiste",
    "merci, mais la facture du dentiste reste impayée", "das ist nicht alles, die Brille fehlt noch", "robot de merde",
    "l'adresse de ma fille : jeanne.d@mail.example", "Carte européenne, nederlands please",
)  # fmt: skip


REGISTERED = Registered(REFERENCE, date(2026, 12, 17), "https://complaints.example/c/" + "a" * 22)


class Knows:
    """A knowledge that answers some questions, at great length."""

    def find(self, text: str, language: Language) -> Entry | None:
        return Entry("long", "Une réponse assez longue pour être coupée. " * 40) if len(text) % 2 else None


@cache
def who(text: str) -> Identity:
    return find(Text("chat", text))


@st.composite
def saids(draw: st.DrawFn) -> Said:
    text = draw(st.one_of(st.sampled_from(LINES), st.sampled_from(LINES), st.text(max_size=60)))
    found = Classification(
        language=draw(st.sampled_from(LANGUAGES)),
        kind=draw(st.sampled_from(("complaint", *KINDS))),
        flags={flag: draw(st.integers(0, 9)) == 0 for flag in FLAGS},
        department=None,
        departments=(),
        probabilities={},
        abstained=draw(st.sampled_from(((), (), ("off_scope",)))),
        evidence=(),
        model="",
    )
    kinds = draw(st.lists(st.sampled_from(("picture", "voice", "document", "other")), max_size=1))
    return Said(
        text=text,
        at=BEGINNING,
        found=found,
        identity=who(text),
        choice=draw(st.sampled_from(("", "", "", *CHOICES))),
        files=tuple(File(f"{kind}.bin", kind) for kind in kinds),  # type: ignore[arg-type]
        language=draw(st.sampled_from((None, None, *LANGUAGES))),
        body=draw(st.sampled_from(("", "hospital", "no such body"))),
        distress=draw(st.sampled_from((frozenset(), frozenset({"suicide"}), frozenset({"need"})))),  # type: ignore[arg-type]
    )


EVENTS = st.one_of(
    saids(),
    saids(),
    saids(),
    saids(),
    st.sampled_from(
        (
            Opened(),
            TakenOver("Anne"),
            GivenBack(),
            GivenBack(),
            TimePassed(),
            TimePassed(),
            Left(),
            CodeSent(),
            CodeChecked(ok=False),
            CodeChecked(ok=True),
            StatusUnknown(),
            CopyAnswered("a.b@mail.example", "guarded"),
            CopyAnswered("a.b@mail.example", "sent"),
            REGISTERED,
            StatusKnown(REFERENCE, "A person reads it.", date(2026, 12, 17), "You hear from us."),
        )
    ),
)
CALM = Classification("fr", "complaint", {}, None, (), {}, (), (), "")


def quietly(*texts: str) -> list[tuple[Event, int]]:
    """What a member says who simply answers."""
    return [(Said(text, BEGINNING, CALM, who(text)), 1) for text in texts]


# Random turns seldom come as far as a summary or a case by themselves.
BEFORE = st.sampled_from(
    (
        [],
        quietly("mon remboursement n'est pas là", "être payée"),
        quietly("mon remboursement n'est pas là", "être payée", "Marie Dubois, m.d@mail.example"),
        quietly("mon remboursement n'est pas là", "être payée", "Marie Dubois, m.d@mail.example", "oui"),
        quietly("mon remboursement n'est pas là", "être payée", "Marie Dubois, m.d@mail.example", "test"),
        quietly(
            "mon remboursement n'est pas là", "être payée", "Marie Dubois, m.d@mail.example", "non, a.b@mail.example"
        ),
        quietly("mon remboursement n'est pas là", "stop"),
        quietly("mon remboursement n'est pas là", "stop", "merci"),
        quietly(REFERENCE),
        [*quietly(REFERENCE), (TakenOver("Anne"), 1), (CodeSent(), 1), (StatusUnknown(), 1)],
        [*quietly("mon remboursement n'est pas là"), (TakenOver("Anne"), 1), *quietly("et mes lunettes non plus")],
        [*quietly("mon remboursement n'est pas là"), (TakenOver("Anne"), 1), (Left(), 1), (GivenBack(), 1)],
        [(TakenOver("Anne"), 1), (Opened(), 1)],
    )
)
_RANDOM = st.lists(st.tuples(EVENTS, st.sampled_from((1, 1, 1, 1, 20, 300, 1300))), max_size=50)
STEPS = st.tuples(BEFORE, _RANDOM).map(lambda parts: parts[0] + parts[1])
SHAPES = st.sampled_from(get_args(Shape))


@dataclass
class Talk:
    """A conversation as it went, with everything that may be asked about it afterwards."""

    state: State
    house: House
    now: datetime = BEGINNING
    actions: list[Action] = field(default_factory=list)
    turns: int = 0
    # A slow house registers when it comes to it, and things may happen meanwhile.
    slow: bool = False

    def does(self, event: Event) -> tuple[Reply, ...]:
        before = self.state
        out = step(State.from_json(before.to_json()), event, Knows(), self.house, self.now)
        self.state = out.state
        self.actions += out.actions
        self._holds(before, event, out.replies, out.actions)
        for action in out.actions:
            if isinstance(action, Register) and not self.slow:
                self.does(REGISTERED)
        return out.replies

    def _holds(self, before: State, event: Event, replies: tuple[Reply, ...], actions: tuple[Action, ...]) -> None:
        # Counted here, and not by what is tested.
        self.turns = (0 if before.step == "closed" and self.state.step != "closed" else self.turns) + bool(replies)
        assert self.turns <= MOST_TURNS == 40
        assert self.state.step in KEYS or self.state.step in ("new", "registering", "closed")
        if self.state.hand == "taken" or before.hand == "taken":
            assert not replies or isinstance(event, GivenBack)
        if before.hand == "waiting" and isinstance(event, Said):
            assert {reply.key for reply in replies} <= {"urgent"}
        if before.step != "closed":
            kept = [*self.state.owed, *(action.text for action in actions if isinstance(action, AddToCase))]
            assert words_of(before) <= words_of(self.state) | {token for text in kept for token in tokens_of(text)}
            said = event.files if isinstance(event, Said) else ()
            assert self.state.facts.files == (*before.facts.files, *said)
        if before.hand == "taken" and isinstance(event, GivenBack) and "left" in before.told:
            assert not replies
        for action in actions:
            if isinstance(action, Register):
                self._was_wanted(before, event, action)
            if isinstance(action, Close) and self.state.facts.matter and not self.state.registered:
                # The member did not want it registered, or said that the answer was enough.
                assert action.reason in ("declined", "answered")
        for language in LANGUAGES:
            fits(replies, self.state.shape, language)

    def _was_wanted(self, before: State, event: Event, action: Register) -> None:
        assert action.facts.matter
        if action.why == "yes":
            assert isinstance(event, Said)
            assert before.step in ("sum_up", "ask.stop", "ask.person")
            offered = {name: name for name in before.offered}
            meaning = understand(event.text, choice=event.choice, offered=offered)
            assert "yes" in (meaning.choice, meaning.command)
        elif not isinstance(event, TimePassed | Left) and not (isinstance(event, GivenBack) and "left" in before.told):
            # The only other end that registers is a conversation of very many turns.
            assert before.turns >= 34


def words_of(state: State) -> set[str]:
    """Every word that is in the facts, or waits for the case to be there."""
    facts = state.facts
    texts = (*facts.story, *facts.wish, *facts.questions, *facts.earlier, *state.owed, facts.name, facts.email)
    texts = (*texts, facts.phone, facts.member_number, facts.represented)
    return {token for text in texts for token in tokens_of(text)}


# Characters that the channels take; for SMS three parts of 153 septets.
TAKEN = {"chat": 8000, "telegram": 4096, "whatsapp": 1600, "sms": 459}


def fits(replies: tuple[Reply, ...], shape: Shape, language: Language) -> None:
    messages = render(replies, shape, language)
    assert bool(messages) == bool(replies)
    assert len(messages) <= 3
    for message in messages:
        assert message.text.strip()
        assert shape in ("chat", "telegram") or not message.choices
        if shape == "sms":
            assert set(message.text) <= GSM7 | GSM7_DOUBLE
            assert len(message.text) + sum(sign in GSM7_DOUBLE for sign in message.text) <= 459
        assert len(message.text) <= TAKEN[shape]


def conversation(shape: Shape, language: Language, closed: bool, steps: list[tuple[Event, int]]) -> Talk:
    opens_at = BEGINNING + timedelta(hours=20) if closed else None
    talk = Talk(begin(shape, language), House(opens_at, 12))
    for event, minutes in steps:
        talk.now += timedelta(minutes=minutes)
        if isinstance(event, Said):
            event = replace(event, at=talk.now)  # noqa: PLW2901
        talk.does(event)
    return talk


quickly = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(SHAPES, st.sampled_from(LANGUAGES), st.booleans(), STEPS)
def test_it_is_bounded_silent_for_people_and_registers_only_what_is_wanted(
    shape: Shape, language: Language, closed: bool, steps: list[tuple[Event, int]]
) -> None:
    talk = conversation(shape, language, closed, steps)
    # Left alone it ends: closed, or with a person who has it.
    talk.now += timedelta(days=3)
    talk.does(TimePassed())
    talk.now += timedelta(days=3)
    talk.does(TimePassed())
    assert talk.state.step in ("closed", "new", "ask.story") or talk.state.hand == "taken"
    spoke = talk.state.heard_at is not None and talk.state.step != "closed"
    assert not spoke or talk.state.hand == "taken"


@quickly
@given(SHAPES, st.sampled_from(LANGUAGES), st.booleans(), STEPS)
def test_nothing_that_was_told_is_lost(
    shape: Shape, language: Language, slow: bool, steps: list[tuple[Event, int]]
) -> None:
    """Every word of every line is in the facts, in a registration, or was added to a case."""
    talk = Talk(begin(shape, language), House(), slow=slow)
    held: set[str] = set()
    figures = ""
    for event, minutes in steps:
        talk.now += timedelta(minutes=minutes)
        before = talk.state
        count = len(talk.actions)
        if isinstance(event, Said):
            event = replace(event, at=talk.now)  # noqa: PLW2901
        talk.does(event)
        facts = talk.state.facts
        texts = [*facts.story, *facts.wish, *facts.questions, *facts.earlier, facts.name, facts.email, facts.phone]
        texts += [facts.member_number, facts.represented, *talk.state.owed, talk.state.proving]
        texts += [action.text for action in talk.actions[count:] if isinstance(action, AddToCase)]
        held |= {token for text in texts for token in tokens_of(text)}
        figures += " ".join("".join(sign for sign in text if sign.isdigit()) for text in texts)
        if not isinstance(event, Said):
            continue
        offered = {name: name for name in before.offered}
        meaning = understand(event.text, choice=event.choice, offered=offered)
        if meaning.pure or meaning.reference or meaning.reference_like or meaning.code:
            continue
        if only_asks(event.text, meaning):
            continue
        told = [token for token in without(tokens_of(event.text), *SMALL) if len(token) > 3]
        asked_of_knowledge = meaning.question and before.reference
        missing = [token for token in told if token not in held and token.lstrip("0") not in figures]
        assert not missing or asked_of_knowledge, (before.step, event.text)


@quickly
@given(SHAPES, st.sampled_from(LANGUAGES), STEPS)
def test_the_same_is_asked_at_most_twice_in_vain(
    shape: Shape, language: Language, steps: list[tuple[Event, int]]
) -> None:
    talk = Talk(begin(shape, language), House())
    for event, minutes in steps:
        talk.now += timedelta(minutes=minutes)
        if isinstance(event, Said):
            event = replace(event, at=talk.now)  # noqa: PLW2901
        talk.does(event)
        assert all(times <= 2 for times in talk.state.asked.values())


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize(
    "text", ["Combien de temps cela prend ?", "oui", "Bonjour", "mon mail est a.b@mail.example", "retour", "aide"]
)
def test_no_member_keeps_it_talking(shape: Shape, text: str) -> None:
    """A hundred times the same, and people who give it back at once: it comes to its end within forty turns."""
    talk = Talk(begin(shape, "fr"), House())
    for event, _ in quietly("mon remboursement n'est pas là", *[text] * 100):
        assert isinstance(event, Said)
        talk.does(replace(event, at=talk.now))
        if talk.state.step == "closed":
            break
        if talk.state.hand:
            talk.does(GivenBack())
    assert talk.state.step == "closed"
    assert 2 <= talk.state.turns <= MOST_TURNS


@given(st.lists(saids(), max_size=12))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_who_asks_for_a_person_gets_one_at_any_step(events: list[Said]) -> None:
    talk = conversation("chat", "fr", False, [(event, 1) for event in events])
    if talk.state.hand or talk.state.step == "registering":
        return
    request = events[0] if events else None
    found = Classification("fr", "complaint", {}, None, (), {}, (), (), "") if request is None else request.found
    out = step(talk.state, Said("je voudrais parler à une personne", talk.now, found), Knows(), House(), talk.now)
    assert out.state.hand == "waiting" or any(isinstance(action, Close) for action in out.actions)
    assert any(isinstance(action, HandOver) for action in out.actions) or any(
        isinstance(action, Close) for action in out.actions
    )
