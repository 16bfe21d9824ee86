"""The child that makes one picture anew: `python -m channels.pictures.process <seconds> <bytes of memory>`.

It reads the picture on stdin and writes the copy on stdout. How it ends says why there is none; it says nothing else,
since whatever a decoder would print came from a stranger.
"""

from __future__ import annotations

import resource
import sys

from channels.pictures.child import BROKEN, MEMORY, PIXELS


def main() -> None:
    """Bounds first, then read, make anew, write."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # It writes to its parent alone: no file of it may have a single byte.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        # Loaded under the bounds, and nowhere else in the house.
        from channels.pictures.remake import TooManyPixelsError, remade  # noqa: PLC0415
    except (MemoryError, ImportError):
        sys.exit(MEMORY)
    try:
        copy = remade(sys.stdin.buffer.read())
        sys.stdout.buffer.write(copy)
        sys.stdout.buffer.flush()
    except TooManyPixelsError:
        sys.exit(PIXELS)
    except MemoryError:
        sys.exit(MEMORY)
    except Exception:  # noqa: BLE001 (decoders fail in a hundred ways over bytes that are no picture)
        sys.exit(BROKEN)


if __name__ == "__main__":
    main()
