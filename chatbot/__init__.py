"""The dialogue over every chat channel: pure functions, no I/O. See `dialogue.step`."""
