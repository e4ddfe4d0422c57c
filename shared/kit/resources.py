"""Objects that a running service holds from its start to its end, found by class: settings, database, caches, clients.

This module alone knows where the application keeps it. A dependency asks with `resource(Class)`; whatever has the
application in hand asks with `get_resources(app).get(Class)`.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request

from shared.kit.clock import Clock

ResourceT = TypeVar("ResourceT")


class Resources:
    """The parts of one running service: its clock, and one object of each class that was put."""

    def __init__(self, clock: Clock, *resources: object) -> None:
        self.clock = clock
        self._by_class: dict[type[Any], object] = {type(resource): resource for resource in resources}
        self._cache: dict[type[Any], Any] = {}
        self.version = 0
        """How often a resource was replaced: an answer that was made of resources holds for their version."""

    def put(self, resource: object) -> None:
        """Store a resource, in place of another one of exactly its class."""
        self._by_class[type(resource)] = resource
        self._cache.clear()
        self.version += 1

    def get(self, kind: type[ResourceT]) -> ResourceT:
        """Return the one resource that is of a class or of a subclass; raises `LookupError`."""
        resource: ResourceT | None = self._cache.get(kind)
        if resource is None:
            candidates = [other for other in self._by_class.values() if isinstance(other, kind)]
            if len(candidates) != 1:
                raise LookupError(f"{len(candidates)} resources are of the class {kind.__name__}")
            resource = self._cache[kind] = candidates[0]
        return resource

    def has(self, kind: type[Any]) -> bool:
        """Whether there is a resource of a class or of a subclass."""
        return any(isinstance(resource, kind) for resource in self._by_class.values())


def put_resources(app: FastAPI, resources: Resources) -> None:
    """Store the resources of an application; the service factory does so once."""
    app.state.resources = resources


def get_resources(app: FastAPI) -> Resources:
    """Return the resources of an application."""
    resources: Resources = app.state.resources
    return resources


def find_resources(app: object) -> Resources | None:
    """Return the resources of an application that the service factory made; None of any other."""
    return getattr(app.state, "resources", None) if isinstance(app, FastAPI) else None


async def _resources(request: Request) -> Resources:
    return get_resources(request.app)


CurrentResources = Annotated[Resources, Depends(_resources)]
"""The resources of the service that the request came to."""


def resource(kind: type[ResourceT]) -> Callable[[Resources], Coroutine[Any, Any, ResourceT]]:
    """Return the dependency that gives the resource of a class."""

    async def get(resources: CurrentResources) -> ResourceT:
        return resources.get(kind)

    return get


async def _now(resources: CurrentResources) -> datetime:
    return resources.clock()


Now = Annotated[datetime, Depends(_now)]
"""The instant of a request without a transaction, by the service's clock; a unit of work has its own `now`."""
