"""Scores, shares, refusals and intervals against counts done by hand."""

import math

import numpy as np
import pytest

from classifier.measuring import scores
from classifier.measuring.bootstrap import Resampling
from classifier.measuring.labels import truth
from classifier.measuring.scores import Score
from config.vocabulary import FLAGS, Flag
from tests.classifier.measuring.by_hand import answer, answers, record


def test_a_score_by_hand() -> None:
    score = Score("urgent", wanted=4, given=5, right=3)
    assert (score.precision, score.recall) == pytest.approx((0.6, 0.75))
    assert score.f1 == pytest.approx(2 / 3)
    assert Score("none", 0, 0, 0).f1 == 0.0


def test_the_scores_of_labels_and_their_mean() -> None:
    records = [record(1), record(2), record(3, kind="question"), record(4, kind="question")]
    found = answers(answer(), answer(), answer(kind="complaint"), answer(kind="question"))
    part = scores.parts(records, truth(records), found, seed=1)["all"]
    complaint, question = part.score("complaint"), part.score("question")
    assert (complaint.wanted, complaint.given, complaint.right) == (2, 3, 2)
    assert (question.wanted, question.given, question.right) == (2, 1, 1)
    # Labels that nobody has don't count: (4/5 + 2/3) / 2.
    assert part.figures["kind_macro_f1"].value == pytest.approx((0.8 + 2 / 3) / 2)
    assert part.figures["kind"].value == pytest.approx(0.75)
    assert complaint.spread[0].value == pytest.approx(complaint.precision)
    assert math.isnan(part.score("compliment").spread[2].value)


def test_departments_are_ranked_where_there_is_one() -> None:
    records = [record(1), record(2), record(3), record(4, department=None)]
    found = answers(
        answer(),
        answer(ranked=["privacy", "branches", "digital"]),
        answer(ranked=["privacy", "branches", "benefits", "digital"]),
        answer(),
    )
    figures = scores.parts(records, truth(records), found, seed=1)["all"].figures
    assert figures["department_top_1"].value == pytest.approx(1 / 3)
    assert figures["department_top_3"].value == pytest.approx(2 / 3)
    # A department for a message that has none is wrong, though its ranking is not asked.
    assert figures["department"].value == pytest.approx(1 / 4)


def test_every_language_is_measured_alone() -> None:
    records = [record(1), record(2, language="nl"), record(3, language="nl")]
    found = answers(answer(), answer(language="nl"), answer(language="de"))
    parts = scores.parts(records, truth(records), found, seed=1)
    assert set(parts) == {"all", "fr", "nl"}
    assert parts["nl"].messages == 2
    assert parts["nl"].figures["language"].value == pytest.approx(0.5)
    assert parts["fr"].figures["language"].value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("has", "said", "abstained", "automatic", "decided"),
    [
        ((), {"off_scope": 0.9}, (), True, True),
        ((), {"anonymous": 0.9}, (), True, True),
        (("anonymous",), {"anonymous": 0.9}, (), False, False),
        (("anonymous",), {"off_scope": 0.9}, (), True, True),
        # What is really off scope is nobody's loss here.
        (("off_scope",), {"anonymous": 0.9}, (), False, False),
        # A doubt or a danger brings a person in between; a doubt about the department alone does not.
        ((), {"off_scope": 0.9}, ("kind",), False, True),
        ((), {"off_scope": 0.9, "urgent": 0.9}, (), False, True),
        ((), {"off_scope": 0.9}, ("department",), True, True),
        ((), {}, (), False, False),
    ],
)
def test_who_is_refused_wrongly(
    has: tuple[Flag, ...], said: dict[Flag, float], abstained: tuple[str, ...], automatic: bool, decided: bool
) -> None:
    records = [record(1, flags=has, department=None)]
    found = answers(answer(flags=said, abstained=abstained))
    assert [bool(one[0]) for one in scores.refused(truth(records), found)] == [automatic, decided]


def test_wrong_refusals_are_a_share_of_what_is_in_scope_beside_the_coverage() -> None:
    records = [record(1), record(2), record(3, flags=["off_scope"], department=None)]
    found = answers(answer(flags={"off_scope": 0.9}), answer(abstained=["kind"]), answer(flags={"off_scope": 0.9}))
    figures = scores.parts(records, truth(records), found, seed=1)["all"].figures
    assert figures["wrongly_refused"].value == pytest.approx(1 / 2)
    assert figures["coverage"].value == pytest.approx(2 / 3)
    assert figures["abstained_kind"].value == pytest.approx(1 / 3)


def test_sure_decisions_are_those_at_nine_tenths() -> None:
    records = [record(1), record(2, kind="question"), record(3), record(4, department=None)]
    found = answers(
        answer(kind_p=0.95, first_p=0.95),
        answer(kind_p=0.95, first_p=0.5),
        answer(kind_p=0.6, first_p=0.5),
        answer(kind_p=0.6, first_p=0.95, flags={"urgent": 0.95}),
    )
    figures = scores.parts(records, truth(records), found, seed=1)["all"].figures
    assert figures["sure_kind"].value == pytest.approx(1 / 2)
    # The last has no department: to be sure of one is an error.
    assert figures["sure_department"].value == pytest.approx(1 / 2)
    assert figures["sure_urgent"].value == 0.0
    assert figures["sure"].value == pytest.approx(2 / 5)


def test_intervals_come_from_whole_authors() -> None:
    # One author wrote 30 messages, all wrong; three wrote ten each, all right. Drawn by message the share would hardly move.
    right = np.array([0.0] * 30 + [1.0] * 30)
    authors = ["diligent"] * 30 + [name for name in "abc" for _ in range(10)]
    pair = np.stack([right, np.ones(60)], axis=1)

    def share(sums: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]  # any numbers
        return np.asarray(sums[..., 0] / sums[..., 1])

    by_author = Resampling(authors, seed=1).estimate(pair, share)[0]
    by_message = Resampling([str(n) for n in range(60)], seed=1).estimate(pair, share)[0]
    assert by_author.value == by_message.value == pytest.approx(0.5)
    assert by_author.high - by_author.low > 2 * (by_message.high - by_message.low)
    assert by_message.low < 0.5 < by_message.high
    assert Resampling(authors, seed=1).estimate(pair, share)[0] == by_author


def test_the_bootstrap_counts_an_author_as_often_as_drawn() -> None:
    draws = Resampling(["a", "a", "b"], seed=3, rounds=200)
    once, often = draws.sums(np.array([[1.0], [1.0], [10.0]]))
    assert once.tolist() == [12.0]
    # Two authors are drawn in each round: both the first, one of each, or both the second.
    assert set(often[:, 0].tolist()) == {4.0, 12.0, 20.0}


def test_flags_are_scored_in_their_own_order() -> None:
    records = [record(number, flags=[flag], department=None) for number, flag in enumerate(FLAGS)]
    found = answers(*(answer(flags={flag: 0.9}, nowhere=True) for flag in FLAGS))
    part = scores.parts(records, truth(records), found, seed=1)["all"]
    assert all(part.score(flag).f1 == 1.0 and part.score(flag).wanted == 1 for flag in FLAGS)
