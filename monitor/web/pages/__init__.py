"""The pages for people. Each module has its handlers, which are thin, and what its page shows as plain values, which
pure functions make.

- `overview` (with `overview_list`, `overview_filter`)  how all companies fare: tiles, and one list;
                                          `heat_map`: mail systems by result, kinds by day
- `company`, `sender`                    how one company fares, who is watched
- `sender_standing`, `sender_reports`    what is published about the sender, and what receivers report of its mail
- `company_impact`, `company_charts`      what its people notice, and its drawings; `own_test`: a test of a change
- `probe` (with `probe_view`, `probe_stations`)  one probe as it was spoken and found, and the list of all
- `probe_checklist`, `filter_rules`       what receivers look at, as far as the probe tells; rules of filters in words
- `probe_beside`                         the control beside it, who asked for it, its message
- `advice_card`                          what to do, on three of them; `diagnosis_card`: a diagnosis, on three;
                                          `diagnosis_offers`: which paths can be diagnosed
- `probe_now`                            choose, send, watch; `diagnose`: see what it takes, start, watch, stop
- `incidents` (with `incidents_view`)     the lists of incidents and of mutes; `mute_form`: its form
- `incident_page` (with `incident_view`)  one incident, to which every notice leads; `incident_work`: its buttons,
                                          `incident_companies`: how they fare, `incident_timeline`: what happened
- `remedies` (with `remedy_card`)         what companies changed, what its test showed, when it lapses
- `links`                                one button, for whoever has a link from a notice
- `triage`                               for the help desk: where mail to one person most likely stops
- `analyse`                              what a bounce, a reply or headers say
- `suggestions`                          what is offered where a company or path is typed
- `shares`                               links to a company's status page: create, hand over, revoke
- `channels`                             notification channels and their test
- `search`                               over everything that one may see; `display`: theme, density, time zone
- `doctor`                               every part that Mailpath needs, tried now
- `new_company` (with `new_company_view`)  sets up a company, in five steps
- `account`                              the own password, and where somebody is signed in
- `settings` (with `config_view`)         people, tokens, the audit log, the configuration with its secrets masked
"""

from aiohttp import web

from monitor.web import rendering
from monitor.web.pages import (
    account,
    analyse,
    channels,
    company,
    diagnose,
    display,
    doctor,
    heat_map,
    incident_page,
    incident_work,
    incidents,
    links,
    new_company,
    overview,
    probe,
    probe_now,
    remedies,
    search,
    sender,
    settings,
    shares,
    suggestions,
    triage,
)


def routes() -> list[web.RouteDef]:
    """All pages, and the files that they load."""
    watching = (overview, company, sender, probe, incidents, incident_page, incident_work, remedies, links)
    working = (probe_now, diagnose, triage, analyse, settings, shares, channels, doctor, new_company, suggestions)
    pages = (*watching, *working, heat_map, search, display, account)
    return [*rendering.routes(), *(route for each in pages for route in each.routes())]
