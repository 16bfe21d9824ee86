"""Conversations in the example house: that wait, in distress, with the robot, with a colleague, sealed, hostile, of a case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chatbot import state as dialogue
from chatbot.state import Facts, Hand, State
from config.settings import load
from config.vocabulary import Channel, Language
from gateway.house import House as Gateway
from gateway.house import Randomness, active_rules
from gateway.taking_over import HouseTalks
from store import cases, conversations, talks
from store.database import Store
from store.live import Live
from store.queue import LocalQueue
from tests.console.example_house import CANARY, NOW, House

_SHAPES: dict[Channel, dialogue.Shape] = {"chat": "chat", "telegram": "telegram", "whatsapp": "whatsapp", "sms": "sms"}


@dataclass(frozen=True)
class Spoken:
    """A conversation as it was: `said` are lines in order, "robot: " before those of the robot."""

    said: tuple[str, ...]
    facts: Facts
    channel: Channel = "chat"
    address: str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
    language: Language = "fr"
    hand: Hand = ""
    flags: tuple[str, ...] = ()
    urgent: bool = False
    minutes_ago: int = 10
    case: str = ""
    holder: str = ""
    choices: tuple[tuple[str, str], ...] = field(default=())


def talks_of(store: Store, folder: Path) -> HouseTalks:
    """The real house behind conversations, over a store that is open."""
    return HouseTalks(
        Gateway(
            settings=load(data=folder / "data"),
            mailboxes=(),
            store=store,
            arrivals=LocalQueue(),
            departures=LocalQueue(),
            live=Live(),
            secret=b"a secret of the tests, long enough",
            randomness=Randomness(),
        )
    )


async def add_talk(house: House, key: str, spoken: Spoken) -> int:
    """Put a conversation into the register, as the turns of the dialogue leave it."""
    begun = NOW - timedelta(minutes=spoken.minutes_ago)
    shape = _SHAPES[spoken.channel]
    state: State = replace(
        dialogue.begin(shape, spoken.language),
        step="ask.wish",
        facts=spoken.facts,
        kind="complaint",
        hand=spoken.hand,
        hand_urgent=spoken.urgent,
        hand_until=NOW + timedelta(hours=1) if spoken.hand == "waiting" else None,
        flags=spoken.flags,
        heard_at=begun,
    )
    async with house.store.write() as tx:
        held = await conversations.held_for(
            tx, spoken.channel, "widget", spoken.address, language=spoken.language, now=begun
        )
        for number, line in enumerate(spoken.said):
            await _line(tx, held.id, spoken, line, begun + timedelta(seconds=20 * number))
        kept: dict[str, Any] = {"dialogue": state.to_json(), talks.SEALED: "doctor" in spoken.flags}
        await conversations.save(
            tx,
            held,
            state=kept,
            stage="waiting" if spoken.hand == "waiting" else "person" if spoken.holder else "robot",
            language=spoken.language,
            now=begun,
            heard=True,
            due_at=NOW + timedelta(hours=1),
            case_id=house.cases[spoken.case] if spoken.case else None,
        )
        if spoken.case:
            await conversations.give_to_case(tx, held.id, house.cases[spoken.case])
        if spoken.holder:
            seen = await conversations.held(tx, held.id)
            assert seen is not None
            assert await conversations.take(tx, held.id, house.users[spoken.holder], version=seen.version)
    house.talks[key] = held.id
    return held.id


async def _line(tx: Any, talk_id: int, spoken: Spoken, line: str, at: datetime) -> None:
    ours = line.startswith("robot: ")
    await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=None,
            direction="out" if ours else "in",
            channel=spoken.channel,
            account="widget",
            subject="",
            text=line.removeprefix("robot: "),
            reply="",
            at=at,
            auto=ours,
            situation="conversation" if ours else "",
            conversation_id=talk_id,
            choices=spoken.choices if ours else (),
        ),
    )


MARKUP = '<script>document.title="owned"</script> & <b>gras</b>'
LINK = "https://plaintes.partenamut.example/fr/c/Ab3_-bcdefghijklmnopqr"

_WAITING = Spoken(
    said=(
        "Bonjour, on m’a promis un remboursement en août et je n’ai toujours rien. J’ai appelé quatre fois.",
        "robot: Bonjour. Je suis un robot. Je note : un remboursement promis en août n’est pas arrivé. Que souhaitez-vous ?",
        "Je veux parler à quelqu’un, pas à une machine",
        "robot: Je demande à un collègue de venir. Cela prend environ dix minutes. Vous pouvez continuer à écrire.",
        "Merci. J’attends.",
    ),
    facts=Facts(
        story=("Bonjour, on m’a promis un remboursement en août et je n’ai toujours rien. J’ai appelé quatre fois.",),
        wish=("Je veux parler à quelqu’un",),
        name="Nadia Benali",
        phone="+32470001103",
    ),
    hand="waiting",
    minutes_ago=7,
)
_URGENT = Spoken(
    said=(
        "Ik kan mijn huur niet meer betalen, ik weet niet meer wat ik moet doen",
        "robot: Dit klinkt zwaar. U kunt nu bellen: 112 bij gevaar, 106 voor een gesprek. Ik haal meteen iemand.",
    ),
    facts=Facts(story=("Ik kan mijn huur niet meer betalen, ik weet niet meer wat ik moet doen",)),
    channel="whatsapp",
    address="+32470001104",
    language="nl",
    hand="waiting",
    flags=("urgent",),
    urgent=True,
    minutes_ago=3,
)
_ROBOT = Spoken(
    said=("Die Antwort auf meinen Brief fehlt seit Wochen.", "robot: Guten Tag. Was wünschen Sie sich von uns?"),
    facts=Facts(story=("Die Antwort auf meinen Brief fehlt seit Wochen.",), name="Jürgen Thelen"),
    channel="telegram",
    address="4711",
    language="de",
    minutes_ago=2,
)
_WITH_TOM = Spoken(
    said=("The app says my card is blocked", "robot: I fetch a colleague.", "Hello? Is anyone there?"),
    facts=Facts(story=("The app says my card is blocked",), name="Priya Nair"),
    channel="sms",
    address="+32470001105",
    language="en",
    hand="taken",
    holder="tom",
    minutes_ago=25,
)
_SEALED = Spoken(
    said=(f"Le médecin-conseil m’a humilié. {CANARY}", f"robot: Je note. {CANARY}"),
    facts=Facts(story=(f"Le médecin-conseil m’a humilié. {CANARY}",), name=f"Paul {CANARY}"),
    channel="sms",
    address="+32470001106",
    hand="waiting",
    flags=("doctor",),
    minutes_ago=30,
)
_MARKUP = Spoken(
    said=(MARKUP, f"robot: {MARKUP} {LINK}"),
    facts=Facts(
        story=(MARKUP,),
        wish=(MARKUP,),
        name=MARKUP,
        email=MARKUP,
        phone=MARKUP,
        member_number=MARKUP,
        represented=MARKUP,
        earlier=(MARKUP,),
    ),
    address="1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e",
    flags=(MARKUP,),
    choices=((MARKUP, MARKUP),),
    minutes_ago=1,
)
_OF_CASE = Spoken(
    said=(
        "Y a-t-il du nouveau ?",
        f"robot: Votre dossier est chez la Médiation. La page de votre dossier : {LINK}",
    ),
    facts=Facts(name="Lucie Martin"),
    address="2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d",
    case="week",
    minutes_ago=4,
)


async def furnish_talks(house: House) -> None:
    """All of them. The markup in flags is no flag, and shows as it is."""
    # The rules that decide are published, as in every house that runs.
    await active_rules(talks_of(house.store, Path("data")).house)
    for key, spoken in (
        ("waiting", _WAITING),
        ("urgent", _URGENT),
        ("robot", _ROBOT),
        ("tom", _WITH_TOM),
        ("sealed", _SEALED),
        ("markup", _MARKUP),
        ("case", _OF_CASE),
    ):
        await add_talk(house, key, spoken)
