"""Ingest of measurements: devices send MessagePack, people read JSON, and a summary is kept in the background."""

import datetime as dt
from collections import deque
from typing import Annotated

from msgspec import Meta, Struct

from framework import App, Container, Controller, HTTPError, OpenAPI, Query, get, post
from framework.formats import JSON, MSGPACK
from framework.middleware import ConcurrencyLimit
from framework.security import APIKey

__all__ = ("app", "create_app")

_KEPT = 10_000


class Reading(Struct, array_like=True):
    """A measurement; an array is sent, so that it is small: ``[time, celsius]``."""

    time: dt.datetime
    celsius: Annotated[float, Meta(ge=-100, le=200)]


class Batch(Struct):
    """Measurements of one device."""

    readings: Annotated[list[Reading], Meta(min_length=1, max_length=1_000)]


class Summary(Struct):
    """The measurements of a device in a number of hours."""

    count: int
    least: float
    most: float
    mean: float


class NoReadings(HTTPError, status=404, title="No readings"):
    """The device has sent nothing in this time."""


class Device(Struct, frozen=True):
    """The device of a request."""

    name: str


class Readings:
    """The latest measurements of each device."""

    def __init__(self) -> None:
        self._kept: dict[str, deque[Reading]] = {}

    def add(self, device: str, readings: list[Reading]) -> None:
        """Add measurements; the oldest are dropped."""
        self._kept.setdefault(device, deque(maxlen=_KEPT)).extend(readings)

    def summary(self, device: str, since: dt.datetime) -> Summary:
        """Return a summary. Raises NoReadings."""
        found = [one.celsius for one in self._kept.get(device, ()) if one.time >= since]
        if not found:
            raise NoReadings
        return Summary(len(found), min(found), max(found), sum(found) / len(found))


async def known_device(key: str) -> Device | None:
    """Return the owner of a key; read them from a database in production."""
    return {"k-roof": Device("roof"), "k-cellar": Device("cellar")}.get(key)


class ReadingController(Controller):
    """Takes and summarizes measurements."""

    tags = ("readings",)

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    @post("/readings", status=202)
    async def add(self, batch: Batch, device: Annotated[Device, APIKey(known_device, header="X-Device-Key")]) -> None:
        """Take measurements, as MessagePack or JSON."""
        self._readings.add(device.name, batch.readings)

    @get("/devices/{name}/summary", raises=(NoReadings,))
    async def summary(self, name: str, hours: Annotated[int, Query(), Meta(ge=1, le=24)] = 1) -> Summary:
        """Summarize the latest hours of a device."""
        return self._readings.summary(name, dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours))


def create_app() -> App:
    """Return the app without measurements."""
    container = Container()
    container.add_singleton(Readings)
    return App(
        [ReadingController],
        container=container,
        formats=(JSON, MSGPACK),
        middlewares=[ConcurrencyLimit(1_000)],
        openapi=OpenAPI(title="Sensors"),
    )


app = create_app()
