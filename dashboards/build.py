"""Write boards as Grafana reads them, rules with their words, and their manifests: `python -m dashboards.build`."""

import json
from collections.abc import Callable
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.alert_rules import written_rules
from dashboards.boards.company import company, company_own
from dashboards.boards.itself import itself
from dashboards.boards.overview import overview
from dashboards.boards.sender import sender
from dashboards.kubernetes_manifests import FOLDER as MANIFESTS
from dashboards.kubernetes_manifests import manifests

FOLDER = Path(__file__).parent / "grafana" / "boards"
BOARDS: dict[str, Callable[[], Dashboard]] = {
    "overview": overview,
    "company": company,
    "company-own": company_own,
    "sender": sender,
    "itself": itself,
}


def written(board: Dashboard) -> str:
    """Return the text of a board's file."""
    return json.dumps(board, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"


def build(folder: Path = FOLDER) -> None:
    """Write every board's file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, board in BOARDS.items():
        (folder / f"{name}.json").write_text(written(board()), encoding="utf-8")


RULES = Path(__file__).parent / "prometheus"


if __name__ == "__main__":
    build()
    for name, text in written_rules().items():
        (RULES / name).write_text(text, encoding="utf-8")
    for name, text in manifests().items():
        (MANIFESTS / name).write_text(text, encoding="utf-8")
