"""Configured mail systems beside the MX that a real name server gives."""

import pytest

from monitor.doctor import chains
from probes.standing.fact import State
from tests.monitor.doctor.conftest import House
from tests.support.nameserver import Records, name_server

MICROSOFT = "acme-example.mail.protection.outlook.com"
COMPANY = """
[companies.{key}]
mail_systems = {chain}
[companies.{key}.paths.hq]
to = "probe@{key}.example"
route = {{ via = "direct" }}
mailbox = {{ via = "maildir", path = "{key}" }}
"""
ZONE: Records = {
    ("acme.example", "MX"): [f"10 {MICROSOFT}."],
    (MICROSOFT, "A"): ["192.0.2.1"],
    ("bolt.example", "MX"): "SERVFAIL",
    ("core.example", "MX"): ["10 mx.core.example."],
    ("mx.core.example", "A"): ["192.0.2.2"],
}


@pytest.mark.parametrize(
    ("key", "chain", "state", "words"),
    [
        ("acme", '["m365"]', State.GOOD, "the MX of 1 domain speaks against no configured mail system"),
        (
            "acme",
            '["mimecast", "m365"]',
            State.WEAK,
            "belongs to Microsoft 365, but Mimecast is configured as the first",
        ),
        ("acme", '["postfix"]', State.WEAK, "Microsoft 365, which is not configured"),
        ("core", '["postfix"]', State.GOOD, "speaks against no configured"),  # its own host may be anything
        ("bolt", '["postfix"]', State.UNKNOWN, "the MX of bolt.example is not known"),
    ],
)
async def test_a_chain_is_doubted_only_where_its_mx_is_another_system(
    house: House, key: str, chain: str, state: State, words: str
) -> None:
    async with name_server(ZONE) as dns:
        text = COMPANY.format(key=key, chain=chain) + f'[dns]\nnameservers = ["{dns.where}"]'
        async with house(text) as premises:
            [finding] = [each async for each in chains.mail_systems(premises)]
    assert finding.state is state
    assert words in finding.seen
    assert bool(finding.advice) is (state is not State.GOOD)


async def test_simulated_companies_have_no_mx(house: House) -> None:
    text = COMPANY.format(key="acme", chain='["m365"]') + '[sandbox.companies]\nacme = "inbox"\n'
    text = text.replace('{ via = "direct" }', '{ via = "xclient", host = "127.0.0.1", port = 26101 }')
    async with house(text) as premises:
        [finding] = [each async for each in chains.mail_systems(premises)]
    assert finding.state is State.NONE
