"""Conversations as the console shows them: from what the register and the dialogue know, without a secret of the member's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from chatbot.replies import LIMITS
from chatbot.state import State, begin
from chatbot.texts import texts
from config.vocabulary import FLAGS, Language
from console.talk_contract import GoneError, Talk, TalkLine, Understood, WholeTalk
from gateway.chat_door import signed
from gateway.conversing import SHAPES
from store import links, talks
from store.database import Tx
from store.talks import Going, SeenLine
from store.viewer import Viewer

_FIRST: Final = 200
_STAGES: Final = ("waiting", "person", "robot")


async def going_on(tx: Tx, viewer: Viewer) -> Sequence[Talk]:
    """As console.talk_contract.Talks says."""
    found = [_talk(going) for going in await talks.going_on(tx, viewer)]
    return sorted(found, key=_place)


async def whole(tx: Tx, viewer: Viewer, talk_id: int, *, after: int = 0) -> WholeTalk:
    """As console.talk_contract.Talks says."""
    going = await talks.one(tx, viewer, talk_id)
    if going is None:
        raise GoneError(talk_id)
    lines = await talks.lines(tx, talk_id, after=after)
    return WholeTalk(
        talk=_talk(going),
        lines=[_line(seen, viewer) for seen in lines],
        understood=_understood(_state(going), going.conversation.language),
        most=LIMITS[SHAPES[going.conversation.channel]],
        signs_as=signed(viewer.name, going.conversation.language),
    )


def _place(talk: Talk) -> tuple[int, bool, float]:
    """Who waits first, those in distress before the others and who waits longest before who came later."""
    since = talk.waits_since or talk.started_at
    moment = since.timestamp() if talk.stage != "robot" else -since.timestamp()
    return _STAGES.index(talk.stage), not talk.urgent, moment


def state_of(going: Going) -> State | None:
    """What the dialogue knows of a conversation; None where that cannot be read: nobody can go on with it here."""
    try:
        return State.from_json(going.conversation.state["dialogue"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _state(going: Going) -> State:
    """The same, or that of a conversation in which nothing is known: it must not keep the others from being shown."""
    known = going.conversation
    return state_of(going) or begin(SHAPES[known.channel], known.language)


def _talk(going: Going) -> Talk:
    known, state = going.conversation, _state(going)
    told = " ".join(" ".join((*state.facts.story, *state.facts.wish, *state.facts.questions)).split())
    return Talk(
        id=known.id,
        channel=known.channel,
        language=known.language,
        stage=known.stage,
        urgent=state.hand_urgent or "urgent" in state.flags,
        sealed=going.sealed,
        name=state.facts.name,
        first_words=links.masked(told)[:_FIRST],
        reference=going.reference,
        case_id=known.case_id,
        holder_id=known.taken_by,
        holder=going.holder,
        started_at=known.started_at,
        waits_since=_waits_since(going),
        version=known.version,
        readable=state_of(going) is not None,
    )


def _waits_since(going: Going) -> datetime | None:
    """The last word of the robot before it fell silent was that it fetches a person."""
    if going.conversation.stage == "waiting":
        return going.robot_at or going.conversation.heard_at
    return going.asked_at if going.conversation.stage == "person" else None


def _line(seen: SeenLine, viewer: Viewer) -> TalkLine:
    line = seen.line
    shown = TalkLine(
        id=line.id,
        who="member" if line.direction == "in" else "robot" if line.auto else "colleague",
        name=line.author,
        text=links.masked(line.text),
        at=line.at,
        offered=tuple(label for _, label in line.choices),
        files=line.files,
        delivery=seen.delivery,
    )
    if seen.read:
        return shown
    # What it is about is known in a moment; until then it is for those who may read anything.
    return replace(shown, unread=True) if viewer.medical else replace(shown, unread=True, text="", files=())


def _understood(state: State, language: Language) -> Understood:
    facts = state.facts
    relation = texts()[language].relations.get(facts.relation, facts.relation)
    return Understood(
        kind=state.kind,
        flags=tuple(flag for flag in state.flags if flag in FLAGS),
        story=tuple(map(links.masked, facts.story)),
        wish=tuple(map(links.masked, facts.wish)),
        questions=tuple(map(links.masked, facts.questions)),
        name=facts.name,
        email=facts.email,
        phone=facts.phone,
        member_number=facts.member_number,
        on_behalf=facts.represented or relation,
        mandate=facts.mandate,
        anonymous=facts.anonymous,
        earlier=facts.earlier,
    )
