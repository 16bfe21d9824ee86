"""The page, the pictures and the document: well-formed, from nowhere else, and no hand-written sentence is lost."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from classifier.measuring import album, document, page, report, terminal
from classifier.measuring.report import Report
from classifier.measuring.robustness import Loss
from classifier.measuring.speed import Speed
from classifier.pipeline import Classifier
from tests.classifier.measuring.by_hand import answer, answers, record

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def measured() -> Report:
    records = [
        record(number, kind="question", flags=["urgent"], text="<b>Aïe</b> & \"co\" \ud800 'x'") for number in range(12)
    ]
    records += [record(20 + number, language="nl", department=None) for number in range(12)]
    found = [answer(flags={"urgent": 0.8}) for _ in range(12)] + [
        answer(language="nl", nowhere=True) for _ in range(12)
    ]
    made = report.of("model-<1>", "a & b", records, answers(*found), seed=1)
    return replace(
        made,
        losses=(Loss("shouting", 3, {"department_top_1": -1.04, "doctor": 2.0}),),
        speed=Speed(1, 2, 3, 4, 5, 6),
        baselines={"majority": made.all},
        doubts=("It may have seen <some>.",),
    )


def test_the_page_is_well_formed_and_stands_alone(measured: Report) -> None:
    text = page.page(measured)
    tree = ET.fromstring(text.removeprefix("<!DOCTYPE html>"))
    assert tree.attrib["lang"] == "en"
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not tags & {"script", "img", "link", "iframe", "object", "image", "use"}
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert name not in ("src", "style", "srcset"), element.tag
            assert not name.startswith("on"), element.tag
            assert name != "href" or value.startswith("#"), value
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)


def test_every_table_has_a_caption_and_every_picture_its_words(measured: Report) -> None:
    tree = ET.fromstring(page.page(measured).removeprefix("<!DOCTYPE html>"))
    svg = "{http://www.w3.org/2000/svg}"
    tables, pictures = list(tree.iter("table")), list(tree.iter(f"{svg}svg"))
    assert len(tables) > 8
    assert len(pictures) > 10
    assert all(table[0].tag == "caption" and "".join(table[0].itertext()).strip() for table in tables)
    for table in tables:
        body = table.find("tbody")
        assert body is not None
        assert all(row[0].attrib.get("scope") == "row" for row in body)
        assert all(cell.tag == "td" or cell.attrib["scope"] == "col" for cell in table.find("thead/tr") or ())
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1, "".join(table[0].itertext())
    ids = [element.attrib["id"] for element in tree.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    for picture in pictures:
        title, words = picture.find(f"{svg}title"), picture.find(f"{svg}desc")
        assert title is not None
        assert words is not None
        assert title.text
        assert len(words.text or "") > 5
        assert picture.attrib["role"] == "img"
        assert picture.attrib["aria-labelledby"].split() == [title.attrib["id"], words.attrib["id"]]
    for element in tree.iter():
        for name in (element.attrib.get("aria-labelledby") or "").split():
            assert name in ids
        if element.attrib.get("href"):
            assert element.attrib["href"][1:] in ids


def test_pictures_stand_alone_too_and_stay_inside_their_frame(measured: Report) -> None:
    for picture in album.of(measured).values():
        tree = ET.fromstring(picture.alone())
        assert tree.find("{http://www.w3.org/2000/svg}style") is not None
        _, _, width, height = map(float, tree.attrib["viewBox"].split())
        assert (float(tree.attrib["width"]), float(tree.attrib["height"])) == (width, height)
        for element in tree.iter():
            for name, most in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
                ("cy", height),
            ):
                assert 0 <= float(element.attrib.get(name, 0)) <= most, (picture.name, element.attrib)


def test_the_json_is_plain_and_holds_no_text(measured: Report) -> None:
    text = json.dumps(measured.as_json(), allow_nan=False)
    told = json.loads(text)
    assert "Aïe" not in text
    assert told["parts"]["nl"]["messages"] == 12
    assert told["parts"]["all"]["labels"]["urgent"]["f1"]["value"] == 1.0
    assert told["parts"]["nl"]["labels"]["urgent"]["f1"]["value"] is None
    assert {one["aim"] for one in told["targets"]} >= {"language", "urgent, recall"}


def test_the_terminal_says_what_is_missed(measured: Report) -> None:
    out = StringIO()
    terminal.show(measured, Console(file=out, width=160))
    text = out.getvalue()
    assert "It may have seen <some>." in text
    assert re.search(r"kind, macro F1 +│ +missed", text)
    assert re.search(r"shouting +│ +3 +│ +−1.0 ", text)


def test_what_people_wrote_survives_every_printing(measured: Report, tmp_path: Path) -> None:
    path = document.write(measured, tmp_path, "guichet evaluate")
    first = path.read_text(encoding="utf-8")
    edited = first.replace(
        "<!-- by hand: opening -->\n", "<!-- by hand: opening -->\n\nWritten by a person: \\1 $x.\n\n"
    )
    edited += "\n<!-- by hand: of-earlier -->\nNowhere placed.\n<!-- end by hand -->\n"
    path.write_text(edited, encoding="utf-8")
    (tmp_path / "classifier" / "old.svg").write_text("<svg/>", encoding="utf-8")
    document.write(replace(measured, losses=(), speed=None, baselines=None), tmp_path, "guichet evaluate")
    again = path.read_text(encoding="utf-8")
    assert "Written by a person: \\1 $x." in again
    assert again.count("Nowhere placed.") == 1
    # A section that is not printed this time keeps its hand-written part as well.
    assert again.count("<!-- by hand: on-damage -->") == 1
    document.write(measured, tmp_path, "guichet evaluate")
    assert "Written by a person" in path.read_text(encoding="utf-8")
    assert not (tmp_path / "classifier" / "old.svg").exists()
    assert all((tmp_path / name).exists() for name in re.findall(r"\]\((classifier/[^)]+)\)", first))


def test_the_document_of_the_house_is_about_the_model_in_use(classifier: Classifier) -> None:
    text = (DOCS / document.NAME).read_text(encoding="utf-8")
    assert f"`{classifier.model_id}`" in text, "run `guichet evaluate --docs docs`"
    pictures = re.findall(r"\]\((classifier/[^)]+)\)", text)
    assert len(pictures) > 10
    assert all((DOCS / name).exists() for name in pictures)
