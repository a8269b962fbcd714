"""From a domain to the companies that have it."""

import pytest

from monitor.triage.directory import CompanyEntry, DomainBasis, companies_at, companies_of, known_domains

ACME = CompanyEntry("acme", "Acme", ("m365",), ("acme.example", "acme.co.example"), ("probes.acme.example",))
GROUP = CompanyEntry(
    "group", "Group", ("google",), ("group.example",), ("gmail.com", "eu.acme.example"), ("mx.group.net",)
)
TWIN = CompanyEntry("twin", "Twin", ("google",), (), ("shared.example",))
OTHER_TWIN = CompanyEntry("other", "Other", ("google",), (), ("shared.example",))
ENTRIES = (ACME, GROUP, TWIN, OTHER_TWIN)


@pytest.mark.parametrize(
    ("domain", "companies", "basis"),
    [
        ("acme.example", "acme", DomainBasis.CONFIGURED),
        ("acme.co.example", "acme", DomainBasis.CONFIGURED),
        ("probes.acme.example", "acme", DomainBasis.PATH),
        ("eu.acme.example", "group", DomainBasis.PATH),  # exact goes before the parent
        ("hr.acme.example", "acme", DomainBasis.PARENT),
        ("de.eu.acme.example", "group", DomainBasis.PARENT),  # the longest
        ("shared.example", "twin other", DomainBasis.PATH),
        ("notacme.example", "", None),
        ("example", "", None),
        ("gmail.com", "", None),  # a test mailbox there says nothing of other people's
        ("sub.gmail.com", "", None),
    ],
)
def test_a_domain_is_a_companys_on_the_surest_basis(domain: str, companies: str, basis: DomainBasis | None) -> None:
    found = companies_of(domain, ENTRIES)
    assert " ".join(match.entry.key for match in found) == companies
    assert {match.basis for match in found} == ({basis} if basis else set())


@pytest.mark.parametrize(
    ("hosts", "companies"),
    [
        (("mx1.acme.example",), "acme"),
        (("mx.group.net",), "group"),
        (("acme-example.mail.protection.outlook.com",), ""),  # a service's host is not the company's
        (("gmail-smtp-in.l.google.com",), ""),
        ((), ""),
    ],
)
def test_a_mail_host_is_a_companys_only_if_it_is_its_own(hosts: tuple[str, ...], companies: str) -> None:
    assert " ".join(match.entry.key for match in companies_at(hosts, ENTRIES)) == companies


def test_what_may_be_meant_begins_with_companies_and_has_the_sender() -> None:
    found = known_domains(ENTRIES, "account.trimble.com")
    assert found[0] == "acme.example"
    assert {"account.trimble.com", "trimble.com", "gmail.com", "group.example"} <= {*found}
    assert "com" not in found
