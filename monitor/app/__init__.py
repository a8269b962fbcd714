"""The composition root: the only place that builds the parts of a process and connects them.

- `roles`      the parts of each command: `service` for `serve`, `worker`, `rules`, `web`, `inbound`. Read it first
- `service`    the frame of every process: configuration, clock, store, current state, metrics, health; runs its parts
- `part`       what a part is
- `probing`    the part that sends, watches and judges; `shard`: what a worker shows of it
- `rules`      the part of incidents, notices, standing, diagnoses and housekeeping
- `reading`    the part of a process that only shows
- `listener`   the part that receives bounces, copies and reports; `hearing`: how workers know of it
- `pages`      what HTTP shows of each role
- `pipelines`  a pipeline for a configuration, also for commands
"""

from monitor.app.pipelines import pipeline_of
from monitor.app.roles import inbound, rules, service, web, worker
from monitor.app.service import TICK_INTERVAL, Service

__all__ = ["TICK_INTERVAL", "Service", "inbound", "pipeline_of", "rules", "service", "web", "worker"]
