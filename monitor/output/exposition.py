"""The two text formats of Prometheus, and which of them a client gets. Pure.

OpenMetrics alone has exemplars: a point of a graph that leads to one of its probes.
"""

from collections.abc import Iterable, Iterator
from enum import Enum

from monitor.measures.histogram import Distribution, Exemplar
from monitor.output.metric_family import HistogramFamily, MetricFamily
from monitor.output.snapshot import Snapshot

OPENMETRICS_TYPE = "application/openmetrics-text"
PLAIN_TYPE = "text/plain"


class Format(Enum):
    """Formats of an exposition, by their content type."""

    PLAIN = f"{PLAIN_TYPE}; version=0.0.4; charset=utf-8"
    OPENMETRICS = f"{OPENMETRICS_TYPE}; version=1.0.0; charset=utf-8"


def accepted_format(accept: str) -> Format:
    """The format for a client with this Accept header (RFC 9110, section 12.5.1): OpenMetrics for who names it and does
    not prefer plain text."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_type, *parameters = (each.strip() for each in part.split(";"))
        weight = _weight(parameters)
        weights[media_type] = max(weight, weights.get(media_type, weight))
    wanted = weights.get(OPENMETRICS_TYPE, 0.0)
    return Format.OPENMETRICS if wanted > 0 and wanted >= weights.get(PLAIN_TYPE, 0.0) else Format.PLAIN


def _weight(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, number = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(number)
            except ValueError:
                return 0.0
    return 1.0


def escaped(text: str) -> str:
    """A label's value, as both formats want it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


class _Escaped(dict[str, str]):
    """Each value is escaped once: most are repeated in thousands of lines."""

    def __missing__(self, text: str) -> str:
        self[text] = result = escaped(text)
        return result


class _Writer:
    """Writes families, in one format."""

    def __init__(self, form: Format) -> None:
        self._open = form is Format.OPENMETRICS
        self._escaped = _Escaped()

    def family(self, family: MetricFamily, snapshot: Snapshot) -> Iterator[str]:
        """A family of single values."""
        yield self._head(family.name, family.type, family.help)
        form = f"{family.name}{_label_form(family.labels)} " if family.labels else f"{family.name} "
        for values, value in family.rows(snapshot):
            yield f"{form % self._safe(values)}{value!r}\n"

    def histogram(self, family: HistogramFamily, snapshot: Snapshot) -> Iterator[str]:
        """A histogram."""
        name = family.name
        yield self._head(name, "histogram", family.help)
        for values, times in family.rows(snapshot):
            labels = _label_form(family.labels) % self._safe(values)
            yield from self._buckets(f"{name}_bucket{labels.removesuffix('}')},le=", times)
            yield f"{name}_count{labels} {sum(times.counts)}\n{name}_sum{labels} {times.total!r}\n"

    def _buckets(self, begin: str, times: Distribution) -> Iterator[str]:
        below = 0
        limits = (*map(repr, times.bounds), "+Inf")
        for limit, count, newest in zip(limits, times.counts, times.newest, strict=True):
            below += count
            example = _exemplar(newest) if self._open and newest else ""
            yield f'{begin}"{limit}"}} {below}{example}\n'

    def _head(self, name: str, kind: str, about: str) -> str:
        if self._open and kind == "counter":
            name = name.removesuffix("_total")
        return f"# HELP {name} {about}\n# TYPE {name} {kind}\n"

    def _safe(self, values: Iterable[str]) -> tuple[str, ...]:
        return tuple([self._escaped[each] for each in values])


def _label_form(labels: tuple[str, ...]) -> str:
    return "{" + ",".join(f'{label}="%s"' for label in labels) + "}"


def _exemplar(newest: Exemplar) -> str:
    return f' # {{probe="{newest.probe_id}"}} {newest.seconds!r} {newest.at.timestamp():.3f}'


def written(
    families: Iterable[MetricFamily], histograms: Iterable[HistogramFamily], snapshot: Snapshot, form: Format
) -> str:
    """These families in one of the formats, without its end."""
    writer = _Writer(form)
    lines = [line for family in families for line in writer.family(family, snapshot)]
    lines += [line for family in histograms for line in writer.histogram(family, snapshot)]
    return "".join(lines)


def ending(form: Format) -> str:
    """Return the line after the last family."""
    return "# EOF\n" if form is Format.OPENMETRICS else ""
