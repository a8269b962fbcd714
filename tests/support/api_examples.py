"""Write `monitor/web/api/examples.json`: what a real service answers to one good request of each operation.

.venv/bin/python -m tests.support.api_examples
"""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from monitor.people.person import Rights
from monitor.web.api import examples
from monitor.web.api.operation import EVENTS, ROOT, Operation
from monitor.web.api.operations import operations
from tests.support.auth_app import Browser
from tests.support.rights_app import ENVIRONMENT, OWN, RightsApp, open_rights_app
from tests.support.rights_table import ROWS, Row, Who, ask, comes, sent_with, target_of

FILE = Path(examples.__file__).with_suffix(".json")
MAX_TEXT_CHARS = 300
SECRETS = {
    "secret": "mailpath_...",
    "link": "https://mailpath.example/invitation?key=...",
    "url": "https://mailpath.example/status/...",
}
SAME = {
    "start_diagnosis": ("list_diagnoses", "diagnoses"),
    "stop_diagnosis": ("list_diagnoses", "diagnoses"),
    "create_remedy": ("get_remedy", ""),
}
"""Operations that conflict with the state of the service in the test, and where their answer is found as well."""
BY_HAND: dict[str, Any] = {
    "list_channels": {
        "channels": [{"channel": "hook", "via": "webhook", "waiting": 0, "oldest_seconds": 0.0}],
        "next": None,
    },
    "test_channel": {"channel": "hook", "via": "webhook", "delivered": True, "answer": "200 OK", "fault": ""},
}


async def made(folder: Path) -> dict[str, Any]:
    """Return the examples by the names of the operations."""
    known, found = {(each.method, ROOT + each.path): each for each in operations()}, dict[str, Any]()
    async with open_rights_app(folder) as rights_app:
        admin = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))  # so that no other company is in any
        for number, row in enumerate(ROWS):
            if (operation := known.get(row.route)) and operation.name not in found:
                found[operation.name] = await _asked(rights_app, admin, row, operation, number)
    for name, (other, field) in SAME.items():
        answer = found[other]["response"]
        found[name]["response"] = answer[field][0] if field else answer
    for name, answer in BY_HAND.items():
        found[name]["response"] = answer
    return dict(sorted(found.items()))


async def _asked(
    rights_app: RightsApp, admin: Browser, row: Row, operation: Operation[Any, Any], number: int
) -> dict[str, Any]:
    things = rights_app.own if row.method == "GET" else await rights_app.fresh(rights_app.own)
    target, sent = target_of(row, things), sent_with(row, things, number)
    reply = await ask(admin, row.method, target, **sent)
    answer: Any = None
    if reply.status == operation.answer.status and reply.text:
        is_json = operation.answer.content is not None
        answer = _short(json.loads(reply.text)) if is_json else _text(reply.text, operation.answer.media)
    return {"target": target, "request": sent.get("json"), "response": answer}


def _text(text: str, media: str) -> Any:
    """Return the beginning of a text: the fields of one event of a stream, a few lines of anything else."""
    if media == EVENTS:
        return dict(line.partition(": ")[::2] for line in text.split("\r\n\r\n")[1].split("\r\n"))
    return "".join(text.splitlines(keepends=True)[:5])


def _short(facts: Any) -> Any:
    """Return JSON with one item of each list, without long texts and secrets."""
    match facts:
        case dict():
            return {name: SECRETS[name] if name in SECRETS and each else _short(each) for name, each in facts.items()}
        case list():
            return [_short(each) for each in facts[:1]]
        case str():
            return facts[:MAX_TEXT_CHARS]
        case _:
            return facts


def main() -> None:
    """Write the file."""
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(made(Path(folder)))
    FILE.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
