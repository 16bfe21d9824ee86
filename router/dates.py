"""Dates and times as members read them; the words are those of `config.dates`."""

from config.dates import in_full, time_of_day

__all__ = ["in_full", "time_of_day"]
