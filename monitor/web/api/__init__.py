"""The API: /api/v1, its document /api/v1/openapi.json, and /api/, a page to read it.

What there is stands in one table; routes and document are both made of it, so that neither says what the other does not
know. Everything is asked of `CallerView`, so nothing of another company is in any answer.

- `operations` all operations, a row each; `routing` makes the routes. Start here;
               `help_desk`, `access_operations`, `incident_work_operations` and `remedies` have rows of their own
- `operation`  what a row says, and how a request is read by it
- `fields`     what queries and bodies are made of
- `problem`    what is wrong with a request, for programs; `paging`: pages of lists that are in memory
- `idempotency` a request that is repeated is done once; `conditional`: what a caller has already is not sent again
- `document`   the OpenAPI document
- `document_page` the page; `examples`: requests and responses of a real service, for both
- `companies`, `diagnoses`, `probes`, `incidents`, `incident_work`, `incident_texts`, `remedies`, `mutes`, `sender`,
  `standing`, `stats`, `export`, `channels`, `access`, `shares`, `me`, `configuration`, `triage`, `analyses`: what the
  operations do
- `probe_events`, `events`: what happens to one probe, and to all; `feed` is read once for all, `stream` writes,
  `places` are the ids of events
"""

from monitor.web.api.routing import routes

__all__ = ["routes"]
