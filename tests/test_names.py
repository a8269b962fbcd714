"""Names: one for each idea, and one that a person who knows the field would search for."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for folder in ("probes", "monitor", "dashboards") for path in (ROOT / folder).rglob("*.py"))

BANNED = {  # a word of its own dialect, and the field's word in its place
    "Casebook": "IncidentEngine",
    "Deed": "AuditEntry",
    "Desk": "InboundRouter",
    "Ears": "EvidenceSink",
    "Gate": "Authenticator",
    "Letter": "ReceivedMail",
    "Picture": "FailureTracker",
    "Ruling": "Signal",
    "Sight": "CallerView",
    "Site": "PathInfo: a site is where probes are sent from",
    "Standing": "CurrentVerdict: standing is what the world publishes about the sender",
    "Streak": "FailureState",
    "Surroundings": "a context that says whose",
    "Telling": "NoticeRequest",
    "Told": "LastNotice",
    "Track": "CheckHistory",
    "Trouble": "UserError",
}


@cache
def public_classes() -> dict[str, list[str]]:
    """Where each public class is defined at the top of a module."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    return homes


def test_no_public_class_name_is_defined_twice() -> None:
    assert {name: homes for name, homes in public_classes().items() if len(homes) > 1} == {}


@pytest.mark.parametrize("name", BANNED)
def test_a_word_of_our_own_is_not_used_where_the_field_has_one(name: str) -> None:
    assert name not in public_classes(), f"say {BANNED[name]}; see docs/design/glossary.md"


def test_few_modules_are_loose_at_the_top_of_the_service() -> None:
    loose = {path.stem for path in (ROOT / "monitor").glob("*.py")} - {"__init__", "__main__"}
    assert len(loose) <= 12, loose
