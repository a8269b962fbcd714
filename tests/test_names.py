"""Names: one for each idea, and one that a person who knows the field would search for."""

import ast
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = sorted((ROOT / "tests").rglob("*.py"))
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

TEST_METAPHORS = {"Counter", "Desk", "Ear", "Ears", "Estate", "House", "Office", "Post", "Town", "Visitor", "World"}
PRIVATE_REACHES = {  # what a test may touch all the same, and why
    "tests/probes/routes/test_real_receiver.py": "aiosmtpd tells nobody when a conversation of its own is over",
}
DOTTED = re.compile(r"(probes|monitor|dashboards)(\.\w+)*\._[a-zA-Z]\w*(\.\w+)*")


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


def test_what_tests_start_from_is_named_for_what_it_is() -> None:
    """An app, a client, a recorder, as in tests/support; and there, one name for each idea."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in TESTS:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: homes[name] for name in TEST_METAPHORS & homes.keys()} == {}
    shared = {name: [path for path in paths if "/support/" in path] for name, paths in homes.items()}
    assert {name: paths for name, paths in shared.items() if len(paths) > 1} == {}


def is_private(name: object) -> bool:
    return isinstance(name, str) and name.startswith("_") and not name.startswith("__")


def private_reaches(text: str) -> Iterator[str]:
    """Every place where Python code reaches into a private member of something else than itself."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name) if is_private(name):
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.ImportFrom(names=names) if private := [each.name for each in names if is_private(each.name)]:
                yield f"{node.lineno}: import {private}"
            case ast.Call(func=ast.Name(id=by) | ast.Attribute(attr=by), args=[_, ast.Constant(value=name), *_]) if (
                by in ("getattr", "setattr", "delattr") and is_private(name)
            ):
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.Constant(value=str(name)) if DOTTED.fullmatch(name):  # monkeypatch.setattr by a dotted name
                yield f"{node.lineno}: {name}"


@pytest.mark.parametrize(
    "code",
    [
        "pipeline._tasks.clear()",
        "pipeline.watchers[key]._searches.often",
        "from monitor.web.api.export import _cell",
        'monkeypatch.setattr(notifier, "_mounts", None)',
        'monkeypatch.setattr("monitor.web.api.events._stirred", None)',
    ],
)
def test_a_reach_into_a_private_member_is_seen(code: str) -> None:
    assert len(list(private_reaches(code))) == 1


@pytest.mark.parametrize("code", ["self._news.set()", "engine.__class__", 'answer["_links"]', "x.total"])
def test_what_is_no_such_reach_is_left_alone(code: str) -> None:
    assert list(private_reaches(code)) == []


def test_no_test_reaches_into_private_members() -> None:
    """What a test needs to see or to change is a constructor argument, a public method or an effect that others see."""
    found = {str(path.relative_to(ROOT)): list(private_reaches(path.read_text())) for path in TESTS}
    reaching = {path: places for path, places in found.items() if places}
    assert {path: places for path, places in reaching.items() if path not in PRIVATE_REACHES} == {}
    assert reaching.keys() >= PRIVATE_REACHES.keys(), "an exception that is needed no more"


NAMES_OF_OTHER_THINGS = re.compile(r"_?(sites?|deeds?|casebook|desk|town|streak|picture|hear)")
OUTSIDE = {
    "monitor/web/auth/forms.py",
    "monitor/store/migrations",
    "monitor/web/api/access.py",
    "monitor/store/ownership",
    "monitor/probing/ownership.py",
}
"""A site of the web; tables of old stores; a word of the API that callers know; and the site of a worker."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_word_of_the_glossary_names_nothing_else(path: Path) -> None:
    """A site is a place that probes are sent from; only ownership has it. The others are no words of the field."""
    if any(str(path.relative_to(ROOT)).startswith(outside) for outside in OUTSIDE):
        return
    tree = ast.parse(path.read_text())
    names = {
        getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "attr", "") for node in ast.walk(tree)
    }
    assert [name for name in names if isinstance(name, str) and NAMES_OF_OTHER_THINGS.fullmatch(name)] == []


def patched(text: str) -> Iterator[str]:
    """The dotted names that monkeypatch or mock is to replace."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr="setattr" | "delattr" | "patch"), args=[ast.Constant(str(name)), *_]):
                yield name


def test_what_tests_replace_is_there() -> None:
    """Where a name is given as text, nothing but the run of that one test tells that it was renamed."""
    found = {name for path in TESTS for name in patched(path.read_text())}
    assert len(found) > 10
    for name in sorted(found):
        assert pkgutil.resolve_name(name) is not None, name


PACKAGES = sorted(
    path.parent
    for folder in ("probes", "monitor")
    for path in (ROOT / folder).rglob("__init__.py")
    if path.parent.name != "migrations"
)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(ROOT)))
def test_the_map_of_a_package_names_each_of_its_modules(package: Path) -> None:
    """Whoever looks for something reads it first."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert sorted(name for name in modules if not name.startswith("_") and f"`{name}`" not in text) == []
