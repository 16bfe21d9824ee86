"""Which model reads: the one in use from the first message on, the shipped one where that fails, people where both do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classifier.classification import Text
from gateway import classifying, processes
from gateway.classifying import Classifying
from gateway.processes import Process
from gateway.versions import Versions
from store import model_uses
from store.model_uses import SHIPPED
from tests.gateway.conftest import Gateway

ONE, TWO = "guichet-1-00000001", "guichet-1-00000002"
FROM_THE_CODE = "guichet-1-0000000f"


class Loading:
    """Stands for a child: what it loads is named in `whole`, by the name of its folder. `tried` tells what was asked for."""

    whole: dict[str, str]
    tried: list[str]

    def __init__(self, _name: str, _prepare: Callable[..., None], path: Path | None) -> None:
        self.name = path.name if path else SHIPPED

    async def call(self, job: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
        if job is classifying._model_id:
            self.tried.append(self.name)
            return self.whole[self.name]
        return [classifying.unclassified(text, model=self.whole[self.name]) for text in arguments[0]]

    async def retire(self) -> None:
        """Nothing runs."""

    close = retire


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> type[Loading]:
    Loading.whole, Loading.tried = {SHIPPED: FROM_THE_CODE, ONE: ONE, TWO: TWO}, []
    monkeypatch.setattr(classifying, "Child", Loading)
    return Loading


@pytest.fixture
def reader(children: type[Loading], tmp_path: Path) -> Classifying:
    for version in (ONE, TWO):
        (tmp_path / version).mkdir()
    return Classifying(versions=Versions(tmp_path))


async def read_by(reader: Classifying) -> str:
    (found,) = await reader.classify([Text("email", "Bonjour")])
    return found.model


async def follow(reader: Classifying, version: str) -> None:
    reader.follow(version)
    await reader.settled()


async def test_the_version_in_use_is_loaded_first(reader: Classifying, children: type[Loading]) -> None:
    await reader.start(ONE)
    assert await read_by(reader) == ONE
    assert (reader.version, reader.missing, children.tried) == (ONE, "", [ONE])


async def test_where_the_version_in_use_fails_at_the_start_the_shipped_one_reads(
    reader: Classifying, children: type[Loading]
) -> None:
    del children.whole[ONE]
    await reader.start(ONE)
    assert await read_by(reader) == FROM_THE_CODE
    assert (reader.version, reader.missing, reader.ready) == (SHIPPED, ONE, True)


async def test_a_restarted_worker_asks_the_register_before_it_loads(
    gateway: Gateway, children: type[Loading], tmp_path: Path
) -> None:
    house = gateway.house
    (house.settings.data / "models" / TWO).mkdir(parents=True)
    async with house.store.write() as tx:
        await model_uses.use(tx, TWO, author_id=None, now=house.now())
    process = Process(house, ("worker",))
    async with processes._model(process):
        await process.classifying.loaded.wait()
        assert await read_by(process.classifying) == TWO
    assert children.tried == [TWO]


async def test_no_model_is_said_where_a_version_and_the_shipped_one_fail(
    reader: Classifying, children: type[Loading], monkeypatch: pytest.MonkeyPatch
) -> None:
    await reader.start(ONE)
    del children.whole[TWO], children.whole[SHIPPED]
    await follow(reader, TWO)
    assert (reader.ready, reader.model_id, reader.missing) == (False, "", TWO)
    assert await read_by(reader) == "none"

    # Not with every batch, but again after a while.
    tried = len(children.tried)
    await follow(reader, TWO)
    assert len(children.tried) == tried
    monkeypatch.setattr(classifying, "_AGAIN_SECONDS", 0.0)
    reader._again_at = 0.0
    children.whole[SHIPPED] = FROM_THE_CODE
    await follow(reader, TWO)
    assert await read_by(reader) == FROM_THE_CODE
    assert (reader.ready, reader.model_id, reader.missing) == (True, FROM_THE_CODE, TWO)


async def test_a_shipped_model_that_failed_is_tried_again(reader: Classifying, children: type[Loading]) -> None:
    del children.whole[SHIPPED]
    await reader.start(SHIPPED)
    assert (reader.ready, reader.model_id, reader.missing) == (False, "", "")
    tried = len(children.tried)
    await follow(reader, SHIPPED)
    assert len(children.tried) == tried
    children.whole[SHIPPED] = FROM_THE_CODE
    reader._again_at = 0.0
    await follow(reader, SHIPPED)
    assert await read_by(reader) == FROM_THE_CODE
    assert reader.ready
