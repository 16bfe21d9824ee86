"""What a message and a saying teach, and what they leave open."""

from pathlib import Path

import numpy as np
import pytest

from classifier import corpus, lessons
from classifier.encoder import Encoder
from classifier.features import FACTS
from classifier.heads import HEADS


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def test_the_shipped_sayings_are_sound_and_tell_every_department_in_every_language() -> None:
    said = lessons.sayings()
    told = {(saying.language, saying.label) for saying in said}
    for language in ("fr", "nl", "de", "en"):
        assert {label for spoken, label in told if spoken == language} >= {
            *HEADS["department"][:-1],
            "doctor",
            "urgent",
        }
    assert len({(saying.language, saying.text.casefold()) for saying in said}) > 0.98 * len(said)


def test_a_saying_tells_one_label_and_nothing_of_a_sender(tmp_path: Path, encoder: Encoder) -> None:
    (tmp_path / corpus.SAYINGS).mkdir()
    (tmp_path / corpus.SAYINGS / "nl.tsv").write_text(
        "privacy\tmijn buurvrouw kreeg mijn brief\nnot_urgent\tik sterf van het lachen\n"
    )
    one, two = lessons.from_sayings(lessons.sayings(tmp_path), encoder)
    assert one.targets == {"department": HEADS["department"].index("privacy"), "off_scope": 0}
    assert two.targets == {"urgent": 0}
    on = {FACTS[place] for place in np.flatnonzero(one.reading.facts)}
    assert "language:nl" in on
    assert not on & {"no_name", "channel:chat", "no_address", "nobody"}


@pytest.mark.parametrize("line", ["privacy mijn brief", "kitchen\tsoep", "privacy\t "])
def test_a_broken_saying_names_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / corpus.SAYINGS).mkdir()
    (tmp_path / corpus.SAYINGS / "fr.tsv").write_text(f"privacy\tbonjour\n{line}\n")
    with pytest.raises(corpus.CorpusError, match=r"fr\.tsv:2"):
        lessons.sayings(tmp_path)


def test_what_a_message_teaches(encoder: Encoder) -> None:
    records = {record.id: record for record in corpus.read()}
    off = next(record for record in records.values() if "off_scope" in record.flags and len(record.message.text) > 80)
    ours = next(record for record in records.values() if record.department and len(record.message.text) > 80)
    empty = next(record for record in records.values() if record.message.text.strip().lower() == "ok")
    of_off, of_ours, of_empty = lessons.from_records([off, ours, empty], encoder)
    assert "department" not in of_off.targets
    assert of_off.targets["off_scope"] == 1
    assert HEADS["department"][of_ours.targets["department"]] == ours.department
    assert of_ours.author == ours.author
    assert not of_empty.targets
