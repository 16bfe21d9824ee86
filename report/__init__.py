"""The monthly report: pure functions from what the register counts to the figures that people read."""
