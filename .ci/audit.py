"""Ask the package index whether a pinned dependency has a known weakness (security rule Q10).

Ends with 1 when one has. An index that knows nothing about weaknesses, or cannot be reached, is said in words and is no
failure: a build must not depend on it, and the next one asks again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def judged(report: dict[str, Any]) -> tuple[list[str], int]:
    """(a line for each known weakness, how many packages nothing is known about) of pip-audit's report."""
    found = [
        f"{one['name']} {one['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for one in report["dependencies"]
        for weakness in one.get("vulns", ())
    ]
    return found, sum("skip_reason" in one for one in report["dependencies"])


def main() -> int:
    """Audit what is pinned for running and for developing."""
    words = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
    asked = subprocess.run(  # noqa: S603 (our own words)
        [Path(sys.executable).parent / "pip-audit", "-r", ROOT / "requirements-dev.txt", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    try:
        found, unknown = judged(json.loads(asked.stdout))
    except ValueError:
        print("audit: the package index could not be asked about weaknesses")
        return 0
    for line in found:
        print(line)
    print(f"audit: {len(found)} known weaknesses; nothing is known about {unknown} packages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
