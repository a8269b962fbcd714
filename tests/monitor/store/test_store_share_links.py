"""Share links in the store, of both kinds of database."""

from dataclasses import replace
from datetime import timedelta

from monitor.people.person import AuditEntry
from monitor.people.share_links import ShareLink, ShareSigner, ShareState
from monitor.store import Store
from tests.support.store_samples import T0, at

LINK = ShareLink("s1", "acme", "d" * 64, "ada", T0, at(3600))
OTHER = ShareLink("s2", "bolt", "e" * 64, "bob", at(1), at(7200))
MADE = AuditEntry(T0, "ada", "session", "share link created", "share s1", "acme")


async def test_links_come_back_as_they_were_stored(store: Store) -> None:
    await store.share_links.add(OTHER)
    await store.share_links.add(LINK, MADE)
    assert await store.share_links.every() == [LINK, OTHER]
    assert await store.share_links.of_company("bolt") == [OTHER]
    assert await store.share_links.by_digest("d" * 64) == LINK
    assert await store.share_links.by_digest("f" * 64) is None
    assert [entry for _, entry in await store.people.audit_log(None, 9)] == [MADE]


async def test_a_link_is_revoked_once_and_for_ever(store: Store) -> None:
    await store.share_links.add(LINK)
    assert await store.share_links.revoke("s1", at(5), "bob", MADE)
    assert not await store.share_links.revoke("s1", at(6), "eve", MADE)
    assert await store.share_links.every() == [replace(LINK, revoked_at=at(5), revoked_by="bob")]
    assert len(await store.people.audit_log(None, 9)) == 1


async def test_that_it_was_opened_is_stored_to_the_minute(store: Store) -> None:
    await store.share_links.add(LINK)
    await store.share_links.opened(LINK, at(10))
    [link] = await store.share_links.every()
    await store.share_links.opened(link, at(40))
    assert [each.opened_at for each in await store.share_links.every()] == [at(10)]
    await store.share_links.opened(link, at(80))
    assert [each.opened_at for each in await store.share_links.every()] == [at(80)]


async def test_links_are_deleted_90_days_after_they_expired(store: Store) -> None:
    await store.share_links.add(LINK)
    await store.share_links.add(OTHER)
    await store.prune(T0, LINK.expires_at + timedelta(days=90))
    assert await store.share_links.every() == [OTHER]


def test_the_state_of_a_link() -> None:
    states = [LINK.state(moment) for moment in (T0, LINK.expires_at - timedelta(microseconds=1), LINK.expires_at)]
    assert states == [ShareState.VALID, ShareState.VALID, ShareState.EXPIRED]
    assert replace(LINK, revoked_at=T0).state(at(99999)) is ShareState.REVOKED


def test_only_its_own_secrets_are_made_by_a_signer() -> None:
    signer, other = ShareSigner(b"a" * 32), ShareSigner(b"b" * 32)
    secret = signer.new_secret()
    assert signer.made(secret)
    assert not other.made(secret)
    for place in range(len(secret)):
        changed = secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :]
        assert not signer.made(changed), place
    assert not any(map(signer.made, ("", secret[:-1], secret + "=", "\udcff" * len(secret))))
