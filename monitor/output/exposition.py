"""The two text formats of Prometheus, and which of them a client gets. Pure.

OpenMetrics alone has exemplars: a point of a graph that leads to one of its probes.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache

from monitor.measures.histogram import Distribution, Exemplar
from monitor.output.metric_family import HistogramFamily, MetricFamily, S

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


class Escaped(dict[str, str]):
    """Each value is escaped once: most are repeated in thousands of lines."""

    def __missing__(self, text: str) -> str:
        self[text] = result = escaped(text)
        return result

    def each(self, values: Iterable[str]) -> tuple[str, ...]:
        """These values, escaped."""
        return tuple(map(self.__getitem__, values))


class Exposition:
    """Collects families in one format, as pieces: those of 10,000 companies have 17 MB, and are never joined."""

    def __init__(self, form: Format) -> None:
        self._open = form is Format.OPENMETRICS
        self._escaped = Escaped()
        self.pieces: list[bytes] = []

    def add(self, family: MetricFamily[S], state: S) -> None:
        """Add a family of single values."""
        self.add_lines(family, [lines(family, state, self._escaped)])

    def add_lines(self, family: MetricFamily[S], written: Iterable[bytes]) -> None:
        """Add a family whose lines are written already."""
        self.pieces.append(self._head(family.name, family.type, family.help))
        self.pieces += written

    def add_histogram(self, family: HistogramFamily[S], state: S) -> None:
        """Add a histogram."""
        name = family.name
        self.pieces.append(self._head(name, "histogram", family.help))
        for values, times in family.rows(state):
            labels = _label_form(family.labels) % self._escaped.each(values)
            buckets = "".join(self._buckets(f"{name}_bucket{labels.removesuffix('}')},le=", times))
            ends = f"{name}_count{labels} {sum(times.counts)}\n{name}_sum{labels} {times.total!r}\n"
            self.pieces.append(f"{buckets}{ends}".encode())

    def end(self) -> None:
        """Add the end of the format; nothing comes after it."""
        if self._open:
            self.pieces.append(b"# EOF\n")

    def _buckets(self, begin: str, times: Distribution) -> Iterator[str]:
        below = 0
        limits = (*map(repr, times.bounds), "+Inf")
        for limit, count, newest in zip(limits, times.counts, times.newest, strict=True):
            below += count
            example = _exemplar(newest) if self._open and newest else ""
            yield f'{begin}"{limit}"}} {below}{example}\n'

    def _head(self, name: str, kind: str, about: str) -> bytes:
        if self._open and kind == "counter":
            name = name.removesuffix("_total")
        return f"# HELP {name} {about}\n# TYPE {name} {kind}\n".encode()


def lines(family: MetricFamily[S], state: S, safe: Escaped) -> bytes:
    """The lines of a family of single values: they are the same in both formats."""
    form = f"{family.name}{_label_form(family.labels)} " if family.labels else f"{family.name} "
    return "".join([f"{form % safe.each(values)}{value!r}\n" for values, value in family.rows(state)]).encode()


@cache
def _label_form(labels: tuple[str, ...]) -> str:
    return "{" + ",".join(f'{label}="%s"' for label in labels) + "}"


def _exemplar(newest: Exemplar) -> str:
    return f' # {{probe="{newest.probe_id}"}} {newest.seconds!r} {newest.at.timestamp():.3f}'
