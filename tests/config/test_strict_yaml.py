"""YAML that people edit: bounded, without aliases, without a key given twice."""

from __future__ import annotations

import pytest

from config.strict_yaml import DataError, parse_yaml, read_yaml
from config.wording import SHIPPED, load_wording


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n", "aliases"),
        ("a: &x 1\n", "aliases"),
        ("a: 1\na: 2\n", "'a' is given twice"),
        ("a: {b: 1, b: 2}\n", "'b' is given twice"),
        ("? [a]\n: 1\n", "a key must be a word"),
        ("[" * 11 + "]" * 11, "nested deeper than 10"),
        ("a: [1\n", "line"),
        ("!!python/name:os.system x", "constructor"),
        ("a: 2026-02-30\n", "cannot be read"),
        ("a: 1\n---\nb: 2\n", "document"),
        ("\x00", "f"),
    ],
)
def test_refused_in_words(text, words):
    with pytest.raises(DataError, match=r"^f") as caught:
        parse_yaml(text, what="f")
    assert words in str(caught.value)


def test_plain_data_is_read():
    assert parse_yaml("a: {b: [1, 0.5, true, x]}\n" + "", what="f") == {"a": {"b": [1, 0.5, True, "x"]}}
    assert parse_yaml("[" * 10 + "]" * 10, what="f")


def test_files_are_bounded_and_must_be_text(tmp_path):
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_bytes(b"#" * (1024 * 1024 + 1))
    binary.write_bytes(b"a: \xff\xfe")
    with pytest.raises(DataError, match=r"large\.yaml: larger than 1 MiB"):
        read_yaml(large)
    with pytest.raises(DataError, match=r"binary\.yaml: cannot be read"):
        read_yaml(binary)


def test_a_missing_language_is_refused(tmp_path):
    for language in ("fr", "nl", "de"):
        (tmp_path / f"{language}.yaml").write_bytes((SHIPPED / f"{language}.yaml").read_bytes())
    with pytest.raises(DataError, match=r"en\.yaml"):
        load_wording(tmp_path)
    (tmp_path / "en.yaml").write_bytes((SHIPPED / "fr.yaml").read_bytes())
    with pytest.raises(DataError, match="says it is fr"):
        load_wording(tmp_path)
