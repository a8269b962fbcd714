"""What the pages say of reading replies is so: thresholds, kinds of phrases, and the answer that is shown."""

import re
from pathlib import Path

import probes.reading.replies as package
from probes.labels import CAUSES
from probes.reading.replies import read_reply
from probes.reading.replies.decision import LIKELY, MOST_SHOWN, SHOWN, SURE
from probes.reading.replies.table import PhraseKind
from probes.reading.replies.why import explain
from tests.support.documentation import DOCS, blocks, rows

VERDICTS = (DOCS / "guide" / "verdicts.md").read_text()
READING = (DOCS / "design" / "reading-replies.md").read_text()
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def test_the_thresholds_are_those_of_the_code() -> None:
    said = " ".join(VERDICTS.split())
    assert f"up to {WORDS[MOST_SHOWN]} are shown" in said
    assert f"from {SHOWN:.0%} on" in said
    assert f"Below {LIKELY:.0%} none is named" in said
    assert f"all such causes together have at least {SURE:.0%}" in said


def test_the_answer_that_is_shown_is_given() -> None:
    """Percentages may change with each learning by a little, the answer may not. If it does: run the command again."""
    (shown,) = [block for block in blocks(VERDICTS, "text") if "--why" in block]
    (reply,) = re.findall(r"The file contains `([^`]+)`", VERDICTS)
    facts = read_reply(reply)
    assert f"\n{CAUSES[facts.cause].title}, concerns: not known\n" in shown
    asked = re.findall(r"^  ([a-zA-Z ]+), (\d+)%$", shown, re.MULTILINE)
    rivals = [(CAUSES[rival.cause].label, rival.probability) for rival in facts.rivals]
    assert [label for label, _ in asked] == [label for label, _ in rivals]
    assert all(abs(int(percent) - 100 * chance) < 10 for (_, percent), (_, chance) in zip(asked, rivals, strict=True))
    known = {reason.clue for candidate in explain(reply) for reason in candidate.reasons}
    clues = re.findall(r"^ +[+-]\d\.\d  (.+)$", shown, re.MULTILINE)
    assert len(clues) > 5
    assert len(set(clues) - known) <= 2


def test_every_kind_of_phrase_has_its_row() -> None:
    assert [row[0] for row in rows(READING, "Tables of phrases") if row[0].strip("`") in set(PhraseKind)] == [
        f"`{kind}`" for kind in PhraseKind
    ]


def test_every_module_is_named() -> None:
    assert package.__file__
    modules = {file.name for file in Path(package.__file__).parent.glob("*.py")}
    assert {name for name in modules if name not in READING} == set()
