"""From probabilities to a Classification: thresholds by what an error costs, and the few rules that are right by definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from classifier import evidence, identity
from classifier.classification import Classification, Reason, Text
from classifier.evidence import Meant
from classifier.features import NAMED_CHANNELS, Floats, Reading, Terms, nobody
from classifier.heads import SLICES, Heads, sigmoid, softmax
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, Department, Flag, Kind, Language

# What a rule says is written as this probability: certain, without pretending to be a measured 1.
_CERTAIN: Final = 0.99
# Who names the mutual's own products or its adviser, or speaks to the house as the one that acted ("chez vous", "your
# branch"), is refused by no less than this: a hospital's bill that the mutual should have paid is full of the hospital.
_SURE_DESPITE_OWN: Final = 0.97
_OWN_CEILING: Final = 0.65
# A refund asked for in words of refunds, and this likely one of ours, is not told off scope unless that is as good as certain.
# On the calibration part this put two messages of ours right and none of others wrong; with other departments it took bills of
# hospitals for matters of our insurance.
_REFUND, _ELSEWHERE, _RATHER_OURS = 0.95, 0.95, 0.3
# Told, but under every certainty that a refusal needs.
_DOUBTED: Final = 0.65
# Above this the message is rather nobody's here than any department's, even where that is not sure enough to refuse it.
_RATHER_ELSEWHERE: Final = 0.5
# Sarcasm thanks and applauds like praise. Whoever is thanked for a complaint has no due date and no answer: where a
# complaint is this likely, a person reads what looks like praise or an idea.
_PERHAPS_COMPLAINT: Final = 0.2
_QUESTIONS: Final = ("kind", "off_scope", "anonymous", "doctor", "department")


def decide(
    heads: Heads, text: Text, reading: Reading, language: Language, terms: Terms, meant: Meant
) -> Classification:
    """The labels of one message. Every probability is what its decision was taken from, rules included."""
    logits = heads.logits(terms, reading.facts, meant.meaning.whole)
    kinds = _kinds(softmax(logits[SLICES["kind"]]), reading)
    flags_p = {flag: float(sigmoid(logits[SLICES[flag]])[0]) for flag in FLAGS}
    flags_p = ruled(flags_p, text, reading)
    places = softmax(logits[SLICES["department"]])
    ranked = _ranked(places)
    flags_p["off_scope"] = _by_matter(flags_p["off_scope"], reading, ranked)
    kind = cast(Kind, max(kinds, key=lambda name: kinds[name]))
    flags = {flag: flags_p[flag] >= heads.thresholds.sure[flag] for flag in FLAGS}
    if reading.contentless:
        flags = {**dict.fromkeys(FLAGS, False), "urgent": flags["urgent"]}
    nowhere = reading.contentless or flags_p["off_scope"] >= _RATHER_ELSEWHERE
    department = None if nowhere else _department(places, ranked)
    doubts = _doubts(heads, kinds, flags_p, flags, ranked, department, contentless=reading.contentless)
    model = f"guichet-1-{heads.digest[:8]}"
    probabilities: dict[str, Any] = {
        "kind": {name: round(value, 4) for name, value in kinds.items()},
        **{flag: round(value, 4) for flag, value in flags_p.items()},
    }
    return Classification(
        language=language,
        kind=kind,
        flags=flags,
        department=department,
        departments=ranked,
        probabilities=probabilities,
        abstained=tuple(doubts),
        because=doubts,
        evidence=evidence.collect(heads, reading, terms, meant, kind, flags, department),
        model=model,
        identity=reading.sender,
    )


def _kinds(learnt: Floats, reading: Reading) -> dict[str, float]:
    if reading.contentless:
        rest = (1 - _CERTAIN) / (len(KINDS) - 1)
        return {kind: _CERTAIN if kind == "other" else rest for kind in KINDS}
    return {kind: float(value) for kind, value in zip(KINDS, learnt, strict=True)}


def ruled(learnt: dict[Flag, float], text: Text, reading: Reading) -> dict[Flag, float]:
    """The probabilities of the flags after the rules that are right by definition.

    Emergency words make a message urgent. Nobody is anonymous who did not ask for it and who signs; and a message without
    those signs is at most doubtful, above all on a channel where the conversation asks for the name. So is an off-scope
    message which names the mutual's own products or its adviser, or speaks to the house, unless all else speaks for it.
    """
    hinted = {hit.group for hit in reading.hits}
    ruled = dict(learnt)
    if "emergency" in hinted:
        ruled["urgent"] = max(ruled["urgent"], _CERTAIN)
    asked = "anonymity" in hinted
    if asked and identity.stated(reading.sender):
        # "Je ne souhaite pas rester anonyme", or a wish that a signature contradicts: a person looks.
        ruled["anonymous"] = min(ruled["anonymous"], _DOUBTED)
    if not asked and identity.stated(reading.sender):
        ruled["anonymous"] = min(ruled["anonymous"], 1 - _CERTAIN)
    elif not asked and text.channel not in NAMED_CHANNELS:
        # There a missing name says nothing; but who wishes to stay unknown says it in more ways than a list of words knows.
        ruled["anonymous"] = min(ruled["anonymous"], _DOUBTED)
    elif not asked and not nobody(text, reading.sender):
        ruled["anonymous"] = min(ruled["anonymous"], 0.5)
    if hinted & {"own", "adviser", "addressed"} and ruled["off_scope"] < _SURE_DESPITE_OWN:
        ruled["off_scope"] = min(ruled["off_scope"], _OWN_CEILING)
    return ruled


def _by_matter(off_scope: float, reading: Reading, ranked: tuple[tuple[Department, float], ...]) -> float:
    """How likely it is that a message is off scope, where it asks for a refund: "mon remboursement du dentiste" is about us,
    however often dentists are complained of."""
    named = any(hit.group.startswith("about_") for hit in reading.hits)
    likeliest, how_likely = ranked[0]
    if named and likeliest == "reimbursements" and how_likely >= _REFUND and off_scope < _ELSEWHERE:
        return min(off_scope, _RATHER_OURS)
    return off_scope


def _ranked(places: Floats) -> tuple[tuple[Department, float], ...]:
    known = places[: len(DEPARTMENTS)]
    total = float(known.sum()) or 1.0
    pairs = [(name, round(float(p) / total, 4)) for name, p in zip(DEPARTMENTS, known, strict=True)]
    return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def _department(places: Floats, ranked: tuple[tuple[Department, float], ...]) -> Department | None:
    """The best one; None for an adviser's conduct, summons or report, and where no department is likelier."""
    return None if float(places[-1]) > float(places[:-1].max()) else ranked[0][0]


def _doubts(
    heads: Heads,
    kinds: Mapping[str, float],
    flags_p: Mapping[Flag, float],
    flags: Mapping[Flag, bool],
    ranked: tuple[tuple[Department, float], ...],
    department: Department | None,
    *,
    contentless: bool,
) -> dict[str, Reason]:
    """The questions that are left to a person, and why, in the order of `_QUESTIONS`."""
    if contentless:
        return dict.fromkeys(_QUESTIONS, "says_nothing")
    limits = heads.thresholds
    found: dict[str, Reason] = {}
    best = max(kinds, key=lambda name: kinds[name])
    if kinds[best] < limits.kind_least:
        found["kind"] = "undecided"
    elif best in ("compliment", "suggestion") and kinds["complaint"] >= _PERHAPS_COMPLAINT:
        found["kind"] = "perhaps_complaint"
    for flag, (low, high) in limits.doubt.items():
        if low <= flags_p[cast(Flag, flag)] < high:
            found[flag] = "not_certain_enough" if flags[cast(Flag, flag)] else "possible"
    if not flags["off_scope"] and not flags["doctor"]:
        if department is None:
            found["department"] = "none_fits"
        elif ranked[0][1] < limits.department_least:
            found["department"] = "undecided"
    return {question: found[question] for question in _QUESTIONS if question in found}
