"""Notices have links that act, made at delivery and signed with the store's key."""

from pathlib import Path
from typing import Any

from monitor.notices.notice import Notice
from monitor.people.action_links import PATH, VALID_FOR, ActionLink, LinkAction, LinkSigner
from tests.monitor.oncall.test_engine import EngineApp, config, open_engine_app

URL = "https://mailpath.example"
WEB: dict[str, Any] = {"web": {"url": URL}}


async def composed(engine_app: EngineApp, channel: str = "hook") -> Notice:
    """The notice about the newest incident, as it is delivered now."""
    [newest] = await engine_app.store.incidents.newest(1, open_only=False)
    return engine_app.incident_engine.composer.compose(await engine_app.store.incidents.queue(newest.id, channel))


async def test_a_notice_has_links_that_are_valid_from_its_delivery(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config(**WEB)) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        engine_app.wait(VALID_FOR)  # the channel was down
        notice = await composed(engine_app)
        for action in LinkAction:
            url = notice.facts[f"{action}_url"]
            assert url.startswith(URL + PATH)
            link = LinkSigner(await engine_app.store.key()).read(url.removeprefix(URL + PATH))
            assert link is not None
            assert abs(link.expires_at - engine_app.now - VALID_FOR).total_seconds() < 1
            assert link == ActionLink(action, notice.incident, "hook", notice.id, link.expires_at)
        assert all(PATH not in part for part in (notice.text, notice.title))  # pages show these to viewers


async def test_the_end_has_none(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config(**WEB)) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        await engine_app.play("ii")
        await engine_app.settle()
        facts = (await composed(engine_app)).facts
        assert facts["news"] == "resolved"
        assert not {"ack_url", "mute_url"} & set(facts)
