"""All examinations, in the order in which they are made: what others rest on comes first."""

from collections.abc import AsyncIterator, Collection, Sequence

from monitor.doctor import (
    accounts,
    chains,
    machine,
    names,
    real_mail,
    remedies,
    suppressions,
    the_store,
    ways,
    ways_back,
)
from monitor.doctor.observation import Examination, Observation, Premises

EXAMINATIONS = (
    Examination("versions", "What runs here?", machine.versions),
    Examination("config", "Is the configuration as it should be?", machine.settings),
    Examination("files", "Can others read what is secret?", machine.files),
    Examination("clock", "Is the clock right?", machine.clock),
    Examination("disk", "Is there room for the store?", machine.disk),
    Examination("store", "Is the store whole, and does a service work on it?", the_store.store),
    Examination("resolver", "Is DNS as the world sees it?", names.resolver),
    Examination("blocklists", "Can blocklists be asked from here?", names.blocklists),
    Examination("mail_systems", "Does the MX belong to the configured mail systems?", chains.mail_systems),
    Examination("source_ip", "Does this machine have the source IP?", ways.source_ip),
    Examination("port_25", "Can mail leave this network?", ways.port_25),
    Examination("routes", "Does each route let us speak?", ways.routes),
    Examination("accounts", "Does each account give tokens?", accounts.accounts),
    Examination(
        "suppressions", "Does the sender's mail service still send to each address?", suppressions.suppressions
    ),
    Examination("mailboxes", "Can each mailbox be opened?", ways_back.mailboxes),
    Examination("inbound", "Do bounces find the way back?", ways_back.inbound),
    Examination("real_mail", "Do the probes stand for people's mail?", real_mail.real_mail),
    Examination("remedies", "Does a remedy lapse, or let forged mail in?", remedies.remedies),
    Examination("channels", "Is anybody notified?", ways_back.channels),
)


async def examine(
    premises: Premises, only: Collection[str] = (), examinations: Sequence[Examination] | None = None
) -> AsyncIterator[tuple[Examination, Observation]]:
    """Make those of the examinations with these names, all if none is named; without `examinations`, of the table.
    Yield each finding as soon as it is known."""
    for examination in EXAMINATIONS if examinations is None else examinations:
        if not only or examination.name in only:
            async for finding in examination.examine(premises):
                yield examination, finding
