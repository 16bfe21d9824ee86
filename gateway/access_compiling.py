"""One case of an answer to a request for access, made of what was collected and of what people said of it."""

from __future__ import annotations

from typing import Any, Final

from config.vocabulary import CHANNELS, FLAGS, Channel
from console.access_contract import Masked, Offered
from gateway.access_collect import Collected, Entry
from gateway.access_masking import Masker
from gateway.access_model import AnswerCase, Clock, Corrected, Label, Line, Step
from router import deadlines
from store.access_choices import Chosen

# What stands with an entry that may be left out, so that people know it again.
_EXCERPT: Final = 240


def masker_of(found: Collected, chosen: Chosen) -> Masker:
    """What masks the texts of this case."""
    return Masker(found.known, also=chosen.also, shown=chosen.shown)


def answer_case(found: Collected, masker: Masker) -> AnswerCase:
    """The case as it will be read; the masker knows afterwards what it met. Takes time: call it in a thread."""
    row, own = found.row, bool(found.matter.own)
    reference = row.reference if own else found.matter.reference
    return AnswerCase(
        number=found.matter.case_id,
        reference=reference,
        own=own,
        language=row.language,
        channel=row.channel if own else "",
        received_on=deadlines.received_day(row.received_at),
        closed_on=deadlines.received_day(row.closed_at) if own and row.closed_at else None,
        outcome=(row.outcome or "") if own else "",
        lines=tuple(_line(entry, masker) for entry in found.entries if entry.taken),
        steps=tuple(Step(on=day, queue=queue) for day, queue in found.steps),
        clocks=tuple(Clock(clock=clock, due_on=due_on, state=state) for clock, due_on, state in found.clocks),
        labels=tuple(_labels(found.said)),
        model=str(found.said.get("model", "")),
        rule=_rule(found.decision),
        rules_version=str(found.decision.get("rules_version", "")),
        corrected=tuple(
            Corrected(on=day, label=label, value=_value(pair[1]))
            for day, labels in found.corrected
            for label, pair in labels.items()
        ),
        roles=tuple(found.roles),
        departments=tuple(found.departments) if own else (),
        sent_to=tuple(found.sent_to),
        of_others=found.of_others,
        left_out=sum(not entry.taken for entry in found.entries),
    )


def masked_in(masker: Masker) -> tuple[Masked, ...]:
    """What is masked, and what was found and is shown again, in the order of the alphabet."""
    hidden = [
        Masked(hit.kind, hit.text, count, shown=False) for hit, count in masker.hits.items() if hit.kind != "word"
    ]
    again = [Masked(hit.kind, hit.text, count, shown=True) for hit, count in masker.shown_again.items()]
    return tuple(sorted([*hidden, *again], key=lambda one: (one.kind, one.text.lower())))


def offered_in(found: Collected) -> tuple[Offered, ...]:
    """What people may put in or leave out."""
    return tuple(
        Offered(
            kind=entry.kind,
            id=entry.id,
            sort=entry.sort,
            name=entry.name,
            at=entry.at,
            text=" ".join(entry.text.split())[:_EXCERPT],
            taken=entry.taken,
            reason=entry.reason,
        )
        for entry in found.entries
        if entry.offered
    )


def _line(entry: Entry, masker: Masker) -> Line:
    channel: Channel = next((known for known in CHANNELS if known == entry.channel), "email")
    return Line(
        sort=entry.sort,
        at=entry.at,
        channel=entry.channel,
        author=entry.author,
        subject=masker.pieces(entry.subject, channel),
        text=masker.pieces(entry.text, channel),
        files=tuple(masker.pieces(name, channel) for name in entry.files),
    )


def _labels(said: Any) -> list[Label]:
    """What the machine said: kind, department, and every flag with how sure it was."""
    if not said:
        return []
    chances, unsure = said.get("probabilities", {}), set(said.get("abstained_on", ()))
    kind = str(said.get("kind", ""))
    department = str(said.get("department") or "")
    ranked = dict(said.get("departments", ()))
    found = [("kind", kind, float(chances.get("kind", {}).get(kind, 0.0)))]
    if department:
        found.append(("department", department, float(ranked.get(department, 0.0))))
    found += [(flag, "yes", float(chances.get(flag, 0.0))) for flag in FLAGS if said.get(flag)]
    return [
        Label(label=label, value=value, sure=round(100 * chance), left_open=label in unsure)
        for label, value, chance in found
    ]


def _rule(decision: Any) -> str:
    decided = decision.get("decided_by", "")
    return next((str(one["title"]) for one in decision.get("trace", ()) if one["rule"] == decided), str(decided))


def _value(value: Any) -> str:
    return {True: "yes", False: "no", None: ""}.get(value, str(value)) if not isinstance(value, str) else value
