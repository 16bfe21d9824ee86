"""Cells of tables that leave the house: what a spreadsheet would take for a formula stays text (rule E1)."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")


def safe(cell: str) -> str:
    """The cell, with a quote before it when it begins, after blanks, as a formula does."""
    begins = cell.lstrip(" \u00a0")
    return f"'{cell}" if begins.startswith(_FORMULA) else cell
