"""Which tests run in one worker, one after another: those of a file, and those that share what takes long to make."""

from xdist.scheduler import LoadFileScheduling

SHARING = {
    "an installation": (
        "tests/running/test_development.py",
        "tests/running/test_feed_consumer.py",
        "tests/running/test_python_client.py",
        "tests/running/test_stack.py",
    ),
    "the OpenAPI documents": (
        "tests/architecture/",
        "tests/contracts/",
        "tests/gateway/test_problem_pages.py",
    ),
}
"""Files and folders of tests by what they share, which takes longer to make than they take."""


class LoadFileOrSharedScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Gives the tests of a file, or of all files that share something, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((name for name, paths in SHARING.items() if file.startswith(paths)), file)
