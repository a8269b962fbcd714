"""People and how they come in, what they did, and what programs were answered."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest

from monitor.people.person import AuditEntry, Invitation, Person, Rights, SignInSession, Token
from monitor.store import Remembered, Store, StoreError
from tests.support.store_by_hand import TWICE, StoreByHand
from tests.support.store_samples import T0, at

ADA = Person("ada", Rights.ADMIN, None, "$argon2id$ada", T0)
BOB = Person("bob", Rights.VIEWER, ("acme", "bolt"), "", at(1), disabled_at=at(5))
TOKEN = Token("t1", "grafana", "d" * 64, "mp_ab", Rights.OPERATOR, ("acme",), "ada", T0, at(9000))
VISIT = SignInSession("s" * 64, "ada", "form", T0, T0, at(3600))
INVITED = Invitation("i" * 64, "bob", T0, at(60))
DEED = AuditEntry(T0, "ada", "session", "probe sent", "p000001", "acme")
ANSWER = Remembered("token t1", "key", "print", 202, '{"id": "p1"}', T0)
HOSTILE = "\udcff\0'; DROP TABLE people --\u202e\U0001f4a9"
MADE_LEGIBLE = "?\ufffd'; DROP TABLE people --\u202e\U0001f4a9"


# --- people


async def test_people_come_back_as_they_were_kept(url: str) -> None:
    async with Store.open(url) as store:
        assert await store.people.all() == []
        await store.people.put_person(BOB)
        await store.people.put_person(ADA)
    async with Store.open(url) as store:
        assert await store.people.all() == [ADA, BOB]
        assert await store.people.person("bob") == BOB
        assert await store.people.person("Bob") is None


async def test_to_see_no_company_is_not_to_see_all(store: Store) -> None:
    for companies in (None, (), ("",), ("acme",), ("ümläut", 'quo"te')):
        await store.people.put_person(replace(ADA, companies=companies))
        await store.people.put_token(replace(TOKEN, companies=companies))
        person, token = await store.people.person("ada"), await store.people.token_by_digest(TOKEN.digest)
        assert person
        assert token
        assert person.companies == token.companies == companies


async def test_a_person_is_kept_as_they_are_now(store: Store) -> None:
    await store.people.put_person(ADA)
    now = Person("ada", Rights.VIEWER, (), ADA.password, at(7), at(8))
    await asyncio.gather(store.people.put_person(replace(now, rights=Rights.ADMIN)), store.people.put_person(now))
    assert await store.people.all() == [now]


async def test_a_change_of_a_person_does_not_undo_the_password_that_they_set_meanwhile(store: Store) -> None:
    await store.people.put_person(ADA)
    await store.people.put_invitation(replace(INVITED, person="ada"))
    await store.people.accept_invitation(INVITED.digest, at(1), "new hash")
    await store.people.put_person(replace(ADA, rights=Rights.VIEWER))
    assert await store.people.all() == [replace(ADA, rights=Rights.VIEWER, password="new hash")]


async def test_times_come_back_in_utc(store: Store) -> None:
    await store.people.put_person(replace(ADA, created_at=T0.astimezone(timezone(timedelta(hours=9)))))
    person = await store.people.person("ada")
    assert person == ADA
    assert person.created_at.tzinfo is UTC
    with pytest.raises(StoreError, match="without a zone"):
        await store.people.put_person(replace(ADA, created_at=T0.replace(tzinfo=None)))


# --- tokens


async def test_a_token_comes_back_by_its_digest(store: Store) -> None:
    young = replace(TOKEN, id="t0", digest="e" * 64, created_at=at(1), expires_at=None, companies=None)
    await store.people.put_token(young)
    await store.people.put_token(TOKEN)
    assert await store.people.tokens() == [TOKEN, young]
    assert await store.people.token_by_digest(TOKEN.digest) == TOKEN
    assert await store.people.token_by_digest(young.digest) == young
    assert await store.people.token_by_digest("") is None
    assert await store.people.token_by_digest("d") is None


async def test_two_tokens_never_share_a_secret(store: Store) -> None:
    await store.people.put_token(TOKEN)
    with pytest.raises(StoreError, match=TWICE):
        await store.people.put_token(replace(TOKEN, id="t2"))
    assert await store.people.tokens() == [TOKEN]


async def test_what_is_revoked_stays_revoked(store: Store) -> None:
    await store.people.put_token(TOKEN)
    await store.people.put_token(replace(TOKEN, revoked_at=at(10)))
    await store.people.put_token(replace(TOKEN, name="renamed"))  # by somebody who read it before
    await store.people.put_token(replace(TOKEN, revoked_at=at(20)))
    assert await store.people.tokens() == [replace(TOKEN, revoked_at=at(10))]


async def test_a_token_keeps_its_digest_and_its_use(store: Store) -> None:
    await store.people.put_token(TOKEN)
    await store.people.token_used("t1", at(5))
    await store.people.put_token(replace(TOKEN, digest="f" * 64, name="renamed", rights=Rights.VIEWER))
    assert await store.people.tokens() == [replace(TOKEN, name="renamed", rights=Rights.VIEWER, used_at=at(5))]


async def test_the_use_of_a_token_is_told_once_a_minute(store: Store) -> None:
    await store.people.put_token(TOKEN)
    other = replace(TOKEN, id="t2", digest="e" * 64)
    await store.people.put_token(other)
    for seconds, kept in ((0, 0), (30, 0), (59.9, 0), (60, 60), (61, 60), (500, 500)):
        await store.people.token_used("t1", at(seconds))
        assert await store.people.tokens() == [replace(TOKEN, used_at=at(kept)), other], seconds
    await store.people.token_used("t2", at(501))
    await store.people.token_used("nobody", at(501))
    assert [token.used_at for token in await store.people.tokens()] == [at(500), at(501)]


# --- sessions


async def test_a_session_comes_back_until_it_is_ended(store: Store) -> None:
    assert await store.people.session(VISIT.digest) is None
    await store.people.put_session(VISIT)
    assert await store.people.session(VISIT.digest) == VISIT
    await store.people.put_session(replace(VISIT, seen_at=at(9), expires_at=at(7200)))
    assert await store.people.session(VISIT.digest) == replace(VISIT, seen_at=at(9), expires_at=at(7200))
    await store.people.end_session(VISIT.digest)
    assert await store.people.session(VISIT.digest) is None


async def test_a_session_never_becomes_somebody_elses(store: Store) -> None:
    await store.people.put_session(VISIT)
    await store.people.put_session(replace(VISIT, person="bob", form="x", created_at=at(5)))
    assert await store.people.session(VISIT.digest) == VISIT


async def test_who_signed_out_is_not_signed_in_again_by_a_request_that_was_under_way(store: Store) -> None:
    await store.people.put_session(VISIT)
    await store.people.end_session(VISIT.digest)
    await store.people.put_session(replace(VISIT, seen_at=at(1)))
    assert await store.people.session(VISIT.digest) is None


async def test_somebody_is_signed_out_everywhere(store: Store) -> None:
    visits = [replace(VISIT, digest=name, person=person) for name, person in (("a", "ada"), ("b", "bob"), ("c", "ada"))]
    await asyncio.gather(*map(store.people.put_session, visits))
    await store.people.put_person(ADA, sign_out=True)
    assert [await store.people.session(visit.digest) for visit in visits] == [None, visits[1], None]


# --- invitations


async def test_an_invitation_is_taken_once(store: Store) -> None:
    await store.people.put_invitation(INVITED)
    taken = await asyncio.gather(*(store.people.accept_invitation(INVITED.digest, at(1), "hash") for _ in range(20)))
    assert [each for each in taken if each] == [INVITED]
    assert await store.people.accept_invitation(INVITED.digest, at(1), "hash") is None


async def test_whoever_takes_an_invitation_has_its_password_and_only_they_are_in_the_audit_log(store: Store) -> None:
    disabled = replace(ADA, disabled_at=at(3))
    await store.people.put_person(disabled)
    await store.people.put_session(replace(VISIT, person="ada"))
    await store.people.put_invitation(replace(INVITED, person="ada"))
    takes = [(name, replace(DEED, about=f"by {name}")) for name in ("first", "second")]
    taken = [await store.people.accept_invitation(INVITED.digest, at(1), name, entry) for name, entry in takes]
    assert [each is not None for each in taken] == [True, False]
    assert await store.people.person("ada") == replace(disabled, password="first")
    assert await store.people.session(VISIT.digest) is None
    assert [entry.about for _, entry in await store.people.audit_log(None, 5)] == ["by first"]


async def test_of_two_processes_one_takes_an_invitation(store: Store, url: str) -> None:
    async with Store.open(url) as beside:
        for number in range(20):
            await store.people.put_invitation(replace(INVITED, digest=f"i{number}"))
            taken = await asyncio.gather(
                *(each.people.accept_invitation(f"i{number}", at(1), "hash") for each in (store, beside))
            )
            assert sum(each is not None for each in taken) == 1


@pytest.mark.parametrize(("seconds", "taken"), [(59.9, True), (60, False), (61, False)])
async def test_an_invitation_expires(store: Store, seconds: float, taken: bool) -> None:
    await store.people.put_invitation(INVITED)
    assert (await store.people.accept_invitation(INVITED.digest, at(seconds), "hash") is not None) == taken


async def test_a_new_invitation_voids_the_old_one(store: Store) -> None:
    newer, of_ada = replace(INVITED, digest="n"), replace(INVITED, digest="a", person="ada")
    await asyncio.gather(*map(store.people.put_invitation, (INVITED, of_ada, newer)))
    assert await store.people.accept_invitation(INVITED.digest, at(1), "hash") is None
    assert await store.people.accept_invitation("n", at(1), "hash") == newer
    assert await store.people.accept_invitation("a", at(1), "hash") == of_ada


async def test_a_wrong_invitation_takes_nothing(store: Store) -> None:
    await store.people.put_invitation(INVITED)
    for wrong in ("", "i", "%", HOSTILE):
        assert await store.people.accept_invitation(wrong, at(1), "hash") is None
    assert await store.people.accept_invitation(INVITED.digest, at(1), "hash") == INVITED


# --- the audit log


async def test_deeds_are_told_newest_first_and_leafed_through(store: Store) -> None:
    assert await store.people.audit_log(None, 5) == []
    done = [replace(DEED, about=f"p{number}", company="") for number in range(1, 8)]
    await asyncio.gather(*map(store.people.note, done))
    first = await store.people.audit_log(None, 3)
    assert [entry.about for _, entry in first] == ["p7", "p6", "p5"]
    await store.people.note(DEED)  # moves nothing
    second = await store.people.audit_log(first[-1][0], 3)
    third = await store.people.audit_log(second[-1][0], 3)
    assert [entry for _, entry in (*first, *second, *third)] == done[::-1]
    assert (await store.people.audit_log(None, 1))[0][1] == DEED


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("probe", "probe sent"),
        ("mute", "mute created"),
        ("person made", "person added"),
        ("link made", "link created"),
        ("token made", "token created"),
        ("signed in", "signed in"),
    ],
)
async def test_an_entry_of_an_earlier_version_is_read_in_words_of_today(written: str, read: str, store: Store) -> None:
    await store.people.note(replace(DEED, what=written))
    assert (await store.people.audit_log(None, 1))[0][1] == replace(DEED, what=read)


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE audit_log SET who = 'nobody'", "never changed"),
        ("DELETE FROM audit_log", "ever deleted"),
        ("DELETE FROM audit_log WHERE what <> 'sign-in refused'", "ever deleted"),
    ],
)
async def test_the_audit_log_stays(store: Store, by_hand: StoreByHand, statement: str, refusal: str) -> None:
    await store.people.note(DEED)
    by_hand.refuses(statement, refusal)
    assert [entry for _, entry in await store.people.audit_log(None, 5)] == [DEED]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_the_audit_log_is_not_replaced_either(store: Store, url: str) -> None:
    await store.people.note(DEED)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.IntegrityError, match="ever deleted"):
            connection.execute(
                "INSERT OR REPLACE INTO audit_log "
                "SELECT id, at, 'nobody', way, what, about, company, path FROM audit_log"
            )
    assert [entry for _, entry in await store.people.audit_log(None, 5)] == [DEED]


# --- answers


async def test_an_answer_is_remembered_once_for_each_caller_and_key(store: Store) -> None:
    assert await store.requests.remembered("token t1", "key") is None
    others = [replace(ANSWER, caller="ada"), replace(ANSWER, key="another")]
    same = [replace(ANSWER, body=f"{number}") for number in range(5)]
    kept = await asyncio.gather(*map(store.requests.remember, (ANSWER, *same, *others)))
    assert kept == [True, *[False] * 5, True, True]
    assert await store.requests.remembered("token t1", "key") == ANSWER
    assert await store.requests.remembered("ada", "key") == others[0]
    assert await store.requests.remembered("ada", "another") is None


async def test_a_large_answer_is_remembered_whole(store: Store) -> None:
    large = replace(ANSWER, body='{"x": "' + "ä\u202e" * 500_000 + '"}')
    assert await store.requests.remember(large)
    assert await store.requests.remembered("token t1", "key") == large


# --- hostile words


async def test_hostile_words_are_stored_in_a_form_that_can_be_read(store: Store, tmp_path: Path) -> None:
    await store.people.put_person(replace(ADA, name=HOSTILE, password=HOSTILE, companies=(HOSTILE,)))
    await store.people.put_token(replace(TOKEN, id=HOSTILE, name=HOSTILE, digest=HOSTILE, hint=HOSTILE, by=HOSTILE))
    await store.people.token_used(HOSTILE, at(1))
    await store.people.put_session(replace(VISIT, digest=HOSTILE, person=HOSTILE, form=HOSTILE))
    await store.people.put_invitation(replace(INVITED, digest=HOSTILE, person=HOSTILE))
    await store.people.note(replace(DEED, who=HOSTILE, way=HOSTILE, what=HOSTILE, about=HOSTILE, company=HOSTILE))
    await store.requests.remember(Remembered(HOSTILE, HOSTILE, HOSTILE, 500, HOSTILE, T0))
    person, token = await store.people.person(HOSTILE), await store.people.token_by_digest(HOSTILE)
    assert person
    assert token
    assert person.name == person.password == MADE_LEGIBLE
    assert person.companies == (MADE_LEGIBLE,)
    assert (token.id, token.name, token.hint, token.by, token.used_at) == (*[MADE_LEGIBLE] * 4, at(1))
    assert await store.people.session(HOSTILE) == replace(
        VISIT, digest=MADE_LEGIBLE, person=MADE_LEGIBLE, form=MADE_LEGIBLE
    )
    taken = await store.people.accept_invitation(HOSTILE, at(1), HOSTILE)
    assert taken == replace(INVITED, digest=MADE_LEGIBLE, person=MADE_LEGIBLE)
    assert await store.people.session(HOSTILE) is None
    assert [entry.about for _, entry in await store.people.audit_log(None, 5)] == [MADE_LEGIBLE]
    answer = await store.requests.remembered(HOSTILE, HOSTILE)
    assert answer
    assert answer.body == MADE_LEGIBLE


# --- forgetting


async def test_what_is_over_is_forgotten(store: Store, by_hand: StoreByHand) -> None:
    now = at(100_000)
    for name, over in (("over", now), ("still", now + timedelta(seconds=1))):
        await store.people.put_session(replace(VISIT, digest=name, expires_at=over))
        await store.people.put_invitation(replace(INVITED, digest=name, person=name, expires_at=over))
        await store.requests.remember(replace(ANSWER, key=name, at=over - timedelta(days=1)))
    await store.people.put_session(replace(VISIT, digest="ended", expires_at=now + timedelta(seconds=1)))
    await store.people.end_session("ended")
    await store.people.put_person(BOB)
    await store.people.put_token(replace(TOKEN, expires_at=T0, revoked_at=T0))
    await store.people.note(DEED)
    assert await store.prune(at(0)) == 0
    assert await store.people.session("over"), "it was not told what time it is"
    assert await store.prune(at(0), now) == 0
    left = {
        table: by_hand.ask(f"SELECT {column} FROM {table} ORDER BY 1")
        for table, column in (("sessions", "digest"), ("invitations", "digest"), ("idempotency_keys", "key"))
    }
    assert left == {"sessions": [("ended",), ("still",)], "invitations": [("still",)], "idempotency_keys": [("still",)]}
    assert await store.people.all() == [BOB]
    assert len(await store.people.tokens()) == len(await store.people.audit_log(None, 5)) == 1


async def test_old_refused_sign_ins_are_forgotten_and_nothing_else_of_the_audit_log(store: Store) -> None:
    """Anybody can cause them, from a name or none; what a person did is kept for ever, whatever it is called."""
    now = at(0) + timedelta(days=200)
    old, new = now - timedelta(days=90, seconds=1), now - timedelta(days=90)
    refused = replace(DEED, way="session", what="sign-in refused", who="somebody unknown", company="")
    kept = [
        replace(refused, at=new),
        replace(refused, at=old, what="signed in"),
        replace(refused, at=old, way="token ci"),
        replace(DEED, at=old),
    ]
    await asyncio.gather(
        *map(store.people.note, [*(replace(refused, at=old, about=f"{n}") for n in range(2500)), *kept])
    )
    await store.prune(at(0))
    assert len(await store.people.audit_log(None, 5000)) == 2504, "it was not told what time it is"
    assert await store.prune(at(0), now) == 0
    left = [entry for _, entry in await store.people.audit_log(None, 5000)]
    assert sorted(map(repr, left)) == sorted(map(repr, kept))


async def test_a_forgotten_answer_makes_room_for_another(store: Store) -> None:
    await store.requests.remember(ANSWER)
    await store.prune(T0, at(86_400))
    later = replace(ANSWER, body="later", at=at(86_400))
    assert await store.requests.remember(later)
    assert await store.requests.remembered("token t1", "key") == later
