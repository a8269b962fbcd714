"""The words of problems of the sender's standing: what is wrong, what was so before, what to do, how to verify. Pure.

All pages, notices and commands take them from here. What others publish is shown on one line, cut, without anything
hidden in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.incidents.incident import FindingAbout, Incident, Nature, Resolution, Scope, StandingFinding, StandingRule
from monitor.incidents.labels import NATURES, RESOLUTIONS
from monitor.incidents.standing_rules import CHANGES_FOR, ROWS
from monitor.standing.arrivals import RECENT
from probes.display import lasting, listed, one_line
from probes.labels import CAUSES
from probes.mailsystems.advice import Advice
from probes.mailsystems.choose import REMEDIES
from probes.mailsystems.remedy import Step
from probes.standing.fact import Fact, Question, State
from probes.standing.lists import LISTS
from probes.standing.profile import ITEMS
from probes.standing.words import QUESTIONS, sentence

MAX_SAID_CHARS = 120  # of one published value in a sentence
MAX_VALUE_CHARS = 300  # of a record that stands alone
BY_ZONE = {row.public_zone: row for row in LISTS}
WELL = frozenset({State.GOOD, State.WEAK})
TOPICS = {  # of findings without a question
    StandingRule.OTHER_ADDRESS: "source IP",
    StandingRule.CHANGED: "published records",
    StandingRule.RESOLVER: "name server",
    StandingRule.REMEDY_TOO_WIDE: "too wide",
    StandingRule.REMEDY_LAPSES: "lapses",
    StandingRule.REAL_MAIL_REFUSED: "refused",
}
GOOD_TWICE = "two readings ten minutes apart are good"
NO_LONGER_FOREIGN = f"no mail from the other address has come for {lasting(RECENT)}, or [[sender.profile]] has it"


@dataclass(frozen=True, slots=True)
class AboutWords:
    """The words for what a finding is about: a `word` at the start of a line, the `label` in a sentence, and sentences:
    `verify`, how to see that it is over, and `over`, why it is."""

    word: str
    label: str
    verify: str
    over: str


ABOUTS: dict[FindingAbout, AboutWords] = {
    FindingAbout.SENDER: AboutWords(
        "Standing",
        "the sender's standing",
        "",
        "The sender's standing is good again: two readings ten minutes apart agree.",
    ),
    FindingAbout.REMEDY: AboutWords(
        "Remedy",
        "a remedy",
        "`mailpath remedy list` shows its state. The incident closes when somebody notes that it was undone or "
        "prolonged, or a new test has another result.",
        "The remedy was undone or prolonged, or a new test had another result.",
    ),
    FindingAbout.REAL_MAIL: AboutWords(
        "Real mail",
        "real mail",
        "The page of the company shows real mail beside its probes. The incident closes when two messages in a row are "
        "taken, and nothing was refused for 15 minutes, or when no refusal was seen for a day.",
        "Two real messages in a row were taken; or no refusal was seen for a day, and it is not known whether mail is "
        "taken.",
    ),
}
NO_LONGER_READ = "The configuration no longer has what it is about, or no longer says to read it."
CHANGE_CLOSES = f"Nothing has to be fixed if the change was meant: the note closes {lasting(CHANGES_FOR)} after it."


def headline(found: StandingFinding) -> str:
    """Return what is wrong in a few words, without a full stop."""
    row = ROWS[found.rule]
    if found.change:
        return f"{_topic(found)} of {_subject(found)} changed"
    was_well = found.before is not None and found.before.state in WELL
    return _filled(row.no_longer if was_well and row.no_longer else row.headline, [found])


def headlines(found: Sequence[StandingFinding]) -> str:
    """Return the headline of the gravest, the first, and how many more there are."""
    more = len(found) - 1
    return headline(found[0]) + (f", and {more} other {'problem' if more == 1 else 'problems'}" if more else "")


def topics(found: Iterable[StandingFinding]) -> str:
    """Return what it is about: "SPF, DKIM key"."""
    return ", ".join(dict.fromkeys(map(_topic, found)))


def _topic(found: StandingFinding) -> str:
    if found.change:
        return ITEMS[found.change.item]
    return TOPICS.get(found.rule) or (QUESTIONS[found.fact.question].label if found.fact else "")


def concerns(found: Sequence[StandingFinding]) -> str:
    """Return what the gravest means for mail, as a sentence."""
    return ROWS[found[0].rule].impact


def described(found: StandingFinding) -> str:
    """Render what was found as one sentence, without a full stop."""
    about = _subject(found)
    if found.change:
        return f"{_topic(found)} of {about}: {before(found)} became {now(found)}"
    if found.rule is StandingRule.OTHER_ADDRESS:
        return f"real mail came from {about}, which no profile of the sender has"
    if found.rule is StandingRule.REAL_MAIL_REFUSED:
        return _refused(found)
    if found.fact is None or not about:
        return sentence(found.fact) if found.fact else headline(found)
    return f"{QUESTIONS[found.fact.question].label} of {about}: {sentence(found.fact)}"


def _refused(found: StandingFinding) -> str:
    """Say what the sender's service was answered. The addresses are not known any more."""
    said = f": {one_line(found.reply, MAX_VALUE_CHARS)}" if found.reply else ""
    left = f"; the last left from {found.ip}, not from the source IP" if found.ip else ""
    return f"two real messages in a row, to different people at {_subject(found)}, were refused{said}{left}"


def before(found: StandingFinding) -> str:
    """Return what was published or read before; "" if that is not known."""
    if found.change:
        return _joined(found.change.old)
    if found.rule is StandingRule.OTHER_ADDRESS and found.ip:
        return f"it came from {found.ip}, as configured"
    return _said(found.before) if found.before else ""


def now(found: StandingFinding) -> str:
    """Return what is published or read now."""
    if found.change:
        return _joined(found.change.new)
    return _said(found.fact) if found.fact else described(found)


def _joined(values: Iterable[str]) -> str:
    return one_line(", ".join(values) or "nothing", MAX_VALUE_CHARS)


def _said(fact: Fact) -> str:
    """Return the sentence of a reading, and the record."""
    record = "" if fact.question is Question.BLOCKLIST else one_line(fact.value, MAX_VALUE_CHARS)
    return sentence(fact) + (f"; published: {record}" if record else "")


def advice_of(found: Sequence[StandingFinding]) -> Advice:
    """Return the advice for all findings of one incident: the steps of each rule, the gravest first."""
    by_rule: dict[StandingRule, list[StandingFinding]] = {}
    for each in found:
        by_rule.setdefault(each.rule, []).append(each)
    advices = [(ROWS[rule].advice, some) for rule, some in by_rule.items()]
    return replace(
        advices[0][0],
        explanation=f"{_begun(headlines(found))}.",
        steps=tuple(dict.fromkeys(_filled(step, some) for advice, some in advices for step in advice.steps)),
        do_not=" ".join(dict.fromkeys(advice.do_not for advice, _ in advices)),
        verify=verify(found),
    )


def steps_of(rule: StandingRule, found: Iterable[StandingFinding]) -> str:
    """Return the next steps for all findings of one rule, as a text with {domain}."""
    some = [each for each in found if each.rule is rule]
    return " ".join(_filled(step, some) for step in ROWS[rule].advice.steps)


def verify(found: Sequence[StandingFinding]) -> str:
    """Return how to see that it is over."""
    rules = {each.rule for each in found}
    if StandingRule.RESOLVER in rules:
        return f"`mailpath doctor` tests the name server. The incident closes when {GOOD_TWICE}."
    questions = dict.fromkeys(each.fact.question for each in found if each.fact)
    checks = "".join(f" --check {question}" for question in questions if question is not Question.REPORTS)
    parts = []
    if checks:
        parts.append(f"`mailpath standing{checks} --confirm` reads it now and ten minutes later; see the page Sender.")
    if Question.REPORTS in questions:
        parts.append("`mailpath standing reports` shows the share that passes, day by day.")
    ends = [*([GOOD_TWICE] if questions else []), *([NO_LONGER_FOREIGN] if StandingRule.OTHER_ADDRESS in rules else [])]
    if ends:
        parts.append(f"The incident closes when {', and '.join(ends)}.")
    parts += dict.fromkeys(ABOUTS[rule.about].verify for rule in rules if ABOUTS[rule.about].verify)
    if StandingRule.CHANGED in rules:
        parts.append(CHANGE_CLOSES)
    return " ".join(parts)


def ended(incident: Incident, ending: Resolution) -> str:
    """Return why an incident that ends so is over, as a sentence."""
    if incident.about and ending is Resolution.RECOVERED:
        return ABOUTS[incident.about].over
    if incident.about and ending is Resolution.UNWATCHED:
        return NO_LONGER_READ
    return RESOLUTIONS[ending].sentence


def party(nature: Nature, about: FindingAbout | None) -> str:
    """Return what the problem is with: "the sender's mail", "real mail"."""
    return ABOUTS[about].label if about else NATURES[nature].label


def about_of(found: Sequence[StandingFinding]) -> AboutWords:
    """Return the words for what these are about, as the gravest, the first, says."""
    return ABOUTS[found[0].rule.about if found else FindingAbout.SENDER]


def may_allow(found: StandingFinding, names: Sequence[str]) -> str:
    """Return which companies a change of the sender's address concerns. Mailpath does not know their entries."""
    if not names:
        return ""
    return (
        f"Companies that may have an allow entry for {found.ip or 'the old address'}, and none for "
        f"{_subject(found)}: {listed(names)}. Mailpath does not know which of them have one."
    )


def affected(found: Sequence[StandingFinding]) -> str:
    """Return whom it concerns."""
    ours = found and found[0].scope is Scope.OURSELVES
    return "Mailpath itself" if ours else "everybody: all who receive the sender's mail"


def _filled(text: str, found: Sequence[StandingFinding]) -> str:
    for mark, word in _words(found).items():
        text = text.replace(mark, word)
    return text


def _words(found: Sequence[StandingFinding]) -> Mapping[str, str]:
    rows = [(BY_ZONE.get(each.zone), each) for each in found]
    at_lists = [(row, row.listed_subject(each.subject)) for row, each in rows if row]
    return {
        "{subject}": listed(list(dict.fromkeys(map(_subject, found)))),
        "{ip}": found[0].ip or "the source IP",
        "{why}": f" ({CAUSES[cause].label})" if (cause := found[0].cause) else "",
        "{listed}": listed([*dict.fromkeys(one_line(subject, MAX_SAID_CHARS) for _, subject in at_lists)]),
        "{list}": listed([*dict.fromkeys(row.name for row, _ in at_lists)]) or "a blocklist",
        "{undo}": _said_steps(remedy.undo if (remedy := REMEDIES.get(found[0].remedy)) else ()),
        "{renew}": _said_steps((remedy.expires.renew,) if remedy and remedy.expires else ()),
        "{leave}": listed([*dict.fromkeys(row.page_about(subject) for row, subject in at_lists)]),
    }


def _said_steps(steps: Sequence[Step]) -> str:
    return " ".join(map(_said_step, steps)) or "by the steps of its page."


def _said_step(step: Step) -> str:
    if isinstance(step, str):
        return step
    return f"{step.does} (the page of the remedy has the lines)." if "\n" in step.text.strip() else step.short


def _subject(found: StandingFinding) -> str:
    return one_line(found.subject, MAX_SAID_CHARS)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
