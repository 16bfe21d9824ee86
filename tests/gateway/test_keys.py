"""A secret that is replaced: what the old one signed still finds its case, until two newer ones have followed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from channels.mail.tags import read_reply_tag, sign_reply_tag
from config.settings import load
from gateway import keys
from gateway.house import House, build

OLDEST, OLDER, OLD, NEW = (f"{name}-secret-of-these-tests-long-enough" for name in ("oldest", "older", "old", "new"))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house that was given a new secret three times."""
    monkeypatch.chdir(tmp_path)
    settings = load(data=tmp_path / "data", secret_key=NEW, old_secret_keys=f"{OLD} {OLDER} {OLDEST}")
    return build(settings, name="test")


def signed_by(house: House, secret: str) -> str:
    """What a house with this one secret would have signed."""
    alone = house.settings.model_copy(update={"secret_key": type(house.settings.secret_key)(secret)})
    return sign_reply_tag(4217, 12, replace(house, secret=keys.master(alone), settings=alone).tag_keys)


def test_the_last_three_verify_and_the_newest_signs(house: House) -> None:
    assert sign_reply_tag(4217, 12, house.tag_keys) == signed_by(house, NEW)
    for secret in (NEW, OLD, OLDER):
        tag = read_reply_tag(signed_by(house, secret), house.tag_keys)
        assert tag is not None
        assert (tag.case_id, tag.contact_id) == (4217, 12)
    assert read_reply_tag(signed_by(house, OLDEST), house.tag_keys) is None


def test_a_secret_that_was_made_in_the_data_folder_can_be_an_old_one(tmp_path: Path) -> None:
    made = load(data=tmp_path / "data")
    first = keys.master(made)
    written = (tmp_path / "data" / "secret.key").read_text(encoding="ascii").strip()
    assert keys.earlier(load(data=tmp_path, old_secret_keys=written)) == (first,)
