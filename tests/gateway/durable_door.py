"""A program for a test that is watched from outside: the mail door of a house, with nothing else going on."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from config.settings import load
from gateway import logs
from gateway.door import Door
from gateway.house import build
from gateway.mailing import receiving
from gateway.metrics import Metrics
from gateway.room import Room


async def main(data: Path, port: int) -> None:
    """Serve LMTP until SIGTERM; "ready" on stdout says that it listens."""
    logs.configure(json_lines=True)
    house = build(load(data=data, lmtp_port=port), name="door")
    await house.store.open()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with receiving(house, Door(house, Metrics(), Room(data, 0, 0))):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()
    await house.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
