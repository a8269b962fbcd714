"""The documentation says the present truth: generated parts are current, and what it names is there."""

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from monitor.config import read_config
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.reference import commands, floors, metrics
from monitor.reference.generated import MARKS, PARTS, renew, with_generated
from monitor.web.docs import address_of, anchor_of
from tests.support.client_keys import certificate, google_key_file, pem, rsa_key
from tests.support.documentation import CODE, DOCS, FILES, PAGES, README, ROOT, blocks, name_of, without_fences

RUNBOOKS = sorted((ROOT / "dashboards" / "runbooks").glob("*.md"))
OTHERS = (ROOT / "dashboards" / "README.md", ROOT / "dashboards" / "grafana" / "README.md")
EVERYTHING = (*FILES, *OTHERS, *RUNBOOKS)

COMMAND = re.compile(r"(?:^|`|\s/?|bin/)mailpath ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
FOLDERS = ("probes", "monitor", "dashboards", "tests", "docs", ".ci")
WRITTEN = {".py", ".html", ".js", ".css", ".toml", ".mako", ".yml"}  # what the words of the code are taken from
IN_DESIGN = [*sorted((DOCS / "design").rglob("*.md")), DOCS / "CONTRIBUTING.md", DOCS / "SECURITY.md"]
OF_OTHERS = {"dialog"}  # words of HTML that the code has no other use for
LINK = re.compile(r"\]\(([^)\s]+)\)")

CLIENT_KEY = rsa_key()
EXAMPLE_SECRETS = {  # those whose form is checked; "secret" is good for all others
    "secret": "json://127.0.0.1:9/as-good-as-any-secret",
    "PAGERDUTY_KEY": "a" * 32,
    "SLACK_BOT_TOKEN": "xoxb-1234-abcd",
    "TEAMS_WORKFLOW_URL": "https://workflow.example/invoke?sig=abcd",
    "acme365.pem": certificate(CLIENT_KEY) + pem(CLIENT_KEY),
    "bolt.json": google_key_file(CLIENT_KEY),
}
ACME = """
[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = { via = "xclient", host = "192.0.2.10", port = 10525 }
mailbox = { via = "maildir", path = "acme" }
"""

each_file = pytest.mark.parametrize("file", EVERYTHING, ids=name_of)


# ---- Generated parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_generated_parts_are_current(file: Path) -> None:
    """If not: make reference"""
    text = file.read_text()
    assert with_generated(text) == text


def test_each_part_stands_in_one_place() -> None:
    found = [mark[1] for file in PAGES for mark in MARKS.findall(file.read_text())]
    assert sorted(found) == sorted(PARTS)


def test_only_what_is_between_the_marks_is_renewed(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b.md"
    file.parent.mkdir()
    file.write_text("before\n<!-- generated: floors; how -->\nold\n<!-- end of generated -->\nafter\n")

    assert renew(tmp_path) == [file]
    assert renew(tmp_path) == []
    kept = f"before\n<!-- generated: floors; how -->\n\n{floors.drawing()}\n<!-- end of generated -->\nafter\n"
    assert file.read_text() == kept


def test_the_floors_are_those_of_the_contracts() -> None:
    drawn = floors.drawing()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        for layer in contract.get("layers", ()):
            for module in layer.split(" : "):
                assert re.search(rf"[│ ]{module} ", drawn), module
        for module in contract.get("forbidden_modules", ()):
            assert f"`{module}`" in drawn
    walls = {len(line) for line in drawn.splitlines() if line.startswith(("│", "┌", "├", "└"))}
    assert walls == {floors.WIDTH + 2}


def test_every_command_is_in_the_reference() -> None:
    text = commands.reference()
    for command in commands.commands():
        assert f"# mailpath {command}\n" in text
        assert f"Usage: mailpath {command} " in text
    assert "--config" in text
    assert "Show this message" not in text


async def test_every_family_of_the_exposition_is_in_the_reference() -> None:
    known = {each.name for each in metrics.families()}
    gauges = Gauges(in_flight=int, lag=timedelta, skipped=dict, mailbox_errors=dict)
    shown = (await Metrics(Board(), gauges).render()).decode()
    names = re.findall(r"^# TYPE (\S+) ", shown, re.MULTILINE)
    assert names
    assert {name.removesuffix("_created") for name in names} <= known
    assert {"mailpath_inbound_up", "mailpath_reference_up"} <= known
    assert all(each.help.endswith(".") for each in metrics.families())


# ---- What is named --------------------------------------------------------------------------------------------------


def said_commands(text: str) -> Iterator[str]:
    yield from COMMAND.findall("\n".join(CODE.findall(without_fences(text))))
    yield from COMMAND.findall("\n".join(blocks(text, "sh")))


@each_file
def test_the_commands_are_there(file: Path) -> None:
    known = commands.commands()
    groups = {name.split()[0] for name in known}
    for said in said_commands(file.read_text().replace("|", " ")):
        first, _, second = said.partition(" ")
        assert first in groups, said
        inner = {name.partition(" ")[2] for name in known if name.startswith(f"{first} ")}
        assert not inner or not second or second in inner, said


@each_file
def test_the_options_of_the_commands_are_there(file: Path) -> None:
    text = (DOCS / "reference" / "commands.md").read_text()
    lines = (*blocks(file.read_text(), "sh"), *CODE.findall(without_fences(file.read_text())))
    for line in "\n".join(lines).splitlines():
        command = re.match(r"(?:\$\(|.*bin/)?mailpath ([a-z-]+)", line)
        if command:
            for option in OPTION.findall(line.partition("#")[0].partition(" | ")[0]):
                assert option in text, line


def test_exit_codes_have_every_command() -> None:
    text = (DOCS / "reference" / "exit-codes.md").read_text()
    for command in commands.commands():
        assert f"`mailpath {command}`" in text, command


@each_file
def test_the_targets_of_make_are_there(file: Path) -> None:
    known = set(re.findall(r"^([a-z]+|\$\(VENV\)/\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = file.read_text()
    said = re.findall(r"(?:^|`)make ([a-z.][\w./]*)", "\n".join((text, *blocks(text, "sh"))), re.MULTILINE)
    in_code = [each for each in said if f"`make {each}`" in text or f"\nmake {each}" in text]
    assert {each.replace(".venv", "$(VENV)") for each in in_code} <= known


@each_file
def test_the_files_are_there(file: Path) -> None:
    for code in CODE.findall(file.read_text()):
        path = code.rstrip("/")
        if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+", path) and path.split("/")[0] in FOLDERS:
            assert (ROOT / path).exists(), path


def test_the_walks_name_modules_that_are_there() -> None:
    text = (DOCS / "design" / "architecture.md").read_text()
    drawn = re.findall(r"\b(?:probes|monitor)/[\w/]*\w(?:\.py)?", "\n".join(blocks(text, "text")))
    assert len(drawn) > 15
    for path in drawn:
        assert (ROOT / path).exists(), path


@cache
def words_of_the_code() -> frozenset[str]:
    """Every name and word in the code, its tests, templates and settings, and in the names of its files."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in WRITTEN]
    files += [ROOT / name for name in ("pyproject.toml", "config.toml", "Makefile")]
    texts = (f"{file.stem} {file.read_text()}" for file in files if file.suffix != ".md")
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


@pytest.mark.parametrize("file", IN_DESIGN, ids=name_of)
def test_the_names_in_the_design_are_names_of_the_code(file: Path) -> None:
    said = {
        word for code in CODE.findall(without_fences(file.read_text())) for word in re.findall(r"[A-Za-z_]\w+", code)
    }
    assert said - words_of_the_code() - OF_OTHERS == set()


@pytest.mark.parametrize("file", IN_DESIGN, ids=name_of)
def test_what_a_module_is_said_to_have_is_in_it(file: Path) -> None:
    """As in "`learn` in `monitor/probing/learning.py`"."""
    for name, path in re.findall(r"`(\w+)`[^`.]{0,40} (?:in|of) `((?:probes|monitor)/[\w/]+\.py)`", file.read_text()):
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text()), f"{name} is not in {path}"


@each_file
def test_the_links_lead_somewhere(file: Path) -> None:
    for target in LINK.findall(without_fences(file.read_text())):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        led = (file.parent / path).resolve() if path else file
        assert led.exists(), target
        if anchor:
            assert anchor in anchors(led), target


def anchors(file: Path) -> set[str]:
    taken: set[str] = set()
    for heading in re.findall(r"^#{2,6} (.+)$", without_fences(file.read_text()), re.MULTILINE):
        anchor_of(heading.replace("`", ""), taken)
    return taken


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_links_within_the_docs_are_served(file: Path) -> None:
    if file == README:
        return
    for target in LINK.findall(without_fences(file.read_text())):
        assert address_of(target, name_of(file)), target


def test_the_index_leads_to_every_page() -> None:
    reached: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        file = waiting.pop()
        if file not in reached and file.is_relative_to(DOCS):
            reached.add(file)
            targets = (target.partition("#")[0] for target in LINK.findall(file.read_text()) if "://" not in target)
            waiting += [(file.parent / target).resolve() for target in targets if target.endswith(".md")]
    assert set(PAGES) == reached
    listed = set(LINK.findall((DOCS / "index.md").read_text().partition("## All pages")[2]))
    wanted = {file.relative_to(DOCS).as_posix() for file in PAGES if file.parent.name != "decisions"}
    assert listed == wanted - {"index.md"}


def test_every_decision_is_listed_and_complete() -> None:
    listing = (DOCS / "design" / "decisions.md").read_text()
    records = sorted((DOCS / "design" / "decisions").glob("*.md"))
    assert [file.name[:4] for file in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for file in records:
        text = file.read_text()
        title = text.splitlines()[0].removeprefix("# ")
        assert f"[{title}](decisions/{file.name})" in listing
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "What would change our mind"], file.name


# ---- The README and what it shows -----------------------------------------------------------------------------------


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.read_text().splitlines()) <= 150


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_page_has_one_title_and_no_long_lines(file: Path) -> None:
    text = without_fences(re.sub(MARKS, "", file.read_text()))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert text.startswith("# ")
    long = [line for line in text.splitlines() if len(line) > 140 and not line.startswith("|")]
    assert long == []


def _secret_file(reference: re.Match[str]) -> str:
    return f'{{ file = "{reference[1] if reference[1] in EXAMPLE_SECRETS else "secret"}" }}'


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_configuration_that_is_shown_can_be_read(file: Path, tmp_path: Path) -> None:
    """Each block of TOML, completed by the company that all examples are about, is a good configuration."""
    for name, secret in EXAMPLE_SECRETS.items():
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    for block in blocks(file.read_text(), "toml"):
        parsed = tomllib.loads(block)
        if "include" in parsed:
            continue  # names files that only the reader has
        config = tmp_path / "config.toml"
        whole = block + ("" if "acme" in parsed.get("companies", {}) else ACME)
        config.write_text(re.sub(r"\{ (?:env|file) = \"([^\"]*)\" \}", _secret_file, whole))
        assert read_config(config).companies
