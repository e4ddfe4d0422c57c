"""Several instances, a rolling upgrade, a standby that lags and failovers: `make test-scale`, or `python -m tests.scale PART …`.

Each part prints its figures; the last lines are all of them, and the exit code is 1 where one is not as it must be. A part whose
programs are not installed says which (docs/scale.md tells how to install them).
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.scale.balancing import measure_balancing
from tests.scale.costs import measure_costs
from tests.scale.failover import measure_failover
from tests.scale.report import PartReport
from tests.scale.several_instances import MOST_INSTANCES, measure_several_instances
from tests.scale.standby import measure_standby

PARTS = ("costs", "balancing", "instances", "standby", "failover")


def main() -> int:
    """Run the parts; return 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=main.__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all where none is named")
    parser.add_argument(
        "--instances", type=int, default=MOST_INSTANCES, help="of each service; fewer for a small machine"
    )
    options = parser.parse_args()
    parts: dict[str, Callable[[], PartReport]] = {
        "costs": measure_costs,
        "balancing": measure_balancing,
        "instances": lambda: measure_several_instances(options.instances),
        "standby": measure_standby,
        "failover": measure_failover,
    }
    reports = []
    for name in options.parts or PARTS:
        print(f"{name} …", flush=True)
        started_at = time.monotonic()
        report = parts[name]()
        report.add("seconds of this part", f"{time.monotonic() - started_at:.0f}")
        reports.append(report)
    print()
    for report in reports:
        print(report.name)
        if report.skipped:
            print(f"  left out: {report.skipped}")
        for label, value in report.rows:
            print(f"  {label:<66} {value}")
    faults = [fault for report in reports for fault in report.faults]
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
