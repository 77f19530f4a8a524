"""A live dashboard: a periodic task measures, all browsers see it, and one that returns misses nothing."""

import os
import time

from msgspec import Struct

from framework import App, Controller, Event, EventStream, OpenAPI, Periodic, get
from framework.channels import Channels, ChannelSettings, LastEventID, Topic

__all__ = ("app", "create_app", "measure")

_PAGE = """\
<!doctype html>
<title>Load</title>
<h1>Load of the machine</h1>
<table><thead><tr><th>1 minute<th>5 minutes<th>15 minutes</thead><tbody></tbody></table>
<script>
  const load = new EventSource("/load");
  load.onmessage = (event) => {
    const row = document.querySelector("tbody").insertRow(0);
    for (const one of JSON.parse(event.data).load) row.insertCell().textContent = one.toFixed(2);
  };
</script>
"""


class Load(Struct, frozen=True):
    """The load of the machine."""

    time: float
    load: tuple[float, float, float]


LOAD = Topic[Load]("load", history=500)


async def measure(channels: Channels) -> None:
    """Publish the load once."""
    await channels.publish(LOAD, Load(time.time(), os.getloadavg()))


class DashboardController(Controller):
    """The page and its stream."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @get("/", media_type="text/html")
    async def show(self) -> str:
        """Show the page."""
        return _PAGE

    @get("/load")
    async def load(self, last: LastEventID = None) -> EventStream[Event[Load]]:
        """Send each measurement, after the last one that the browser has received."""
        return self._channels.events(LOAD, after=last)


def create_app(every: float = 2.0, url: str = "memory://") -> App:
    """Return the app, which measures every so many seconds."""
    return App(
        [DashboardController],
        channels=ChannelSettings(topics=[LOAD], url=url),
        periodic=[Periodic(measure, every=every)],
        openapi=OpenAPI(title="Load"),
    )


app = create_app(url=os.environ.get("CHANNELS_URL", "memory://"))
