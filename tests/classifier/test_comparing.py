"""When a model may take another's place: counted by hand, and never by chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from classifier.classification import Classification, Text
from classifier.comparing import FEWEST_DIFFERENT, Compared, Headline, compare, verdict
from classifier.corpus import Record
from config.vocabulary import FLAGS


def record(number: int, kind: Any = "complaint", department: Any = "digital", flags: tuple[Any, ...] = ()) -> Record:
    return Record(
        f"m{number}", f"author-{number}", f"s{number}", "fr", Text("email", "x"), kind, frozenset(flags), department
    )


def said(
    kind: Any = "complaint", department: Any = "digital", flags: tuple[Any, ...] = (), *, unsure: bool = False
) -> Any:
    return Classification(
        language="fr",
        kind=kind,
        flags={flag: flag in flags for flag in FLAGS},
        department=department,
        departments=((department, 0.9),),
        probabilities={"kind": {kind: 0.9}},
        abstained=("kind",) if unsure else (),
        evidence=(),
        model="guichet-1-00000000",
    )


def line(name: str, found: Compared) -> Headline:
    return next(one for one in found.headlines if one.name == name)


def test_figures_are_those_counted_by_hand() -> None:
    records = [record(1), record(2, "question", "branches"), record(3, "complaint", None, ("urgent",)), record(4)]
    old = [said(), said("complaint", "digital"), said(flags=("urgent",)), said(flags=("off_scope",))]
    new = [said(), said("question", "branches"), said(), said(unsure=True)]
    found = compare("test", records, old, new, seed=1)
    assert (line("department", found).old, line("department", found).new) == (pytest.approx(2 / 3), 1.0)
    # Complaint: three right of three wanted and four given; question: none of one.
    assert line("kind", found).old == pytest.approx((6 / 7 + 0) / 2)
    assert line("kind", found).new == 1.0
    assert (line("urgent", found).old, line("urgent", found).new) == (1.0, 0.0)
    assert (found.refused_old, found.refused_new) == (1, 0)
    assert (line("abstained", found).old, line("abstained", found).new) == (0.0, 0.25)
    assert line("kind", found).different == 1


@pytest.mark.parametrize(
    ("has", "flags", "doubts", "refused"),
    [
        ((), ("off_scope",), (), 1),
        ((), ("anonymous",), ("department",), 1),
        (("anonymous",), ("off_scope",), (), 1),
        # The house brings a person in between where there is a doubt or a danger: nobody is refused.
        ((), ("off_scope",), ("kind",), 0),
        ((), ("anonymous",), ("anonymous",), 0),
        ((), ("off_scope",), ("doctor",), 0),
        ((), ("off_scope", "urgent"), (), 0),
        (("off_scope",), ("anonymous",), (), 0),
    ],
)
def test_who_is_refused_is_whom_the_house_would_refuse(
    has: tuple[Any, ...], flags: tuple[Any, ...], doubts: tuple[Any, ...], refused: int
) -> None:
    one = replace(said(flags=flags), abstained=doubts)
    found = compare("test", [record(1, department=None, flags=has)], [said()], [one], seed=1)
    assert (found.refused_old, found.refused_new) == (0, refused)
    assert line("wrongly refused", found).new == refused


def test_a_clear_difference_is_told_from_a_small_one() -> None:
    records = [record(n) for n in range(40)]
    right, wrong = said(), said(department="branches")
    clear = compare("test", records, [wrong] * 40, [right] * 40, seed=1)
    assert line("department", clear).better
    assert not line("kind", clear).better
    back = compare("test", records, [right] * 40, [wrong] * 40, seed=1)
    assert line("department", back).worse
    few = compare("test", records, [wrong] * 5 + [right] * 35, [right] * 40, seed=1)
    assert not line("department", few).better
    as_many_each_way = [wrong] * 8 + [right] * 32, [right] * 8 + [wrong] * 8 + [right] * 24
    mixed = line("department", compare("test", records, *as_many_each_way, seed=1))
    assert mixed.different == 16
    assert not mixed.better
    assert not mixed.worse


def test_one_author_s_messages_are_one_observation() -> None:
    records = [
        Record(f"m{n}", "one author", f"s{n}", "fr", Text("email", "x"), "complaint", frozenset(), "digital")
        for n in range(10)
    ] + [record(n) for n in range(11, 31)]
    right, wrong = said(), said(department="branches")
    found = compare("test", records, [wrong] * 10 + [right] * 20, [right] * 30, seed=1)
    # Without this writer, whom a draw leaves out often enough, nothing has changed.
    assert line("department", found).low == 0
    assert not line("department", found).better


def headline(
    name: str = "kind", *, old: float = 0.8, new: float = 0.8, low: float = -0.1, high: float = 0.1
) -> Headline:
    return Headline(name, old, new, low, high, FEWEST_DIFFERENT)


def part(*lines: Headline, refused: tuple[int, int] = (2, 2), name: str = "test") -> Compared:
    return Compared(name, 100, lines, *refused)


GAIN = headline(new=0.9, low=0.02, high=0.2)
LOSS = headline("urgent", new=0.7, low=-0.2, high=-0.02)


@pytest.mark.parametrize(
    ("parts", "forced", "accepted"),
    [
        ([part(GAIN)], False, True),
        ([part(headline()), part(GAIN, name="kept out")], False, True),
        ([part(headline())], False, False),
        ([part(headline())], True, True),
        ([part(GAIN, LOSS)], False, False),
        ([part(GAIN), part(LOSS)], True, False),
        ([part(GAIN, refused=(2, 3))], True, False),
        ([part(GAIN), part(refused=(0, 1))], False, False),
        ([part(headline(), refused=(3, 2))], False, False),
        ([part(headline("abstained", low=0.01, high=0.2), GAIN)], False, False),
        ([part(headline("abstained", low=-0.2, high=-0.01))], False, True),
        ([part(headline("wrongly refused", low=-0.2, high=-0.01), refused=(9, 1))], False, True),
        ([], False, False),
    ],
)
def test_the_rule_of_replacing(parts: list[Compared], forced: bool, accepted: bool) -> None:
    found = verdict(parts, even_if_no_better=forced)
    assert found.accepted == accepted
    assert found.reasons


def test_a_difference_on_too_few_messages_is_none() -> None:
    few = Headline("kind", 0.5, 0.9, 0.1, 0.5, FEWEST_DIFFERENT - 1)
    assert not few.better
    assert not verdict([part(few)]).accepted


def test_models_that_say_the_same_never_win_or_lose() -> None:
    chance = np.random.default_rng(3)
    records = [record(n, flags=("urgent",) if n % 3 else ()) for n in range(50)]
    same = [said(flags=("urgent",) if chance.random() < 0.5 else ()) for _ in records]
    found = compare("test", records, same, same, seed=1)
    assert not verdict([found]).accepted
    assert all((one.low, one.high, one.different) == (0, 0, 0) for one in found.headlines)
    assert compare("empty", [], [], [], seed=1).messages == 0
