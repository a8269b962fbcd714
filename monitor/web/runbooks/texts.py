"""Texts to send for an incident or a runbook: from a case to the facts in them. Pure."""

from collections.abc import Iterable, Sequence

from monitor.config import Config, WatchedPath
from monitor.incidents.advice import incident_runbook
from monitor.incidents.incident import FindingAbout, Incident, Nature
from monitor.notices.contact_texts import ContactFacts, ContactText, contact_texts
from monitor.notices.context import SenderInfo
from monitor.notices.reply import reply_of
from monitor.web.pages.advice_card import card_at_company, card_of_incident
from monitor.web.runbooks.case import RunbookCase, incident_case
from monitor.web.runbooks.document import Runbook
from probes.answer import Stage
from probes.evidence import Dialogue, Evidence, Handover
from probes.labels import GRADES
from probes.mailsystems.advice import FilledAdvice, with_steps
from probes.mailsystems.causes import BY_FAMILY
from probes.mailsystems.choose import choose, steps_for
from probes.mailsystems.family import CauseFamily, family_of
from probes.mailsystems.remedy import RemedyNames
from probes.mailsystems.shown import RemedyPart, parts_of
from probes.mailsystems.table import is_shared, system_label
from probes.mailsystems.words import chain_label
from probes.reading.queue_ids import queue_id_in
from probes.verdict import Grade


def contact_texts_of(runbook: Runbook, case: RunbookCase | None, config: Config) -> Sequence[ContactText]:
    """Return the texts to send. A page about an alert has some only for an incident."""
    incident, family = case.incident if case else None, runbook.family
    if incident and family and incident_runbook(incident) != runbook.name:
        incident = None  # the page was reached from the incident's own, and is about something else
    if incident is None and family is None:
        return ()
    advice = incident_advice_of(case, config) if case and incident else None
    if advice is None and family is not None:
        sender, system = config.sender, first_system(case)
        advised = with_steps(BY_FAMILY[family], steps_for(system, None, family), system)
        advice = advised.filled(sender.domain, sender.source_ip, system, sender.address)
    return _texts(case, incident, advice, family, runbook.name, config, ()) if advice else ()


def incident_texts(
    incident: Incident,
    paths: Sequence[WatchedPath],
    config: Config,
    company: str = "",
    evidence: Iterable[Evidence] = (),
) -> Sequence[ContactText]:
    """Return the texts to send about an incident, as far as the caller sees it: of `paths` they see all. `company`: one
    of several that it affects. `evidence`: that of the failed probe, if it is still stored."""
    case = incident_case(incident, paths, company)
    advice = incident_advice_of(case, config)
    if advice is None or incident.about is FindingAbout.REMEDY:  # where no mail is stopped
        return ()
    return _texts(case, incident, advice, family_of(incident.cause), incident_runbook(incident), config, evidence)


def _texts(
    case: RunbookCase | None,
    incident: Incident | None,
    advice: FilledAdvice,
    family: CauseFamily | None,
    runbook: str,
    config: Config,
    evidence: Iterable[Evidence],
) -> Sequence[ContactText]:
    sender, system = config.sender, first_system(case)
    one = case if case and not is_wide(case) else None  # of one company
    lead = case.lead if case and incident else None
    settings = config.companies.get(one.company) if one else None
    contact = settings.contact if settings else None
    gateway = lead is not None and lead.grade in (Grade.IMPERSONATED, Grade.SCANNED)
    return contact_texts(
        ContactFacts(
            domain=sender.domain,
            address=sender.address,
            ip=sender.source_ip,
            helo=sender.helo,
            company=one.name if one else "",
            system=chain_label(one.mail_systems) if one else "",
            vendor=system_label(system) if is_shared(system) else "",
            recipient=one.path.to if one and one.path else "",
            since=lead.since if lead else None,
            last=lead.at if lead else None,
            reply=reply_of(lead) if lead else "",
            queue_id=queue_id_of(evidence),
            tested=GRADES[lead.grade].sentence if lead and gateway else "",
            family=family or (family_of(incident.cause) if incident else None),
            cause=incident.cause if incident else None,
            advice=advice,
            remedy=_remedy(one, incident, config, system) if one and incident else (),
            more=f"{config.web.url}/runbooks/{advice.runbook or runbook}" if config.web.url else "",
            outcome=lead.outcome if lead else None,
            of_all=bool(incident and incident.nature is Nature.THEIR_SYSTEM),
            company_contact=(contact.it or "") if contact else "",
            trimble_contact=(contact.trimble or "") if contact else "",
        )
    )


def _remedy(case: RunbookCase, incident: Incident, config: Config, system: str) -> tuple[RemedyPart, ...]:
    """Return the parts of the safest exact remedy that the company's IT can carry out; () if there is none."""
    lead, sender = case.lead, config.sender
    if lead is None or not system:
        return ()
    stage, enhanced = (lead.answer.stage, lead.answer.enhanced) if lead.answer else (None, None)
    found = choose((system,), stage, incident.cause, lead.factor, lead.grade, enhanced).remedies
    own = next((remedy for remedy in found if not remedy.general and not remedy.by_sender), None)
    names = RemedyNames(sender.domain, sender.source_ip, sender.address, system_label(system))
    return parts_of(own, names) if own else ()


def queue_id_of(evidence: Iterable[Evidence]) -> str:
    """Return the name that the receiver gave to the message; "" if it took none, or its reply has none."""
    accepted = [each for each in evidence if isinstance(each, Dialogue) and each.handover is Handover.ACCEPTED]
    replies = (step.text for each in accepted for step in each.steps if step.stage is Stage.END_OF_DATA)
    return next(filter(None, map(queue_id_in, replies)), "")


def is_wide(case: RunbookCase) -> bool:
    """Test if no company was chosen of several."""
    return case.several and ("company", case.company) not in case.query


def first_system(case: RunbookCase | None) -> str:
    """Return the mail system that stops the mail; "" if there is no case, or it is about several."""
    if case is None or not case.mail_systems or (is_wide(case) and len(case.mail_systems) > 1):
        return ""
    return case.mail_systems[0]


def incident_advice_of(case: RunbookCase, config: Config) -> FilledAdvice | None:
    """Return the same as on the page of the incident, or for one of its companies in terms of its mail system."""
    if case.incident is None:
        return None
    sender = SenderInfo(config.sender.domain, config.sender.source_ip, config.sender.address)
    if case.path and not is_wide(case):
        return card_at_company(case.incident, sender, case.company, case.path.mail_systems).advice
    return card_of_incident(case.incident, sender, first_system(case)).advice
