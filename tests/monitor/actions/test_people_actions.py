"""People and tokens are made, linked and ended, on a real store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.actions.people import Access, AccessError, good
from monitor.people.person import Companies, Rights
from monitor.people.secrets import digest_of
from monitor.store import Store
from tests.support.pipeline_app import Clock


@pytest.fixture
async def access(tmp_path: Path) -> AsyncIterator[Access]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        yield Access(store, Clock(), "root", "command")


def bound(access: Access, *companies: str) -> Access:
    """The same store, for an admin who is bound to companies."""
    return Access(access.store, access.now, "boss", "session", companies)


async def noted(access: Access) -> list[str]:
    entries = [entry for _, entry in reversed(await access.store.people.audit_log(None, 100))]
    return [f"{entry.who} by {entry.way}: {entry.what}: {entry.about}" for entry in entries]


async def test_a_person_is_made(access: Access) -> None:
    await access.add("Ann", Rights.OPERATOR, ("acme", "bolt"))
    [person] = await access.people()
    assert (person.name, person.rights, person.companies) == ("ann", Rights.OPERATOR, ("acme", "bolt"))
    assert (person.password, person.disabled_at) == ("", None)
    assert await noted(access) == [
        "root by command: person added: ann, operator of acme, bolt",
        "root by command: link created: ann",
    ]


async def test_a_link_is_kept_as_a_digest(access: Access) -> None:
    secret = await access.add("ann", Rights.VIEWER, None)
    invitation = await access.store.people.accept_invitation(digest_of(secret), access.now(), "hash")
    assert invitation
    assert invitation.person == "ann"
    assert timedelta(hours=23) < invitation.expires_at - access.now() <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("name", "companies", "said"),
    [
        ("ann", None, "the name ann is already in use"),
        ("ANN", None, "the name ann is already in use"),
        ("a b", None, "a name consists of a-z"),
        ("x" * 101, None, "a name consists of a-z"),
        ("bob", (), "choose at least one company, or all"),
    ],
)
async def test_who_cannot_be_made(access: Access, name: str, companies: Companies, said: str) -> None:
    await access.add("ann", Rights.VIEWER, None)
    with pytest.raises(AccessError, match=said):
        await access.add(name, Rights.VIEWER, companies)
    assert len(await access.people()) == 1


@pytest.mark.parametrize("action", ["link", "disable", "enable"])
async def test_there_is_nobody_of_another_name(access: Access, action: str) -> None:
    await access.add("ann", Rights.VIEWER, None)
    with pytest.raises(AccessError, match="no such person: bob"):
        await getattr(access, action)("bob")
    with pytest.raises(AccessError, match="no such person"):
        await getattr(access, action)("\x1b[31m")


async def test_somebody_is_kept_out_and_let_in_again(access: Access) -> None:
    await access.add("ann", Rights.VIEWER, None)
    with pytest.raises(AccessError, match="is not disabled"):
        await access.enable("ann")
    await access.disable("ann")
    with pytest.raises(AccessError, match="is disabled already"):
        await access.disable("ann")
    with pytest.raises(AccessError, match="enable them first"):
        await access.link("ann")
    await access.enable("ann")
    await access.link("ann")
    assert (await noted(access))[2:] == [
        "root by command: person disabled: ann",
        "root by command: person enabled: ann",
        "root by command: link created: ann",
    ]


async def test_the_last_admin_stays(access: Access) -> None:
    await access.add("ann", Rights.ADMIN, None)
    await access.add("bound", Rights.ADMIN, ("acme",))
    with pytest.raises(AccessError, match="ann is the last admin"):
        await access.disable("ann")
    await access.disable("bound")
    await access.add("bob", Rights.ADMIN, None)
    await access.disable("ann")
    with pytest.raises(AccessError, match="bob is the last admin"):
        await access.disable("bob")


async def test_rights_change(access: Access) -> None:
    await access.add("ann", Rights.VIEWER, None)
    await access.change("ann", Rights.ADMIN, None)
    for rights, companies in ((Rights.OPERATOR, None), (Rights.ADMIN, ("acme",))):
        with pytest.raises(AccessError, match="ann is the last admin"):
            await access.change("ann", rights, companies)
    await access.add("bob", Rights.ADMIN, None)
    await access.change("ann", Rights.OPERATOR, ("acme",))
    ann = await access.store.people.person("ann")
    assert ann
    assert (ann.rights, ann.companies) == (Rights.OPERATOR, ("acme",))
    assert (await noted(access))[-1] == "root by command: person changed: ann, operator of acme"


async def test_nobody_gets_more_than_who_gives_it(access: Access) -> None:
    await access.add("ann", Rights.VIEWER, ("acme",))
    for companies in (None, ("acme", "bolt")):
        with pytest.raises(AccessError, match="name companies of your own: acme"):
            await bound(access, "acme").change("ann", Rights.VIEWER, companies)


async def test_a_token_is_made_and_its_secret_is_nowhere(access: Access) -> None:
    token, secret = await access.add_token("Grafana", Rights.VIEWER, None, timedelta(days=90))
    assert secret.startswith(token.hint)
    assert len(secret) > len(token.hint) + 30
    assert (token.name, token.by, token.digest) == ("grafana", "root", digest_of(secret))
    assert await access.store.people.token_by_digest(digest_of(secret)) == token
    assert secret not in str(await access.tokens()) + str(await noted(access))
    assert await noted(access) == [f"root by command: token created: grafana, viewer, {token.id}"]


async def test_a_token_is_good_until_it_expires_or_is_revoked(access: Access) -> None:
    token, _ = await access.add_token("x", Rights.VIEWER, None, timedelta(days=1))
    assert token.expires_at
    assert good(token, token.expires_at - timedelta(seconds=1))
    assert not good(token, token.expires_at)
    assert not good(await access.revoke("x"), access.now())
    assert (await noted(access))[-1] == f"root by command: token revoked: x, {token.id}"


async def test_one_name_opens_one_token(access: Access) -> None:
    first, _ = await access.add_token("x", Rights.VIEWER, None, None)
    with pytest.raises(AccessError, match="a token named x exists"):
        await access.add_token("x", Rights.ADMIN, None, None)
    await access.revoke("x")
    second, _ = await access.add_token("x", Rights.ADMIN, None, None)
    assert (await access.revoke("x")).id == second.id != first.id


async def test_a_token_is_named_by_how_its_id_begins(access: Access) -> None:
    token, _ = await access.add_token("x", Rights.VIEWER, None, None)
    assert (await access.revoke(token.id[:6])).id == token.id


async def test_an_id_means_its_token_whatever_others_are_called(access: Access) -> None:
    token, _ = await access.add_token("x", Rights.VIEWER, None, None)
    await access.add_token(token.id, Rights.VIEWER, None, None)
    assert (await access.revoke(token.id)).name == "x"


@pytest.mark.parametrize("which", ["", "nothing", "\x1b[31m" * 20])
async def test_a_token_that_is_not_there(access: Access, which: str) -> None:
    await access.add_token("x", Rights.VIEWER, None, None)
    with pytest.raises(AccessError, match="there is no token") as error:
        await access.revoke(which)
    assert str(error.value).isprintable()


# ---- Those who are bound to companies -------------------------------------------------------------------------------


async def test_whoever_is_bound_makes_nobody_who_sees_more(access: Access) -> None:
    boss = bound(access, "acme", "bolt")
    for companies in (None, ("dyne",), ("acme", "dyne"), ()):
        with pytest.raises(AccessError, match="compan"):
            await boss.add("ann", Rights.VIEWER, companies)
        with pytest.raises(AccessError, match="compan"):
            await boss.add_token("x", Rights.VIEWER, companies, None)
    await boss.add("ann", Rights.ADMIN, ("acme",))
    await boss.add_token("x", Rights.ADMIN, ("bolt", "acme"), None)


@pytest.mark.parametrize("companies", [None, ("dyne",), ("acme", "dyne")], ids=str)
async def test_those_who_see_more_are_not_there_for_them(access: Access, companies: Companies) -> None:
    await access.add("root", Rights.ADMIN, None)
    await access.add("ann", Rights.ADMIN, companies)
    token, _ = await access.add_token("x", Rights.VIEWER, companies, None)
    boss = bound(access, "acme")
    assert await boss.people() == []
    assert await boss.tokens() == []
    for action in (boss.link, boss.disable, boss.enable):
        with pytest.raises(AccessError, match="no such person: ann"):
            await action("ann")
    for which in ("x", token.id):
        with pytest.raises(AccessError, match="there is no token"):
            await boss.revoke(which)


async def test_names_tell_nobody_who_else_there_is(access: Access) -> None:
    """Who is bound makes people of their own names: they can neither find out nor take one of another company."""
    await access.add("adm", Rights.ADMIN, None)
    await access.add("eve", Rights.VIEWER, ("dyne",))
    await access.add_token("ci", Rights.VIEWER, ("dyne",), None)
    boss = bound(access, "acme", "bolt")
    for name in ("adm", "eve", "nobody"):
        await boss.add(name, Rights.VIEWER, ("acme",))
    await boss.add("eve", Rights.VIEWER, ("bolt", "acme"))
    await boss.add_token("ci", Rights.VIEWER, ("acme",), None)
    names = [person.name for person in await boss.people()]
    assert sorted(names) == ["adm@acme", "eve@acme", "eve@acme+bolt", "nobody@acme"]
    with pytest.raises(AccessError, match="the name eve@acme is already in use"):
        await boss.add("eve@acme", Rights.VIEWER, ("acme",))


async def test_nobody_else_gets_a_name_of_a_companys_people(access: Access) -> None:
    for companies in (None, ("dyne",), ("acme", "dyne")):
        with pytest.raises(AccessError, match="would be a name of people of acme alone"):
            await access.add("ann@acme", Rights.VIEWER, companies)
    await access.add("ann@acme", Rights.VIEWER, ("acme",))
    await access.add("ann@acme.example", Rights.VIEWER, None)
    with pytest.raises(AccessError, match=r"ann@acme is of other companies by name"):
        await access.change("ann@acme", Rights.VIEWER, None)


async def test_the_file_of_the_first_link_is_gone_once_there_is_another(access: Access, tmp_path: Path) -> None:
    file = tmp_path / "link"
    file.write_text("http://x/invitation?key=K")
    there = replace(access, first_link_file=file)
    await there.add("ann", Rights.VIEWER, None)
    assert file.exists()
    await there.add("admin", Rights.ADMIN, None)
    assert not file.exists()
