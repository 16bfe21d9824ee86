"""`python -m bench`: the benchmarks of the whole house, one after the other."""

from __future__ import annotations

from bench import audit, classify, console, finding, form, intake, rehearsal, running, widget

classify.main()
finding.main()
intake.main()
running.main()
form.main()
widget.main()
console.main()
rehearsal.main()
audit.main()
