#!/usr/bin/env python3
"""Judges the report of an Autobahn fuzzing client.

Every case must have ended OK or INFORMATIONAL, in what was said and in how the
connection was closed. NON-STRICT is accepted for 6.4.* alone: those cases ask
that broken UTF-8 is refused within a frame, before the frame is complete.

Prints what failed, then `N passed, N failed` alone on a line.
Exit: 0 all passed, 1 something failed or cases are missing.
"""

import argparse
import json
import pathlib
import sys

PASSING = {"OK", "INFORMATIONAL"}
LATE_UTF8 = "6.4."


def order(case: str) -> list[int]:
    """`9.1.6` sorts before `10.1.1`."""
    return [int(part) for part in case.split(".")]


def is_accepted(case: str, behavior: str) -> bool:
    return behavior in PASSING or (
        behavior == "NON-STRICT" and case.startswith(LATE_UTF8)
    )


def faults(case: str, result: dict) -> list[str]:
    """What is wrong with one case: nothing, or up to two sentences."""
    found = []
    said, closed = result.get("behavior"), result.get("behaviorClose")
    if not is_accepted(case, said):
        found.append(f"it ended {said}")
    if closed not in PASSING:
        code = result.get("remoteCloseCode")
        found.append(f"its close ended {closed} (code {code})")
    return found


def judge(cases: dict[str, dict]) -> tuple[int, int]:
    """Prints every failed case; answers how many passed and failed."""
    failed = 0
    for case in sorted(cases, key=order):
        found = faults(case, cases[case])
        if found:
            failed += 1
            detail = cases[case].get("reportfile", "no report file")
            print(f"case {case}: {' and '.join(found)}; see {detail}")
    return len(cases) - failed, failed


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=pathlib.Path, help="index.json of the report")
    parser.add_argument(
        "--at-least", type=int, default=1, help="how many cases must be in the report"
    )
    return parser.parse_args()


def main() -> int:
    wanted = arguments()
    try:
        agents = json.loads(wanted.index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"no report to judge: {error}")
        agents = {}
    cases = {}
    for results in agents.values():
        cases.update(results)
    passed, failed = judge(cases)
    missing = max(0, wanted.at_least - len(cases))
    if missing:
        print(f"{missing} of {wanted.at_least} cases are not in the report")
        failed += missing
    late = sum(case["behavior"] == "NON-STRICT" for case in cases.values())
    if late and not failed:
        print(f"Autobahn: {late} of them refuse broken UTF-8 late (6.4.*, accepted)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
