"""The report to take along: small counts hidden (E3), nothing that a spreadsheet computes (E1), nothing that is fetched (E2)."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from console.report_files import FORMATS, Signed, made, paper, plain
from console.report_sections import sections
from console.words import LANGUAGES, ConsoleLanguage, catalogue
from console.workbook import Sheet, as_csv, as_xlsx, safe
from report.figures import Advice, Clock, Month, Report, Span, Theme
from router.pdf import PdfError

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
HOSTILE = ("=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\x00=1")
SCRIPT = '<script>alert(1)</script><img src=file:///etc/passwd><a href="javascript:1">x</a>'
DEPARTMENTS = {"reimbursements": 40, "incapacity": 12, "digital": 7, "medical": 3, "none": 0}


def example(**changes: object) -> Report:
    """A month with a small count in each split, and hostile words in its themes."""
    splits = {
        "kind": {"complaint": 50, "question": 9, "compliment": 3},
        "department": DEPARTMENTS,
        "channel": {"email": 40, "sms": 20, "letter": 2},
        "language": {"fr": 50, "nl": 12},
    }
    values: dict[str, object] = {
        "first": date(2026, 10, 1),
        "asked_on": date(2026, 11, 3),
        "received": 62,
        "merged": 1,
        "splits": splits,
        "before": splits,
        "year_ago": splits,
        "trend": tuple(
            Month(first=date(2025 + (9 + k) // 12, (9 + k) % 12 + 1, 1), received=k or None, due=k, kept=k)
            for k in range(13)
        ),
        "refused": {"anonymous": 2, "off_scope": 6},
        "acknowledged": Span(count=60, median=0.002, ninth=0.4),
        "resolved": Span(count=3, median=200.0, ninth=400.0),
        "clocks": (Clock(clock="union", due=60, kept=57, missed=3, running=0),),
        "closed": 30,
        "outcomes": {"founded": 12, "not_founded": 8, "withdrawn": 1},
        "causes": {"delay": 11, "none": 5, "documents": 4, "reception": 1},
        "scores": {1: 1, 2: 0, 3: 6, 4: 7, 5: 9},
        "themes": (Theme(department="digital", word=HOSTILE[0], count=9, examples=(SCRIPT, "{{ 7*7 }} {month}")),),
        "advice": Advice(made=1, open=2, followed=3, declined=0),
    }
    return Report.model_validate(values | changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_leaves_the_house_shows_no_small_count(language: ConsoleLanguage) -> None:
    by_id = {one.id: one for one in sections(example(), catalogue()[language], leaving=True)}
    for name in (
        "kind",
        "department",
        "channel",
        "language",
        "refused",
        "outcomes",
        "causes",
        "satisfaction",
        "clocks",
    ):
        for row in by_id[name].rows:
            assert not any(cell.value is not None and 0 < cell.value < 5 for cell in row[1:] if cell.text.isdigit()), (
                row
            )
            assert not any(cell.href for cell in row)
    # Neither from a share, nor from the time that three cases took.
    assert by_id["clocks"].rows[0][-1].value is None
    assert [cell.value for cell in by_id["times"].rows[1][1:]] == [None, None, None]
    assert by_id["clocks"].hides


def test_no_share_and_no_mean_gives_a_hidden_count_back() -> None:
    report = example(outcomes={"founded": 2, "partly_founded": 10, "not_founded": 40, "withdrawn": 6})
    by_id = {one.id: one for one in sections(report, catalogue()["en"], leaving=True)}
    # 57 of 60 would be 95 of 100, 12 of 52 would be 23, and 92 by 23 members would be 4.0: each with one missing number only.
    assert by_id["clocks"].answer.startswith("What share of the time limits was kept is not told here")
    assert by_id["outcomes"].answer.startswith("What share of the complaints was founded is not told here")
    assert by_id["satisfaction"].answer.startswith("What members gave on average is not told here")
    # In the house they are told.
    page = {one.id: one.answer for one in sections(report, catalogue()["en"], leaving=False)}
    assert page["clocks"] == "95 of 100 time limits were kept"
    assert page["outcomes"] == "23 of 100 judged complaints were founded, at least partly"
    assert page["satisfaction"] == "Members gave 4.0 of 5"


def test_a_share_that_reads_the_same_with_one_more_or_less_is_told() -> None:
    report = example(
        clocks=(Clock(clock="union", due=2000, kept=1988, missed=2, running=10),),
        outcomes={"founded": 400, "not_founded": 700, "withdrawn": 2},
        scores={1: 3, 2: 60, 3: 160, 4: 170, 5: 900},
    )
    by_id = {one.id: one for one in sections(report, catalogue()["en"], leaving=True)}
    assert by_id["clocks"].answer == "99 of 100 time limits were kept"
    assert by_id["outcomes"].answer == "36 of 100 judged complaints were founded, at least partly"
    assert by_id["satisfaction"].answer == "Members gave 4.5 of 5"


def test_no_month_of_the_trend_gives_away_what_its_own_report_hid() -> None:
    months = [
        Month(first=date(2026, 9, 1), received=60, due=60, kept=57, hides=True),
        Month(first=date(2026, 10, 1), received=60, due=60, kept=50, hides=False),
        Month(first=date(2026, 6, 1), received=60, due=3001, kept=2951, hides=True),
        # From before it was said: rather too little.
        Month(first=date(2026, 8, 1), received=60, due=60, kept=57),
        Month(first=date(2026, 7, 1), received=60, due=60, kept=60),
    ]
    report = example(trend=tuple(months))
    leaving = sections(report, catalogue()["en"], leaving=True)[0]
    assert [row[2].value for row in leaving.rows] == [None, 83.3, 98.0, None, 100.0]
    page = sections(report, catalogue()["en"], leaving=False)[0]
    assert [row[2].value for row in page.rows] == [95.0, 83.3, 98.3, 95.0, 100.0]


def test_hidden_outcomes_stand_in_an_order_that_tells_nothing() -> None:
    counts = {"not_founded": 40, "withdrawn": 7, "founded": 6, "passed_on": 2, "partly_founded": 1}
    found = {one.id: one for one in sections(example(outcomes=counts), catalogue()["en"], leaving=True)}["outcomes"]
    names = [row[0].text for row in found.rows if row[1].value is None]
    assert len(names) > 1
    assert [row[0].text for row in found.rows[-len(names) :]] == names
    assert names == [
        catalogue()["en"].of("outcome", name)
        for name in sorted(counts)
        if catalogue()["en"].of("outcome", name) in names
    ]


def test_what_is_shown_beside_the_total_gives_no_hidden_count_back() -> None:
    by_id = {one.id: one for one in sections(example(), catalogue()["en"], leaving=True)}
    for name in ("kind", "department", "channel"):
        *rows, total = by_id[name].rows
        away = [row for row in rows if row[1].value is None]
        assert len(away) >= 2
        assert total[1].value == 62
        # Their order tells nothing either, and no change from month to month does.
        assert [row[0].text for row in away] == sorted((row[0].text for row in away), key=str.casefold) or len(away) > 1
        assert all(row[4].value is None for row in away)


def test_the_page_hides_what_sets_medical_matters_apart_and_leads_to_the_rest() -> None:
    by_id = {one.id: one for one in sections(example(), catalogue()["en"], leaving=False)}
    department = {row[0].text: row for row in by_id["department"].rows}
    assert department["Medical adviser"][1].text == "< 5"
    assert department["Online services"][1].text == "hidden"
    kind = {row[0].text: row for row in by_id["kind"].rows}
    assert kind["compliment"][1].value == 3
    assert kind["compliment"][1].href == "/console/report/cases?month=2026-10&by=kind&is=compliment"


def test_causes_come_by_number_and_those_nobody_named_last() -> None:
    by_id = {one.id: one for one in sections(example(), catalogue()["en"], leaving=False)}
    found = by_id["causes"]
    assert found.answer == "“It took too long” comes first, with 11 complaints"
    assert [row[0].text for row in found.rows] == [
        "It took too long",
        "Documents lost or asked for again",
        "Reception or tone",
        "not stated",
        "Total",
    ]
    assert found.rows[-2][1].href == "/console/report/cases?month=2026-10&by=cause&is=none"
    assert found.rows[-1][1].value == 21
    assert found.sentence.endswith("For 5 of them nobody named one.")
    assert "not stated" not in found.chart
    leaving = {one.id: one for one in sections(example(), catalogue()["en"], leaving=True)}["causes"]
    shown = {row[0].text: row[1].value for row in leaving.rows}
    assert shown["Documents lost or asked for again"] is shown["Reception or tone"] is shown["not stated"] is None
    # A report from before anybody was asked says nothing about it.
    assert "causes" not in {one.id for one in sections(example(causes=None), catalogue()["en"], leaving=True)}


def test_times_and_themes_lead_to_their_cases() -> None:
    by_id = {one.id: one for one in sections(example(), catalogue()["en"], leaving=False)}
    assert by_id["times"].rows[0][1].href == "/console/report/cases?month=2026-10&by=times&is=acknowledged"
    assert by_id["themes"].rows[0][2].href.startswith("/console/report/cases?month=2026-10&by=theme&is=digital.%3Dcmd")


def test_a_gap_is_a_gap() -> None:
    trend = sections(example(), catalogue()["en"], leaving=True)[0]
    assert trend.rows[0][1].text == "–"
    assert trend.chart.count("<rect") == 12


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("separator", [",", ";"])
def test_no_text_becomes_a_formula_in_csv(text: str, separator: str) -> None:
    content = as_csv(("name", "n"), [[text, 5], [f'a;b,"{text}', -3]]).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
        for cell in row:
            assert not cell.lstrip('"').strip("\x00 \t\r\n").startswith(("=", "@", "+")), cell
    rows = list(csv.reader(io.StringIO(content, newline="")))
    # Nothing but quotes is added: one before the text, one where it could be cut.
    assert rows[1][0].startswith("'")
    assert rows[1][0].replace("'", "") == text.replace("'", "")
    assert rows[1][1] == "5"
    assert content.count("\r\n") >= 3


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula_in_xlsx(text: str) -> None:
    book = zipfile.ZipFile(
        io.BytesIO(as_xlsx([Sheet("a/b:c", ("x",), [[text, 1.5, None]]), Sheet("a/b:c", ("y",), [])]))
    )
    assert book.testzip() is None
    for name in book.namelist():
        ElementTree.fromstring(book.read(name))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="inlineStr"') == 2
    assert "<v>1.5</v>" in sheet
    names = [
        one.attrib["name"]
        for one in ElementTree.fromstring(book.read("xl/workbook.xml")).iter()
        if "sheetId" in one.attrib
    ]
    assert len(set(names)) == 2


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_sheet_is_called_after_what_is_in_it(language: ConsoleLanguage) -> None:
    signed = Signed("", "", None)
    report = example(robots=3)
    file = await made(report, "xlsx", language, signed, now=NOW)
    book = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(file.content)).read("xl/workbook.xml"))
    names = [one.attrib["name"] for one in book.iter() if "sheetId" in one.attrib]
    words = catalogue()[language]
    assert names == [words[f"report.sheet.{one.id}"] for one in sections(report, words, leaving=True)]
    assert len(set(names)) == len(names)


def test_ordinary_text_stays_as_it_is() -> None:
    assert safe("Remboursements de soins") == "Remboursements de soins"
    assert safe("2 < 5") == "2 < 5"


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_paper_everything_is_text(language: ConsoleLanguage) -> None:
    found = sections(example(), catalogue()[language], leaving=True)
    html = paper(example(), found, language, Signed(SCRIPT, SCRIPT, date(2026, 11, 3)), now=NOW)
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:1&#34;" in html or "javascript:1" not in html.replace("&#34;", '"').replace("&lt;", "")
    assert "{{ 7*7 }} {month}" in html


@pytest.mark.parametrize("format_", FORMATS)
async def test_each_format_is_made(format_: str) -> None:
    file = await made(example(), format_, "fr", Signed(SCRIPT, "Lena", date(2026, 11, 3)), now=NOW)  # type: ignore[arg-type]
    assert file.name == f"report-2026-10.{format_}"
    assert file.rows > 30
    begins = {"pdf": b"%PDF-", "xlsx": b"PK", "csv": b"\xef\xbb\xbf"}[format_]
    assert file.content.startswith(begins)
    if format_ == "pdf":
        assert b"/EmbeddedFile" not in file.content
        assert b"file://" not in file.content


def test_paper_of_a_month_that_goes_on_says_so() -> None:
    going_on = example(asked_on=date(2026, 10, 20))
    html = paper(going_on, sections(going_on, catalogue()["en"], leaving=True), "en", Signed(), now=NOW)
    assert "Draft, not approved. The month is not over: these are the figures up to Tuesday 20 October 2026." in html


async def test_one_section_alone() -> None:
    file = await made(example(), "csv", "en", Signed(), now=NOW, only="channel")
    assert file.name == "report-2026-10-channel.csv"
    assert b'"Channel","Received","Month before","A year ago","Change"' in file.content
    with pytest.raises(KeyError):
        await made(example(), "csv", "en", Signed(), now=NOW, only="nothing")


def test_the_sections_as_json() -> None:
    found = json.loads(plain(date(2026, 10, 1), sections(example(), catalogue()["en"], leaving=True)))
    assert found["month"] == "2026-10"
    assert {one["id"] for one in found["sections"]} >= {"trend", "department", "themes"}


async def test_a_typesetter_that_ends_is_an_error_and_no_empty_file(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(_html: str) -> bytes:
        raise PdfError("the typesetter ended")

    monkeypatch.setattr("console.report_files.make_pdf", ends)
    with pytest.raises(PdfError):
        await made(example(), "pdf", "en", Signed(), now=NOW)


def test_an_empty_month_says_so_without_a_chart() -> None:
    zero = {name: dict.fromkeys(counts, 0) for name, counts in example().splits.items()}
    empty = example(
        received=0, splits=zero, before=zero, year_ago=zero, trend=(), refused={}, acknowledged=Span(count=0),
        resolved=Span(count=0), clocks=(), closed=0, outcomes={}, causes={}, scores={}, themes=(), advice=None,
    )  # fmt: skip
    found = sections(empty, catalogue()["en"], leaving=True)
    assert all(not one.chart or one.id == "trend" for one in found)
    assert "advice" not in {one.id for one in found}
