"""`mailpath text`: texts to send about an incident. Reads only the store."""

import json
from collections.abc import Sequence

from monitor.cli.exits import Exit
from monitor.cli.incidents import chosen
from monitor.config import Config
from monitor.incidents.incident import leading
from monitor.output.text_json import text_json
from monitor.store import Store
from monitor.web.runbooks.texts import incident_texts
from probes.display import safe_text
from probes.evidence import Evidence

MAX_TEXT_CHARS = 20_000


async def print_texts(config: Config, prefix: str, company: str, *, as_json: bool) -> Exit:
    """Print the texts about the incident whose id has this prefix. Raises NoAnswerError, StoreError."""
    async with Store.open(config.store.url) as store:
        incident = chosen(await store.incidents.find(prefix) if prefix else [], prefix)
        lead = leading(incident, [each for each in incident.failures if company in ("", each.company)])
        record = await store.probes.record(lead.probe_id) if lead else None
    evidence: Sequence[Evidence] = record.evidence if record else ()
    texts = incident_texts(incident, config.paths(), config, company, evidence)
    for text in texts:
        if as_json:
            print(json.dumps(text_json(text), ensure_ascii=True))
        else:
            print(f"--- to {text.to} ---")
            if text.address:
                print(f"To: {text.address}")
            print(safe_text(text.text, MAX_TEXT_CHARS))
    return Exit.OK if texts else Exit.NOT_OK
