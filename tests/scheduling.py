"""Which tests run in one worker, one after another: those of a file, and those that share an installation."""

from xdist.scheduler import LoadFileScheduling

SHARED_INSTALLATION = frozenset(
    f"tests/running/{name}.py" for name in ("test_development", "test_feed_consumer", "test_stack")
)
"""Files whose tests use one installation, because its start takes longer than they do."""


class LoadFileOrInstallationScheduling(LoadFileScheduling):
    """Gives the tests of a file, or of all files that share an installation, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "tests/running" if file in SHARED_INSTALLATION else file
