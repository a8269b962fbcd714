"""All that the API does, one row each."""

from http import HTTPStatus
from typing import Any

from monitor.output.diagnosis_json import DiagnosisWholeJson
from monitor.output.incident_json import MuteJson, WholeJson
from monitor.output.json import RecordJson
from monitor.people.person import Rights
from monitor.web.api import (
    companies,
    diagnoses,
    export,
    incident_texts,
    incidents,
    mutes,
    places,
    probe_events,
    probes,
    sender,
    standing,
    stats,
)
from monitor.web.api.access_operations import access_operations
from monitor.web.api.events import Everything, Only
from monitor.web.api.help_desk import help_desk_operations
from monitor.web.api.incident_work_operations import incident_work_operations
from monitor.web.api.operation import EVENTS, Operation, OperationResult
from monitor.web.api.remedies import remedy_operations

NOT_THERE, CONFLICT = HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
TOO_MANY, UNREADABLE = HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNPROCESSABLE_ENTITY
WHERE = {"Location": "Address of the new resource."}
AGAIN = (
    "Each event has the JSON of `mailpath probe --json`, its name in `event`, and an `id`. A client that reconnects "
    "with `Last-Event-ID` receives all later events, none twice. Comments keep the connection alive. A stream ends "
    "after 15 minutes; reconnect to continue."
)


def _ok(said: str, content: Any) -> OperationResult:
    return OperationResult(HTTPStatus.OK, said, content)


def operations() -> list[Operation[Any, Any]]:
    """The rows. Whoever makes routes of them makes one feed of all events with them."""
    everything = Everything()
    return [
        Operation(
            *("GET", "/companies", "list_companies", "companies", "List companies"),
            query=companies.WhichCompanies,
            act=companies.show_companies,
            answer=_ok("The companies.", companies.CompaniesFacts),
        ),
        Operation(
            *("GET", "/companies/{company}", "get_company", "companies", "Get a company with its paths"),
            act=companies.show_company,
            answer=_ok("The company.", companies.CompanyWholeFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/paths", "list_paths", "companies", "List paths with their current results"),
            query=companies.WhichPaths,
            act=companies.show_paths,
            answer=_ok("The paths.", companies.PathsFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/paths/{company}/{path}", "get_path", "companies", "Get a path with its current results"),
            act=companies.show_path,
            answer=_ok("The path.", companies.WatchedFacts),
            problems=(NOT_THERE,),
        ),
        *_diagnoses(),
        *help_desk_operations(),
        Operation(
            *("GET", "/probes", "list_probes", "probes", "List probes, newest first"),
            query=probes.PageOfFilter,
            act=probes.show_list,
            answer=_ok("One page of the list.", probes.ProbesFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("POST", "/probes", "create_probe", "probes", "Send a probe now"),
            said="One probe of each kind on the path, or on every path of the company: all of them or none. Manual "
            "probes are limited per hour, for each person and each path.",
            body=probes.NewProbe,
            act=probes.create,
            answer=OperationResult(
                HTTPStatus.ACCEPTED, "The probes that were sent.", probes.SentAllFacts, headers=WHERE
            ),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT, UNREADABLE, TOO_MANY),
        ),
        Operation(
            *("GET", "/probes/{probe}", "get_probe", "probes", "Get a probe with its evidence"),
            act=probes.show,
            answer=_ok("The probe.", RecordJson),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/probes/{probe}/events", "follow_probe", "probes", "Stream the events of a probe"),
            said="Past events come first. When the probe is complete, the stream ends with an event `end`; "
            f"reconnecting after that is answered with 204. {AGAIN}",
            act=probe_events.follow,
            place=probe_events.PLACE,
            answer=OperationResult(HTTPStatus.OK, "The events.", media=EVENTS),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/probes/{probe}/explain", "explain_probe", "probes", "Explain a probe as text"),
            act=probes.explain,
            answer=OperationResult(HTTPStatus.OK, "Plain text.", media="text/plain"),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/events", "follow_all", "events", "Stream verdicts and incidents"),
            said="Events are `begin`, `verdict`, `incident` (one that changed, in its current state), and `incidents` "
            f"(all open ones, when it is no longer known which changed). {AGAIN}",
            query=Only,
            act=everything.follow,
            place=places.PATTERN,
            answer=OperationResult(HTTPStatus.OK, "The events.", media=EVENTS),
        ),
        Operation(
            *("GET", "/incidents", "list_incidents", "incidents", "List incidents, open ones first"),
            query=incidents.Which,
            act=incidents.show_list,
            passing=incidents.PASSING,
            answer=_ok("The incidents.", incidents.IncidentsFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/incidents/{incident}", "get_incident", "incidents", "Get an incident with its history"),
            said="Callers limited to companies get no history and notices of an incident that also affects others.",
            act=incidents.show,
            passing=incidents.PASSING,
            answer=_ok("The incident.", WholeJson),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/incidents/{incident}/texts", "list_texts", "incidents", "List the texts to send"),
            said="To the company's IT team, Trimble, the vendor of the mail system, a blocklist: plain text.",
            query=incident_texts.TextsQuery,
            act=incident_texts.show_texts,
            answer=_ok("The texts.", incident_texts.TextsFacts),
            problems=(NOT_THERE,),
        ),
        *incident_work_operations(),
        *remedy_operations(),
        Operation(
            *("GET", "/mutes", "list_mutes", "mutes", "List mutes"),
            query=mutes.WhichMutes,
            act=mutes.show_list,
            answer=_ok("The mutes.", mutes.MutesFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("POST", "/mutes", "create_mute", "mutes", "Create a mute"),
            said="A caller limited to companies can mute only those.",
            body=mutes.NewMute,
            act=mutes.create,
            answer=OperationResult(HTTPStatus.CREATED, "The mute.", MuteJson, headers=WHERE),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, UNREADABLE),
        ),
        Operation(
            *("GET", "/mutes/{mute}", "get_mute", "mutes", "Get a mute"),
            act=mutes.show,
            answer=_ok("The mute.", MuteJson),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("DELETE", "/mutes/{mute}", "end_mute", "mutes", "End a mute early"),
            act=mutes.end,
            answer=OperationResult(HTTPStatus.NO_CONTENT, "The mute has ended."),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT),
        ),
        Operation(
            *("GET", "/sender", "get_sender", "sender", "Get the sender with its current results"),
            act=sender.show,
            answer=_ok("Outcomes by mail system and grade, and the results of receivers' checks.", sender.SenderFacts),
        ),
        Operation(
            *("GET", "/stats", "get_stats", "sender", "Get the share of mail in time and the error budget"),
            said="Probes by the hour of their launch and their latest verdict, also after they were deleted. Results "
            "of different grades are never added up, nor mail with a code and other mail.",
            query=stats.StatsQuery,
            act=stats.show,
            passing=("until",),
            answer=_ok("One row per company or mail system, grade, and with a code or not.", stats.StatsFacts),
            problems=(NOT_THERE, UNREADABLE),
        ),
        Operation(
            *("GET", "/standing", "list_standing", "sender", "List what is published about the sender"),
            said="As the service last read it; this request asks nobody. A failed lookup is `unknown`, never `bad`.",
            query=standing.WhichFacts,
            act=standing.show_facts,
            passing=("age_seconds",),
            answer=_ok("The facts.", standing.StandingFactsJson),
        ),
        Operation(
            *("GET", "/standing/changes", "list_standing_changes", "sender", "List changes of what is published"),
            query=standing.WhichChanges,
            act=standing.show_changes,
            answer=_ok("The changes.", standing.StandingChangesJson),
        ),
        Operation(
            *("GET", "/export/probes.csv", "export_csv", "export", "Export probes as CSV"),
            said="The same filters as the list. A caller may run two exports at a time. A cell that a spreadsheet "
            "would take for a formula begins with `'`.",
            query=probes.Filter,
            act=export.as_csv,
            answer=OperationResult(
                HTTPStatus.OK, "A header line, then one line per probe, newest first.", media=export.CSV
            ),
            problems=(NOT_THERE, TOO_MANY),
        ),
        Operation(
            *("GET", "/export/probes.jsonl", "export_lines", "export", "Export probes as JSON lines"),
            said="The same filters and the same objects as the list.",
            query=probes.Filter,
            act=export.as_lines,
            answer=OperationResult(HTTPStatus.OK, "One object per probe, newest first.", media=export.LINES),
            problems=(NOT_THERE, TOO_MANY),
        ),
        *access_operations(),
    ]


def _diagnoses() -> list[Operation[Any, Any]]:
    where = "/paths/{company}/{path}/diagnoses"
    return [
        Operation(
            *("GET", where, "list_diagnoses", "companies", "List the diagnoses of a path, newest first"),
            query=diagnoses.NewestDiagnoses,
            act=diagnoses.show_diagnoses,
            answer=_ok("The diagnoses with their arms.", diagnoses.DiagnosesFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", f"{where}/plan", "plan_diagnosis", "companies", "Show what a diagnosis of a path would send"),
            said="Nothing is sent: the number of probes, the least time, and what can be varied.",
            query=diagnoses.PlanQuery,
            act=diagnoses.show_plan,
            answer=_ok("The plan.", diagnoses.PlanFacts),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT),
        ),
        Operation(
            *("POST", "/diagnoses/{diagnosis}/stop", "stop_diagnosis", "companies", "Stop a diagnosis"),
            said="No further probe is sent, and there is no conclusion.",
            act=diagnoses.stop_diagnosis,
            answer=_ok("The diagnosis, which has ended.", DiagnosisWholeJson),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT),
        ),
        Operation(
            *("POST", where, "start_diagnosis", "companies", "Start a diagnosis of a path"),
            said="It varies one property of the mail at a time, within all caps, and takes a minute or more. One runs "
            "on a path at a time.",
            body=diagnoses.NewDiagnosis,
            act=diagnoses.start_diagnosis,
            answer=OperationResult(
                HTTPStatus.ACCEPTED, "The diagnosis, which has begun.", DiagnosisWholeJson, headers=WHERE
            ),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT, UNREADABLE),
        ),
    ]
