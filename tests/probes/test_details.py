"""What a verdict rests on, in the form that the store keeps."""

import json
from datetime import timedelta
from typing import get_args

import pytest

from probes.answer import Stage
from probes.details import Detail, DialogueStopped, FoundIn, InJunk, StopKind, decode, encode, found_in, taken_for_spam
from probes.evidence import Arrival, Folder
from probes.sentences import sentence
from tests.support.detail_samples import EVERY_DETAIL, JUNK, TOOK
from tests.support.store_samples import REPLY, T0


def test_the_samples_have_every_type() -> None:
    assert {type(each) for each in EVERY_DETAIL} == set(get_args(Detail))


@pytest.mark.parametrize("detail", EVERY_DETAIL, ids=lambda detail: detail.type)
def test_a_detail_and_its_sentence_survive_the_store(detail: Detail) -> None:
    read = decode(encode(detail))
    assert read == detail
    assert read is not None
    assert sentence(read) == sentence(detail)
    assert json.loads(encode(detail))["type"] == detail.type


def test_types_have_names_of_their_own() -> None:
    """A store keeps them, so they change no more than a column does."""
    assert sorted({each.type for each in EVERY_DETAIL}) == [
        *("accepted_too_late", "arrived_in_time", "arrived_late", "arrived_late_through_us", "bounced_afterwards"),
        *("copy_marked_as_spam", "could_not_look", "deferred_through_us", "dialogue_stopped", "held_on_the_way"),
        *("in_junk", "moved_by_rule", "no_mailbox", "not_found", "not_sent", "replay_found", "scanned_by_filter"),
        *("sending_interrupted", "stated_by_trace"),
    ]


@pytest.mark.parametrize(
    "text",
    ['{"type":"of_tomorrow","x":1}', '{"type":"in_junk","header":"X-Spam: yes"}', "{}", "null", "[]", "not JSON", ""],
)
def test_what_this_release_does_not_know_is_none(text: str) -> None:
    assert decode(text) is None


def test_a_field_of_a_newer_release_is_left_out() -> None:
    newer = json.loads(encode(InJunk(JUNK, TOOK, "X-Spam: yes"))) | {"filter": "rspamd"}
    assert decode(json.dumps(newer)) == InJunk(JUNK, TOOK, "X-Spam: yes")


def test_it_holds_no_headers_of_the_message() -> None:
    arrival = Arrival(T0, T0, Folder.COPY, "copies", "X-Long: " + "x" * 65_000, (), client_ip="192.0.2.7")
    assert found_in(arrival) == FoundIn(Folder.COPY, "copies", "192.0.2.7")
    assert len(encode(InJunk(found_in(arrival), timedelta(seconds=3), "X-Spam: yes"))) < 200


def test_only_spam_has_words_of_a_filter() -> None:
    assert {each.type for each in EVERY_DETAIL if taken_for_spam(each)} == {"in_junk", "copy_marked_as_spam"}
    assert taken_for_spam(None) is None


def test_a_stopped_dialogue_keeps_who_spoke_where_and_with_which_words() -> None:
    read = decode(encode(DialogueStopped(StopKind.REJECTED, REPLY)))
    assert isinstance(read, DialogueStopped)
    assert (read.step.host, read.step.stage, read.step.code) == ("mx.acme.example[192.0.2.1]:25", Stage.RCPT, 550)
    assert read.step.text == 'blocked "104.130.122.50"\nbye'


def test_a_hostile_folder_name_stays_one_short_line_of_the_sentence() -> None:
    told = sentence(InJunk(FoundIn(Folder.JUNK, 'a\r\nb\x1b[31m\u202e"c' + "W" * 3000), TOOK, ""))
    assert told.isprintable()
    assert "a b [31m" in told
    assert len(told) < 400
