"""The parts of a process that HTTP shows, by role: everything, or only metrics and health."""

from contextlib import AsyncExitStack
from typing import Any

from monitor.actions.lookups import Lookups
from monitor.app.service import Service
from monitor.config import WatchedPath
from monitor.oncall.incident_reader import IncidentsShown
from monitor.probing.dispatch import Dispatcher, ProbeOrder
from monitor.probing.requester import Requester
from monitor.supervised import kept_open
from monitor.web.backend import Backend
from monitor.web.server import servers, serving_health
from probes.kinds import Kind
from probes.probe import Probe, ProbePurpose
from probes.sender import Role
from probes.settings import Endpoint


def backend_of(at_work: Service, incidents: IncidentsShown, dispatcher: Dispatcher, **of_role: Any) -> Backend:
    """Return the parts of a process that the web server shows. `dispatcher` launches probes by hand; `of_role`: more
    fields of the backend."""
    lookups = Lookups(lambda: at_work.config, at_work.outside)

    async def launch(path: WatchedPath, kind: Kind, role: Role, by: Requester) -> Probe:
        return await dispatcher.launch(ProbeOrder(path.check(kind), role, ProbePurpose.MANUAL, by))

    return Backend(
        config=lambda: at_work.config,
        store=at_work.store,
        board=at_work.board,
        incident_engine=incidents,
        metrics=at_work.metrics,
        live=at_work.live,
        launch=launch,
        deliver=lambda channel, notice: channel.deliver(notice, at_work.outside),
        followed=at_work.signals.read,
        mail_hosts=lookups.mail_hosts,
        doctor=at_work.doctor,
        stopping=lookups.stopping,
        sender_log=lookups.sender_log,
        ready=at_work.not_ready,
        now=at_work.now,
        rejections=at_work.rejections,
        requests=at_work.requests,
        **of_role,
    )


async def show_all(
    at_work: Service, backend: Backend, house: AsyncExitStack, listen: Endpoint | None = None, *, patient: bool
) -> None:
    """Serve pages, API, metrics and health, as [web] says or at `listen`. `patient`: see `kept_open`."""
    for server in servers(backend, at_work.config, listen):
        await house.enter_async_context(kept_open(server, patient=patient))


async def show_health(at_work: Service, backend: Backend, house: AsyncExitStack, listen: Endpoint | None) -> None:
    """Serve metrics and health alone, at `listen` or where [web] has them."""
    told = at_work.config.web
    await house.enter_async_context(at_work.loop_lag.measured())
    await house.enter_async_context(serving_health(backend, listen or told.metrics_listen or told.listen))
