"""Nothing can be set or called that docs/operations.md does not explain, and it explains nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices
from typer.main import get_command

from config.mailboxes import MailboxSettings
from config.settings import Settings
from gateway.cli import app
from gateway.metrics import Metrics

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text of one section."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> dict[str, str]:
    """First to last cell of each row of the tables of a text, by the names in backticks of the first cell."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) > 1:
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells[-1])
    return found


def names_of(field: str) -> list[str]:
    """What a setting is called in the environment, other than the name tests use."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices if str(choice).isupper()]
    return [f"GUICHET_{field.upper()}"]


def commands() -> set[str]:
    """Every command with its group."""
    found = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]  # the app is a group
        below = getattr(command, "commands", {})
        found |= {f"guichet {name} {each}" for each in below} or {f"guichet {name}"}
    return found


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_every_setting_is_explained(field: str) -> None:
    explained = rows(section("Settings"))
    for name in names_of(field):
        assert explained.get(name), f"{name} is not in the table of settings"


def test_no_setting_is_explained_that_is_not_there() -> None:
    real = {name for field in Settings.model_fields for name in names_of(field)}
    assert {name for name in rows(section("Settings")) if re.fullmatch(r"[A-Z_]+", name)} == real
    for name in set(re.findall(r"\bGUICHET_[A-Z_]+[A-Z]\b", PAGE)):
        assert name in real or name.startswith("GUICHET_IMAP_PASSWORD"), name


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_the_defaults_are_those_of_the_code(field: str) -> None:
    line = next(line for line in section("Settings").splitlines() if f"`{names_of(field)[-1]}`" in line.split(" | ")[0])
    default = Settings.model_fields[field].default
    said = line.split(" | ")[1].strip()
    if isinstance(default, bool):
        assert said == f"`{str(default).lower()}`"
    elif isinstance(default, int | float):
        assert float(said.strip("`")) == default
    elif isinstance(default, str) and default:
        assert said == f"`{default}`"


@pytest.mark.parametrize("field", sorted(MailboxSettings.model_fields))
def test_every_field_of_a_mailbox_is_explained(field: str) -> None:
    explained = rows(section("Mailboxes"))
    assert explained.get(field), f"{field} is not in the table of mailbox fields"
    assert set(explained) - {"tls", "starttls", "none"} <= set(MailboxSettings.model_fields)


def test_every_command_is_explained_and_no_other() -> None:
    explained = {re.sub(r" [A-Z]+…?$", "", name) for name in rows(section("The command"))}
    assert explained == commands()


def test_every_series_is_explained() -> None:
    explained = {name.partition("{")[0] for name in rows(section("Health, readiness, figures"))}
    metrics = Metrics()
    for family in metrics.registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert name in explained, name


def test_every_reason_of_readiness_is_explained() -> None:
    code = (Path(__file__).resolve().parents[2] / "gateway" / "health.py").read_text(encoding="utf-8")
    for reason in re.findall(r'_reason\(\s*"(\w+)"', code):
        assert f"`{reason}`" in section("Health, readiness, figures"), reason
