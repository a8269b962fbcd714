"""Which mail system of a chain an answer comes from."""

import pytest

from probes.answer import Answer, Stage
from probes.mailsystems.table import system_at
from probes.reading.who_refused import refusing_system

CHAIN = ("proofpoint", "m365")


def answer(text: str = "no", host: str = "mx.example") -> Answer:
    return Answer(Stage.RCPT, 550, "5.7.1", text, host=host)


@pytest.mark.parametrize(
    ("said", "system"),
    [
        (None, "proofpoint"),
        (answer(), "proofpoint"),
        (answer("Service unavailable, Client host blocked using Customer Block list (AS16012609)"), "m365"),
        (answer("blocked by Proofpoint", "acme.mail.protection.outlook.com"), "proofpoint"),  # the words go first
        (answer(host="acme-example.mail.protection.outlook.com[192.0.2.1]:25"), "m365"),
        (answer(host="mx1.acme.pphosted.com[192.0.2.1]:25"), "proofpoint"),
        (answer("see mimecast"), "proofpoint"),  # not of this chain: the configuration may be old
    ],
)
def test_of_a_chain_the_one_speaks_that_refused(said: Answer | None, system: str) -> None:
    assert refusing_system(CHAIN, said) == system


def test_of_one_system_nobody_else_speaks() -> None:
    assert refusing_system(("postfix",), answer("see mimecast")) == "postfix"


@pytest.mark.parametrize(
    ("host", "system"),
    [
        ("acme.mail.protection.outlook.com", "m365"),
        ("ACME.olc.protection.outlook.com.", "outlook"),  # the longest suffix
        ("mx0a-1.pphosted.com:25", "proofpoint"),
        ("notpphosted.com", ""),
        ("192.0.2.1", ""),
        ("", ""),
    ],
)
def test_a_server_is_known_by_its_name(host: str, system: str) -> None:
    assert system_at(host) == system
