"""One worker of the intake benchmark: says "ready", waits for the file to appear, works the inbox empty, prints times."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from pathlib import Path

from config.settings import load
from gateway import logs
from gateway.classifying import Classifying
from gateway.house import active_rules, build
from gateway.intake import LANES, Intake
from gateway.metrics import Metrics
from gateway.reading import ParserSettings, Parsing


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _cpu_of(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


async def _work(go: Path) -> None:
    settings = load()
    house = build(settings, name=f"bench-{id(go)}")
    await house.store.open()
    await active_rules(house)
    parsing = Parsing(ParserSettings(house.own_addresses, "", 512), seconds=10)
    classifying = Classifying()
    intake = Intake(house, parsing, classifying, Metrics())
    await asyncio.gather(parsing.warm(), intake.warm(), classifying.start())
    pids = [*parsing.child.pids(), *classifying.child.pids()]
    print("ready", flush=True)
    while not go.exists():
        await asyncio.sleep(0.005)
    start, before = time.time(), _cpu() + _cpu_of(pids)

    async def lane() -> None:
        while await intake.work_once():
            pass

    await asyncio.gather(*(lane() for _ in range(LANES)))
    end = time.time()
    print(start, end, _cpu() + _cpu_of(pids) - before, flush=True)
    await parsing.close()
    await classifying.close()
    await house.close()


if __name__ == "__main__":
    logs.configure(json_lines=True, level="WARNING")
    asyncio.run(_work(Path(sys.argv[1])))
