"""References: check digits, tolerant reading, and what must not be taken for one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.reference import check_digits, find_references, format_reference, parse_reference

KNOWN = "PM-2026-004217-75"


def test_known_example() -> None:
    assert check_digits(2026, 4217) == "75"
    assert format_reference(2026, 4217) == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "PM-2026-004217-75",
        "pm-2026-004217-75",
        "PM 2026 004217 75",
        "PM2026004217 75",
        "pm202600421775",
        "PM–2026–004217–75",
        "PM - 2026 - 004217 - 75",
        "PM‑2026‑004217‑75",
        "PM-2026-\n004217-75",
        "PM.2026/004217.75",
        "PM 2026 004 217 75",
        "Réf. : PM-2026-004217-75, merci",
        "(pm-2026-004217-75)",
        "[PM-2026-004217-75] Votre plainte",
        "PM-2026-004217-75 2 fois déjà",
        "PM-2026-004217-75.",
        "ref_PM-2026-004217-75_x",
    ],
)
def test_found_however_it_is_typed(text: str) -> None:
    assert find_references(text) == (KNOWN,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PM-2026-004217-76",
        "PM-2026-004127-75",
        "PM-2062-004217-75",
        "PM-2026-004217",
        "XPM-2026-004217-75",
        "2026-004217-75",
        "PM-2026-004217-754",
        "à 15 h PM, le 20 26 00 42 17 76",
    ],
)
def test_not_a_reference(text: str) -> None:
    assert find_references(text) == ()


def test_several_in_order_once_each() -> None:
    other = format_reference(2025, 12)
    assert find_references(f"{other} puis {KNOWN} et encore {KNOWN.lower()}") == (other, KNOWN)


@pytest.mark.parametrize("text", [KNOWN, " pm 2026 004217 75 ", "2026-004217-75", "202600421775", "PM-2026-004217-75."])
def test_parse_alone(text: str) -> None:
    assert parse_reference(text) == KNOWN


@pytest.mark.parametrize("text", ["", "PM", f"{KNOWN} et plus", "PM-2026-004217-57", f"{KNOWN} {KNOWN}"])
def test_parse_refuses(text: str) -> None:
    assert parse_reference(text) is None


def test_check_digits_that_stand_apart_go_before_some_that_verify_by_chance() -> None:
    assert parse_reference("PM-2000-5356885-12") == "PM-2000-5356885-12"
    assert find_references("pm 2000 535688512 95") == ("PM-2000-535688512-95",)
    assert find_references("PM2026004217 75, PM202600421775") == (KNOWN,)


@given(st.integers(2000, 2099), st.integers(0, 10**9 - 1))
def test_round_trip(year: int, sequence: int) -> None:
    reference = format_reference(year, sequence)
    assert parse_reference(reference) == reference
    assert find_references(f"x {reference.lower().replace('-', ' ')} y") == (reference,)


@given(st.integers(2000, 2099), st.integers(0, 999_999), st.integers(3, 16), st.integers(1, 9))
def test_one_wrong_digit_is_never_another_case(year: int, sequence: int, place: int, step: int) -> None:
    reference = format_reference(year, sequence)
    if reference[place].isdigit():
        wrong = reference[:place] + str((int(reference[place]) + step) % 10) + reference[place + 1 :]
        assert parse_reference(wrong) is None


@pytest.mark.parametrize(("year", "sequence"), [(1999, 1), (2100, 1), (2026, -1), (2026, 10**9)])
def test_no_reference_outside_the_bounds(year: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="reference"):
        format_reference(year, sequence)


@pytest.mark.parametrize("hostile", ["PM", "PM-", "PM 1", "PM-2026-004217-7", "1 ", " - "])
def test_linear_time(hostile: str) -> None:
    text = hostile * (400_000 // len(hostile))
    started = time.process_time()
    find_references(text)
    parse_reference(text)
    assert time.process_time() - started < 2.0
