"""The process of one job: `python -m services.papers.jobs NAME MEGABYTES SECONDS`, a message in, a message out.

It limits itself before it reads anything: a file that would need more ends this process, and no other.
"""

import importlib
import resource
import sys

from services.papers.jobs.messages import pack, unpack
from services.papers.jobs.names import JOBS, JobFunction

MEBIBYTE = 1024 * 1024


def main(name: str, megabytes: int, seconds: int) -> None:
    """Run one job."""
    limit = megabytes * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    argument, content = unpack(sys.stdin.buffer.read())
    module, _, function_name = JOBS[name].partition(":")
    function: JobFunction = getattr(importlib.import_module(module), function_name)
    sys.stdout.buffer.write(pack(*function(argument, content)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
