"""Aims are met or missed as the figures say, over all and in the weakest language."""

from classifier.measuring import report, targets
from classifier.measuring.robustness import Loss
from classifier.measuring.targets import Aim, Target
from tests.classifier.measuring.by_hand import answer, answers, record


def _judged(*losses: Loss) -> dict[str, Target]:
    # Twenty French messages, all right; ten Dutch ones with the second half wrong; three German ones, all wrong.
    records = [record(number, language="fr") for number in range(20)]
    records += [record(20 + number, language="nl") for number in range(10)]
    records += [record(30 + number, language="de") for number in range(3)]
    found = [answer() for _ in range(25)] + [answer(ranked=["privacy"]) for _ in range(8)]
    measured = report.of("by-hand", "", records, answers(*found), seed=1)
    return {one.aim.name: one for one in targets.judge(measured.parts, measured.errors, losses)}


def test_the_weakest_language_is_one_with_messages_enough() -> None:
    department = _judged()["department, first"]
    assert round(department.value, 4) == round(25 / 33, 4)
    assert (department.weakest, department.weakest_value) == ("nl", 0.5)
    assert not department.met


def test_a_language_far_behind_is_a_miss_of_its_own() -> None:
    behind = _judged()["department, first: weakest language behind all"]
    assert behind.weakest == "nl"
    assert round(behind.value, 4) == round(25 / 33 - 0.5, 4)
    assert not behind.met


def test_an_aim_may_be_met_by_all_and_missed_in_a_language() -> None:
    records = [record(number) for number in range(90)] + [record(90 + number, language="nl") for number in range(10)]
    found = [answer() for _ in range(90)] + [answer(language="nl") for _ in range(9)] + [answer(language="fr")]
    measured = report.of("by-hand", "", records, answers(*found), seed=1)
    language = next(one for one in measured.targets if one.aim.name == "language")
    assert (language.met, language.met_everywhere, language.weakest) == (True, False, "nl")


def test_robustness_is_judged_by_the_figure_that_lost_most() -> None:
    judged = _judged(Loss("shouting", 9, {"department_top_1": 1.0, "doctor": 3.4}), Loss("mild", 9, {"doctor": -2.0}))
    shouting = judged["shouting: most lost on any figure (doctor, F1)"]
    assert (round(shouting.value, 3), shouting.met) == (0.034, False)
    assert judged["mild: most lost on any figure (doctor, F1)"].met


def test_an_aim_is_met_to_the_place_that_is_printed() -> None:
    assert Aim("x", 0.88).met_by(0.88)
    assert not Aim("x", 0.88).met_by(0.8794)
    assert Aim("x", 0.003, at_most=True).met_by(0.003)
    assert not Aim("x", 0.003, at_most=True).met_by(0.0032)
