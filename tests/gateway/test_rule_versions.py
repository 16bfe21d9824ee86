"""The versions of the rules at the terminal: read, listed, compared, and gone back to by the one way of publishing."""

from __future__ import annotations

from pathlib import Path

from config.departments import SHIPPED
from tests.gateway.test_commands import Command, guichet

# The fixture of the commands' tests serves here too.
__all__ = ["guichet"]

BODY = (SHIPPED / "rules" / "default.yaml").read_text(encoding="utf-8")


def changed(path: Path, version: str, *replacements: tuple[str, str]) -> str:
    """A rule file of another version, with some words replaced."""
    text = BODY.replace('version: "1"', f'version: "{version}"')
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_versions_are_read_listed_compared_and_gone_back_to(guichet: Command, tmp_path: Path) -> None:
    new = changed(tmp_path / "new.yaml", "2", ("title: Distress first", "title: Cries for help first"))
    assert guichet("rules", "publish", new, "--comment", "A clearer name").code == 0
    shown = guichet("rules", "show")
    assert "distress: Cries for help first" in shown.out
    assert "then priority urgent, text urgent, tell mediation." in shown.out
    assert "Version 2, which decides now. A clearer name" in shown.err
    # As a file it is what was published, to the letter.
    assert guichet("rules", "show", "2", "--file").out.strip() == Path(new).read_text(encoding="utf-8").strip()

    assert "No difference." in guichet("rules", "diff", "live", new).err
    compared = guichet("rules", "diff", "1", "2")
    assert "-    title: Distress first" in compared.out
    assert "rule 'distress': is called 'Cries for help first'; it was 'Distress first'" in " ".join(
        compared.err.split()
    )
    # One alone is compared with the rules that decide now.
    assert "it was 'Cries for help first'" in " ".join(guichet("rules", "diff", "1").err.split())

    back = guichet("rules", "return", "1", "--comment", "It confused everybody")
    assert back.code == 0
    assert "Version 1 was published before and decides again." in back.err
    listed = " ".join(guichet("rules", "history", COLUMNS="200").out.split())
    assert (
        listed.index("It confused everybody") < listed.index("A clearer name") < listed.index("The rules as shipped.")
    )
    assert "which decides now" in guichet("rules", "show", "1").err


def test_a_return_passes_what_every_publication_passes(guichet: Command, tmp_path: Path) -> None:
    new = changed(tmp_path / "new.yaml", "2", ("title: Distress first", "title: Cries for help first"))
    assert guichet("rules", "publish", new, "--comment", "A clearer name").code == 0
    for login in ("lena", "luc"):
        words = "correct horse battery staple 9"
        added = guichet("user", "add", login, "--role", "supervisor", "--name", login, typed=f"{words}\n{words}\n")
        assert added.code == 0, added.err
    # What decided until just now comes back on one supervisor's word, and on nobody's it does not.
    nobody = guichet("rules", "return", "1", "--comment", "Back")
    assert nobody.code == 1
    assert "one supervisor stands for this return" in nobody.err
    assert guichet("rules", "return", "1", "--comment", "Back", "--by", "lena").code == 0
    alone = guichet("rules", "return", "2", "--comment", "Again", "--by", "lena")
    assert alone.code == 1
    assert "two supervisors stand for new rules" in alone.err
    assert guichet("rules", "return", "2", "--comment", "Again", "--by", "lena", "--read-by", "luc").code == 0


def test_what_cannot_be_is_said(guichet: Command, tmp_path: Path) -> None:
    for words, said in (
        (("show", "9"), "there is no version “9”"),
        (("return", "9", "--comment", "x"), "there is no version “9”"),
        (("return", "1", "--comment", "x"), "version 1 decides now"),
        (("diff", "missing.yaml"), "there is no file missing.yaml"),
    ):
        ended = guichet("rules", *words)
        assert ended.code == 1
        assert said in " ".join(ended.err.split())
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: x", encoding="utf-8")
    assert "One of them is not sound" in guichet("rules", "diff", str(bad)).err


def test_the_history_names_a_version_whole_on_a_narrow_terminal(guichet: Command, tmp_path: Path) -> None:
    name = "2026-11-27 220648.12"
    new = changed(tmp_path / "new.yaml", name)
    assert guichet("rules", "publish", new, "--comment", "A comment that is longer than its column").code == 0
    for columns in ("80", "72"):
        assert name in guichet("rules", "history", COLUMNS=columns).out
