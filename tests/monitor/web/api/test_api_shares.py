"""Share links by the API: created, listed, revoked; their address is in one answer alone."""

from monitor.people.person import Rights
from monitor.people.share_links import SECRET_CHARS
from tests.support.api_app import ApiApp


async def test_a_link_is_created_listed_and_revoked(api_app: ApiApp) -> None:
    operator = await api_app.program(Rights.OPERATOR, name="olga")
    made = await operator.post("/companies/acme/shares", {"days": 30}, Idempotency_Key="one")
    assert made.status == 201, made.text
    url, share = made.facts["url"], made.facts["share"]
    assert len(url.rpartition("/status/")[2]) == SECRET_CHARS
    again = await operator.post("/companies/acme/shares", {"days": 30}, Idempotency_Key="one")
    assert (again.facts["share"], again.facts["url"]) == (share, None)
    [listed] = (await operator.facts("/shares?company=acme&state=valid"))["shares"]
    assert (listed["share"], listed["state"], listed["by"]) == (share, "valid", "olga")
    assert "url" not in listed
    assert (await operator.facts("/shares?company=bolt"))["shares"] == []
    assert (await operator.post("/companies/acme/shares", {"days": 365})).status == 422
    assert (await operator.ask("DELETE", f"/shares/{share}")).status == 204
    assert (await operator.ask("DELETE", f"/shares/{share}")).status == 409
    assert (await operator.facts(f"/shares/{share}"))["state"] == "revoked"
