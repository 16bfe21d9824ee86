"""`python -m bench`: the benchmarks of the whole house, one after the other."""

from __future__ import annotations

from bench import intake, running

intake.main()
running.main()
