"""What is true or false in the configuration: "yes", 1 and "false" in quotes are none of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from monitor.config import Config, ConfigErrors, read_config


def switches(kind: Any, seen: set[Any]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield all booleans of the configuration."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for name, field in kind.model_fields.items():
            if field.annotation is bool:
                yield f"{kind.__name__}.{name}", field
            yield from switches(field.annotation, seen)
    for part in get_args(kind):
        yield from switches(part, seen)


SWITCHES = dict(switches(Config, set()))


def test_there_are_some() -> None:
    assert {"StandingSettings.validating", "StandingSettings.enabled", "MaintenanceSettings.everything"} < {*SWITCHES}


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("typed", ["yes", "true", "false", "", 1, 0, 1.0])
def test_nothing_but_true_and_false_is_a_switch(name: str, typed: object) -> None:
    field = TypeAdapter(Annotated[bool, *SWITCHES[name].metadata])
    assert [field.validate_python(each) for each in (True, False)] == [True, False]
    with pytest.raises(ValidationError, match="must be true or false, without quotes, not "):
        field.validate_python(typed)


def test_the_error_names_the_place_and_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[standing]\nenabled = true\nvalidating = "yes"\n')
    with pytest.raises(ConfigErrors) as errors:
        read_config(file)
    (line,) = str(errors.value).splitlines()
    assert line.endswith('config.toml:3: standing.validating: must be true or false, without quotes, not "yes"')
