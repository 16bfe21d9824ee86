"""What can go wrong with an item, in the words that are kept with it; they hold nothing of the message.

Who runs the system reads these words. A supervisor reads a sentence in their own language: `kind_of` says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Kind = Literal["time", "memory", "deep", "lost", "unreadable", "ended", "file", "fault", "none"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

TIME: Final = "The parser needed more time than it may use."
MEMORY: Final = "The parser needed more memory than it may use."
DEEP: Final = "The parser went deeper than it may."
PARSER_ENDED: Final = "The parser ended over this item (time or memory)."
BEGINNING_ENDED: Final = "The parser ended over the beginning of this item."
WORKER_ENDED: Final = "The worker ended each time that it worked on this item."
NOT_SET_UP: Final = "The parser was not set up."
ONLY_MAIL: Final = "Only of a mail the beginning can be read alone."
LOST: Final = "The file that holds this message is lost or damaged."
NO_FILE_YET: Final = "A file could not be fetched yet."
# With what it is about this message that no parser can take.
UNREADABLE: Final = "Unreadable: "

_KINDS: Final[Mapping[str, Kind]] = {
    TIME: "time",
    MEMORY: "memory",
    DEEP: "deep",
    PARSER_ENDED: "ended",
    BEGINNING_ENDED: "ended",
    WORKER_ENDED: "ended",
    LOST: "lost",
    NO_FILE_YET: "file",
}


def kind_of(error: str) -> Kind:
    """Which sentence says what went wrong: "none" where nothing was kept. What nobody foresaw is a fault of the program."""
    if not error:
        return "none"
    return "unreadable" if error.startswith(UNREADABLE) else _KINDS.get(error, "fault")
