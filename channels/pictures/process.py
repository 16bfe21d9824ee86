"""The child that makes something harmless of one file:

    python -m channels.pictures.process <seconds> <bytes of memory> <task> <number of the page>

It reads the file on stdin and writes what it made on stdout. How it ends says why there is nothing; it says nothing else,
since whatever a decoder would print came from a stranger.
"""

from __future__ import annotations

import resource
import sys

from channels.pictures.child import BROKEN, MEMORY, PIXELS


def main() -> None:
    """Bounds first, then read, make, write."""
    seconds, memory, task, number = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
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
        content = sys.stdin.buffer.read()
        if task == "copy":
            made = remade(content)
        elif task == "page":
            from channels.pictures.drawing import page  # noqa: PLC0415

            made = page(content, number)
        else:
            from channels.pictures.wording import words  # noqa: PLC0415

            made = words(content)
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    except TooManyPixelsError:
        sys.exit(PIXELS)
    except MemoryError:
        sys.exit(MEMORY)
    except Exception:  # noqa: BLE001 (decoders fail in a hundred ways over bytes that are not what they seem)
        sys.exit(BROKEN)


if __name__ == "__main__":
    main()
