"""How a case is told: marks in the text, folds, reasons, and the line of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from console.explanation import explained
from console.story import Mark, marks_in, told
from console.timeline import days, items
from store.audit import Entry
from store.correspondence import MessageRow
from store.views import NoteRow

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def message(**more: object) -> MessageRow:
    values: dict[str, object] = {
        "id": 1, "direction": "in", "channel": "email", "sender_name": "A", "address": "a@mail.example", "subject": "",
        "text": "Bonjour", "reply": "Bonjour", "auto": False, "situation": "", "author": "", "verified": True,
        "defects": (), "at": AT, "inbox_id": 1, "outbox_id": None, "delivery": "", "code": "", "files": (),
    }  # fmt: skip
    return MessageRow(**{**values, **more})  # type: ignore[arg-type]  # The test says what differs, by name.


def evidence(text: str, words: str, label: str) -> dict[str, object]:
    start = text.index(words)
    return {"label": label, "start": start, "end": start + len(words), "text": words, "weight": 1.0}


def test_evidence_is_marked_where_it_stands_and_markup_stays_text() -> None:
    text = "<b>Deux fois</b> sans réponse"
    marks = marks_in(text, [evidence(text, "Deux fois", "second_line")], {"second_line": 1})
    assert str(told(text, marks).first) == (
        '&lt;b&gt;<mark id="evidence-1-3" data-evidence="1">Deux fois</mark>'
        '<sup><a href="#finding-1">1</a></sup>&lt;/b&gt; sans réponse'
    )


def test_overlapping_evidence_is_one_mark_with_both_numbers() -> None:
    text = "déjà écrit deux fois"
    found = [evidence(text, "déjà écrit", "a"), evidence(text, "écrit deux", "b"), evidence(text, "fois", "c")]
    assert marks_in(text, found, {"a": 1, "b": 2}) == (Mark(0, 15, (1, 2)),)


def test_evidence_from_elsewhere_marks_nothing() -> None:
    other = {"label": "a", "start": 0, "end": 3, "text": "xyz", "weight": 1.0}
    subject = {"label": "a", "start": -1, "end": -1, "text": "déjà", "weight": 1.0}
    assert marks_in("déjà écrit", [other, subject], {"a": 1}) == ()


@given(
    st.text(max_size=300),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 4)), max_size=6),
)
def test_no_letter_is_lost_or_doubled_by_marks(text: str, spans: list[tuple[int, int, int]]) -> None:
    found = [
        {"label": str(n), "start": a, "end": b, "text": text[a:b], "weight": 1.0}
        for a, b, n in spans
        if a < b <= len(text)
    ]
    marks = marks_in(text, found, {str(n): n for n in range(1, 5)})
    shown = told(text, marks or (Mark(0, 0, (1,)),))
    without = re.sub(r"<sup>.*?</sup>", "", shown.first + shown.rest)
    assert without.count("<mark") == len(marks)
    assert unescape(re.sub(r"</?mark[^>]*>", "", without)) == text


def test_a_long_text_is_folded_after_forty_lines() -> None:
    story = told("\n".join(f"ligne {n}" for n in range(90)))
    assert story.lines == 90
    assert str(story.first).endswith("ligne 39")
    assert str(story.rest).endswith("ligne 89")
    assert told("court").rest == ""
    assert len(told("mot " * 5_000).first) <= 4_000


def test_why_names_the_rule_the_findings_and_what_nearly_happened() -> None:
    condition = {"field": "urgent_probability", "test": "at_least", "wanted": 0.5, "found": 0.41, "held": False}
    flag = {"field": "urgent", "test": "is", "wanted": True, "found": False, "held": False}
    known = {"field": "sender_known", "test": "not is", "wanted": True, "found": True, "held": False}
    absent = {"field": "anonymous", "test": "is", "wanted": True, "found": False, "held": False}
    why = explained(
        {
            "queue": "mediation", "decided_by": "second_line", "rules_version": "1",
            "trace": [
                {"rule": "distress", "title": "Distress", "outcome": "near", "conditions": [flag, condition]},
                {"rule": "anonymous", "title": "Anonymous", "outcome": "near", "conditions": [known]},
                {"rule": "no_name", "title": "No name", "outcome": "near", "conditions": [absent]},
                {"rule": "second_line", "title": "Second", "outcome": "hit", "conditions": []},
            ],
        },
        {
            "kind": "complaint", "second_line": True, "department": "incapacity", "departments": [["incapacity", 0.8]],
            "probabilities": {"kind": {"complaint": 0.98}, "second_line": 0.96}, "abstained_on": ["department"],
            "evidence": [{"label": "second_line", "text": "deux fois"}, {"label": "second_line", "text": "deux fois"}],
            "model": "m",
        },
    )  # fmt: skip
    assert why is not None
    assert (why.position, why.rules) == (4, 4)
    assert [(f.label, f.chance, f.sure, f.quotes) for f in why.findings] == [
        ("second_line", 0.96, True, ("deux fois",)),
        ("complaint", 0.98, True, ()),
        ("incapacity", 0.8, False, ()),
    ]
    assert [(near.rule, [one.field for one in near.missed]) for near in why.near] == [
        ("distress", ["urgent_probability"]),
        ("anonymous", ["sender_known"]),
    ]
    assert explained(None, None) is None


def test_the_sentence_that_weighed_most_is_told_and_not_marked() -> None:
    text = "Bonjour. J'ai écrit deux fois sans réponse, " + "et puis encore " * 20 + "rien."
    sentence = text[9:]
    evidence = [
        {"label": "second_line", "start": 20, "end": 29, "text": text[20:29], "weight": 0.4, "part": "words"},
        {"label": "second_line", "start": 9, "end": len(text), "text": sentence, "weight": 1.4, "part": "sentence"},
    ]
    said = {"second_line": True, "probabilities": {"second_line": 0.9}, "evidence": evidence}
    why = explained({"queue": "mediation", "decided_by": "", "trace": []}, said)
    assert why is not None
    (finding,) = why.findings
    assert finding.quotes == (text[20:29],)
    assert finding.sentence.startswith("J'ai écrit deux fois")
    assert finding.sentence.endswith(" …")
    assert len(finding.sentence) <= 160
    assert marks_in(text, evidence, why.numbers) == (Mark(20, 29, (1,)),)


def test_the_line_of_time_is_in_order_by_day_and_folds_long_runs() -> None:
    entries = [Entry(AT + timedelta(minutes=n), "system", "clock.reminder", {}) for n in range(10)]
    entries.append(Entry(AT, "user:1", "case.viewed", {}))
    late = message(id=2, at=AT + timedelta(days=1))
    found = items(
        [late, message()], [NoteRow(1, "Tom", "x", AT - timedelta(hours=11))], entries, names={"user:1": "Tom"}
    )
    by_day = days(found)
    assert [str(day.day) for day in by_day] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    run = by_day[1].blocks[1]
    assert (len(run.items), len(run.folded), len(run.last)) == (2, 6, 2)


def test_what_came_since_is_marked_and_what_was_taken_back_has_no_words() -> None:
    taken_back = message(id=3, direction="out", delivery="cancelled", text="secret", author="Tom", at=AT)
    undone = Entry(AT, "user:1", "case.answer_undone", {"message": 3})
    found = items([taken_back], [], [undone], names={"user:1": "Tom"}, since=AT - timedelta(minutes=1))
    assert [(item.sort, item.act, item.actor, item.new, item.story) for item in found] == [
        ("event", "case.answer_undone", "Tom", True, None)
    ]


def test_of_our_own_messages_the_words_are_shown_and_never_the_secret_link() -> None:
    link = "https://guichet.example/fr/c/Zz0_-bcdefghijklmnopqr"
    answer = message(direction="out", author="Tom", reply="Bonjour", text=f"Bonjour\n\nPM-1\nVoir mon dossier: {link}")
    receipt = message(
        id=2, direction="out", auto=True, reply="", text=f"Votre dossier : {link}. Bien à vous.", delivery="failed"
    )
    shown, sent = items([answer, receipt], [], [], names={})
    assert shown.story is not None
    assert sent.story is not None
    assert (str(shown.story.first), shown.quoted) == ("Bonjour", None)
    assert str(sent.story.first) == "Votre dossier : https://guichet.example/fr/c/…. Bien à vous."


def test_what_was_made_invisible_is_shown_apart_and_without_a_secret_link() -> None:
    hidden = "never said https://guichet.example/fr/c/AbCdEfGhIjKlMnOpQrStUv"
    (item,) = items([message(hidden=hidden)], [], [], names={})
    assert item.hidden is not None
    assert "never said" in item.hidden.first
    assert "AbCdEf" not in item.hidden.first
    assert "never said" not in item.story.first


def test_a_quoted_history_is_folded_and_the_new_text_shown() -> None:
    (item,) = items([message(reply="Merci", text="Merci\n\n> Bonjour")], [], [], names={})
    assert item.story is not None
    assert item.quoted is not None
    assert str(item.story.first) == "Merci"
    assert "&gt; Bonjour" in item.quoted.first
