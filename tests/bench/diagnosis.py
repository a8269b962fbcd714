"""Shares of right and wrong conclusions of diagnoses, on fourteen kinds of gateway that lose mail by chance."""

from dataclasses import dataclass
from statistics import median

from probes.diagnosis.conclude import DiagnosisResult
from probes.diagnosis.plan import stops_needed
from tests.bench.figures import Figure, Finding
from tests.bench.round_trip import Step
from tests.support.gateway_rules import RULES, diagnosed, lossy, setup_of

GROUP = "Diagnosis"


@dataclass(frozen=True, slots=True)
class Plan:
    """Number of diagnoses of each gateway, and the shares of lost mail."""

    runs: int
    losses: tuple[float, ...]

    @property
    def steps(self) -> int:
        """One for each share."""
        return len(self.losses)


FULL = Plan(runs=400, losses=(0.02, 0.10))
QUICK = Plan(runs=40, losses=(0.02,))


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Shares of right and wrong conclusions, and the median of the probes."""
    found: list[Finding] = []
    for loss in plan.losses:
        step(f"diagnosis: {loss:.0%} lost")
        right, wrong, probes = outcome(plan.runs, loss)
        name, strict = f"{loss:.0%} lost by chance", loss <= 0.02
        found += [
            Figure(GROUP, f"{name}: right", "%", (100 * right,), ">= 99" if strict else ""),
            Figure(GROUP, f"{name}: wrong factors named", "%", (100 * wrong,), "<= 0.5"),
            Figure(GROUP, f"{name}: median probes", "", (probes,), "<= 20" if strict else ""),
        ]
    return found


def outcome(runs: int, loss: float) -> tuple[float, float, float]:
    """Return the shares of right and wrong conclusions over all gateways, and the median of the probes."""
    k = stops_needed(round(loss * 1000), 1000)
    assert k is not None
    right, wrong, probes = 0, 0, []
    for rule in RULES:
        for seed in range(runs):
            found = diagnosed(lossy(rule, loss), f"{rule.name} {seed}", setup_of(seed, k), rule.stage)
            good = rule.right(found)
            right, wrong = right + good, wrong + (not good and found.result is DiagnosisResult.TOLD)
            probes.append(found.probes)
    return right / len(probes), wrong / len(probes), median(probes)
