"""The addresses of lists, and the kept ones as the rail of every page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console import filters
from store import kept_views
from store.database import Tx
from store.kept_views import KeptView
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Link:
    """A kept list as the rail shows it."""

    view: KeptView
    path: str


async def links(tx: Tx, viewer: Viewer) -> Sequence[Link]:
    """The kept lists of a person, for the rail."""
    return [Link(view, path_of(view)) for view in await kept_views.for_viewer(tx, viewer)]


def path_of(view: KeptView) -> str:
    """The address of a kept list; what the house does not know any more narrows nothing."""
    return address(view.queue, filters.chosen(view.chosen))


def address(queue: str | None, wanted: filters.Chosen) -> str:
    """The address of a list."""
    return f"/console/queue/{queue}{wanted.query()}" if queue else f"/console/{wanted.query()}"
