"""Texts cost money: listed countries, few an hour, then a person looks (H7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twilio_sms.costs import LastHour, Policy, Verdict, judge
from config.settings import Settings

POLICY = Policy(("32", "31", "33", "49", "352"))
NOTHING = LastHour(0, 0)


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        ("+32470001103", Verdict("go")),
        ("+31612345678", Verdict("go")),
        ("+33612345678", Verdict("go")),
        ("+4915123456789", Verdict("go")),
        ("+352621123456", Verdict("go")),
        ("+447700900123", Verdict("refuse", "country")),
        ("+351912345678", Verdict("refuse", "country")),
        ("+3515551", Verdict("refuse", "country")),
        ("+12025550123", Verdict("refuse", "country")),
        # Calls and texts to these are paid by whoever makes them.
        ("+3290312345", Verdict("refuse", "costs")),
        ("+33899123456", Verdict("refuse", "costs")),
        ("+499001234567", Verdict("refuse", "costs")),
        ("0470001103", Verdict("refuse", "number")),
        ("whatsapp:+32470001103", Verdict("refuse", "number")),
        ("+320", Verdict("refuse", "number")),
        ("", Verdict("refuse", "number")),
        ("+3247000110३", Verdict("refuse", "number")),
    ],
)
def test_numbers(number: str, verdict: Verdict) -> None:
    assert judge(number, NOTHING, POLICY) == verdict


@pytest.mark.parametrize(
    ("hour", "verdict"),
    [
        (LastHour(2, 10), Verdict("go")),
        (LastHour(3, 10), Verdict("hold", "number_rate")),
        # Whoever writes gets answers: a conversation goes on.
        (LastHour(3, 10, from_number=1), Verdict("go")),
        (LastHour(5, 10, from_number=1), Verdict("hold", "number_rate")),
        (LastHour(22, 50, from_number=10), Verdict("go")),
        (LastHour(0, 199), Verdict("go")),
        (LastHour(0, 200), Verdict("hold", "house_rate", alarm=True)),
        (LastHour(0, 200, from_number=50), Verdict("hold", "house_rate", alarm=True)),
    ],
)
def test_rates(hour: LastHour, verdict: Verdict) -> None:
    assert judge("+32470001103", hour, POLICY) == verdict


@given(st.lists(st.sampled_from([f"+3247000110{digit}" for digit in range(10)]), max_size=600))
def test_whatever_is_asked_for_no_hour_costs_more_than_the_house_allows(numbers: list[str]) -> None:
    """Nobody writes to us; codes are asked for: 3 to a number, 200 in all."""
    sent: list[str] = []
    for number in numbers:
        if judge(number, LastHour(sent.count(number), len(sent)), POLICY).outcome == "go":
            sent.append(number)
    assert len(sent) <= 200
    assert all(sent.count(number) <= 3 for number in set(sent))


def test_five_hundred_forms_with_foreign_numbers_send_nothing() -> None:
    verdicts = [judge(f"+88213{number:06d}", NOTHING, POLICY) for number in range(500)]
    assert {verdict.outcome for verdict in verdicts} == {"refuse"}


def test_the_shipped_settings_are_those_of_the_rule() -> None:
    fields = Settings.model_fields
    assert Policy(fields["sms_countries"].default) == POLICY
    assert (fields["sms_per_number_an_hour"].default, fields["sms_an_hour"].default) == (3, 200)
    assert (POLICY.per_number, POLICY.in_all) == (3, 200)
