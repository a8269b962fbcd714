"""Whether two senders were stopped in the same way: real replies of many servers, in pairs."""

import time
from dataclasses import replace
from typing import Any

import pytest

from probes.answer import Answer, Fault, Stage, has_words, masked, same_answer


def said(text: str, code: int = 451, enhanced: str | None = None, stage: Stage = Stage.RCPT) -> Answer:
    return Answer(stage, code, enhanced, text, None, "mx.acme.example[192.0.2.25]:25")


ALIKE = {  # what the sender heard, what the control heard
    "Postfix, milter stopped": ("Service unavailable - try again later",) * 2,
    "Postfix, resolver down": (
        "<bounce+a1b2c3@account.trimble.com>: Sender address rejected: Domain not found",
        "<postmaster+9f8e7d@control.example>: Sender address rejected: Domain not found",
    ),
    "Postfix, a list that lists the whole world": (
        "Service unavailable; Client host [104.130.122.50] blocked using bl.dead.example; see "
        "http://bl.dead.example/lookup?104.130.122.50",
        "Service unavailable; Client host [198.51.100.7] blocked using bl.dead.example; see "
        "http://bl.dead.example/lookup?198.51.100.7",
    ),
    "Postfix, one client with a reverse name and one without": (
        "<mail.account.trimble.com[104.130.122.50]>: Client host rejected: Server configuration error",
        "<unknown[198.51.100.7]>: Client host rejected: Server configuration error",
    ),
    "Postfix, queue ids": (
        "4.3.0 Error: queue file write error, id 4XyZ3k0Q1Wz5tP",
        "4.3.0 Error: queue file write error, id 4XyZ3k0QnBz6vR",
    ),
    "Exim": (
        "Temporary local problem - please try later (1tGk2W-00AbCd-0X)",
        "Temporary local problem - please try later (1tGk3Q-00ZyXw-2Y)",
    ),
    "Exim, a list": (
        "104.130.122.50 is in a black list at zen.spamhaus.org",
        "198.51.100.7 is in a black list at zen.spamhaus.org",
    ),
    "rspamd": ("Try again later", "Try again later"),
    "Exchange Online": (
        "Server busy. Please try again later from [104.130.122.50]. (S77719) "
        "[BN8NAM12FT042.eop-nam12.prod.protection.outlook.com 2026-11-28T21:40:01.123Z 08DE2C8A5B1F]",
        "Server busy. Please try again later from [198.51.100.7]. (S77719) "
        "[DM6NAM10FT017.eop-nam10.prod.protection.outlook.com 2026-11-28T21:40:07.456Z 08DE2C8B6C2A]",
    ),
    "Gmail, several lines": (
        "The recipient's inbox is out of storage space.\nhttps://support.google.com/mail/?p=OverQuotaTemp "
        "a1b2c3d4e5f6-20020a05620a1d4f00b0077c-si123456qkb.789 - gsmtp",
        "The recipient's inbox is out of storage space.\nhttps://support.google.com/mail/?p=OverQuotaTemp "
        "f6e5d4c3b2a1-20020a170902c3cd00b001cf-si987654plg.12 - gsmtp",
    ),
    "Mimecast": (
        "Internal resources are temporarily unavailable - "
        "https://community.mimecast.com/docs/DOC-1369#451 [qIPtlBmXaOyRkWcZ.us123]",
        "Internal resources are temporarily unavailable - "
        "https://community.mimecast.com/docs/DOC-1369#451 [Zk3Bv1LmN7QeYt9u.us217]",
    ),
    "Proofpoint, another host of the cluster": (
        "mx0a-001b2d01.pphosted.com temporarily unavailable, session 4b1x2y3z",
        "mx0b-001b2d01.pphosted.com temporarily unavailable, session 9q8w7e6r",
    ),
    "a short name of a cluster's host": ("mx1 service shutting down", "mx2 service shutting down"),
    "greylisting, seconds left": (
        "<probe@acme.example>: Recipient address rejected: Greylisted, try again in 300 seconds",
        "<probe@acme.example>: Recipient address rejected: Greylisted, try again in 297 seconds",
    ),
    "greylisting, another unit": ("Greylisted for 1 minute", "Greylisted for 59 seconds"),
    "greylisting, as a clock": ("Please retry in 00:04:59", "Please retry in 00:00:10"),
    "capitals and stops": ("Service Unavailable.", "service unavailable"),
    "no words at all": ("", ""),
}

DIFFERENT = {
    "another list, in other words": (
        "Mail from 104.130.122.50 refused by blackhole site zen.spamhaus.example",
        "Mail from 198.51.100.7 refused by blackhole site dul.dnsbl.example",
    ),
    "another list, named alone": ("Rejected by zen.spamhaus.example", "Rejected by bl.spamcop.example"),
    "another list, in quotation marks": ('blocked by rbl "zen.first.example"', 'blocked by rbl "bl.second.example"'),
    "another reason, in the link alone": (
        "For explanation visit https://postmaster.gmx.example/error-messages?ip=104.130.122.50&c=bl",
        "For explanation visit https://postmaster.gmx.example/error-messages?ip=198.51.100.7&c=rdns",
    ),
    "another page of the same vendor": (
        "https://community.mimecast.example/docs/DOC-1369#550",
        "https://community.mimecast.example/docs/DOC-1369#554",
    ),
    "another list": (
        "Service unavailable; Client host [104.130.122.50] blocked using zen.spamhaus.org",
        "Service unavailable; Client host [198.51.100.7] blocked using bl.spamcop.net",
    ),
    "another list, as Exim says it": (
        "104.130.122.50 is in a black list at zen.spamhaus.org",
        "198.51.100.7 is in a black list at bl.spamcop.net",
    ),
    "another list, as Sendmail says it": (
        "Rejected: 104.130.122.50 listed at alpha.dnsbl.test",
        "Rejected: 198.51.100.7 listed at beta.dnsbl.test",
    ),
    "another list, by its page": (
        "rejected, see https://www.spamhaus.org/query/ip/104.130.122.50",
        "rejected, see https://www.barracudacentral.org/lookups?ip=198.51.100.7",
    ),
    "another reason": (
        "<no-reply@account.trimble.com>: Sender address rejected: Access denied",
        "<postmaster@control.example>: Sender address rejected: Domain not found",
    ),
    "another code of the vendor": ("Access denied, banned sending IP (AS780)", "Access denied (AS201806281)"),
    "another of Microsoft's": (
        "messages from [1.2.3.4] weren't sent (S3150)",
        "messages from [1.2.3.4] weren't sent (S3140)",
    ),
    "a limit and a block": ("Too many connections from 104.130.122.50", "Mail from 198.51.100.7 is blocked"),
    "words and none": ("Access denied", ""),
}


@pytest.mark.parametrize(("sender", "control"), ALIKE.values(), ids=ALIKE)
def test_two_messages_that_were_treated_alike(sender: str, control: str) -> None:
    assert masked(sender) == masked(control)
    assert same_answer(said(sender), said(control))


@pytest.mark.parametrize(("sender", "control"), DIFFERENT.values(), ids=DIFFERENT)
def test_two_messages_that_were_stopped_for_two_reasons(sender: str, control: str) -> None:
    assert not same_answer(said(sender), said(control))


@pytest.mark.parametrize(
    "other",
    [
        {"code": 450},
        {"code": 551},
        {"enhanced": "4.7.1"},
        {"stage": Stage.MAIL},
        {"stage": None},  # a bounce says it
        {"code": None, "fault": Fault.TIMED_OUT},
    ],
)
def test_the_same_words_at_another_stage_or_with_another_code_are_another_answer(other: dict[str, Any]) -> None:
    assert not same_answer(said("try again later"), replace(said("try again later"), **other))


def test_of_a_fault_its_kind_counts_and_not_this_machines_remark() -> None:
    one = Answer(Stage.CONNECT, None, None, "no answer in 30 s from 192.0.2.25", Fault.TIMED_OUT)
    assert same_answer(one, replace(one, text="no answer in 31 s from 192.0.2.26"))
    assert not same_answer(one, replace(one, fault=Fault.REFUSED))


@pytest.mark.parametrize(
    ("answer", "worded"),
    [
        (said("Service unavailable"), True),
        (said(""), False),
        (said("[192.0.2.1] 1tGk2W-00AbCd-0X"), False),
        (Answer(Stage.BANNER, None, None, "no answer in 30 s", Fault.TIMED_OUT), False),
    ],
)
def test_a_bare_code_and_a_fault_give_no_reason(answer: Answer, worded: bool) -> None:
    assert has_words(answer) is worded


@pytest.mark.parametrize(
    "hostile", ["A" * 100_000, "aA" * 50_000, "a." * 50_000, "@" * 100_000, "blocked using " * 9_000]
)
def test_a_hostile_reply_costs_no_time(hostile: str) -> None:
    began = time.process_time()
    masked(hostile)
    assert time.process_time() - began < 0.3
