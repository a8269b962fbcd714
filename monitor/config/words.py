"""Turn pydantic's errors into our messages: what is wrong, what is expected, never a value that may be a secret."""

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from monitor.config.schema import ConfigPlace, Keys, bare, is_table, keys_of, place, tagged
from probes.settings import shown

MESSAGES: dict[str, str] = {  # by pydantic's error type; {value} only where a short value is expected
    "string_type": "must be text in quotes, not {value}",
    "int_type": "must be a whole number, not {value}",
    "int_parsing": "must be a whole number, not {value}",
    "int_from_float": "must be a whole number, not {value}",
    "float_type": "must be a number, not {value}",
    "float_parsing": "must be a number, not {value}",
    "finite_number": "must be a finite number, not {value}",
    "greater_than": "must be more than {gt}, not {value}",
    "greater_than_equal": "must be at least {ge}, not {value}",
    "less_than": "must be less than {lt}, not {value}",
    "less_than_equal": "must be at most {le}, not {value}",
    "multiple_of": "must be a multiple of {multiple_of}, not {value}",
    "bool_type": "must be true or false, not {value}",
    "bool_parsing": "must be true or false, not {value}",
    "list_type": "must be a list in brackets, not {sort}",
    "tuple_type": "must be a list in brackets, not {sort}",
    "dict_type": "must be a table, not {sort}",
    "model_type": "must be a table, not {sort}",
    "model_attributes_type": "must be a table, not {sort}",
    "path_type": "must be a path in quotes, not {sort}",
    "url_type": "must be a URL in quotes, not {sort}",
    "too_short": "must contain at least {min_length}, not {actual_length}",
    "too_long": "must contain at most {max_length}, not {actual_length}",
    "string_too_short": "must not be shorter than {min_length} characters",
    "string_too_long": "must not be longer than {max_length} characters",
    "string_pattern_mismatch": "has the wrong format",
}
SORTS: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
}


def explained(model: type[BaseModel], error: ErrorDetails) -> tuple[Keys, str]:
    """Return the keys of an error and its message."""
    where = place(model, error["loc"])
    match error["type"]:
        case "missing":
            return where.keys, _missing(where)
        case "extra_forbidden":
            return where.keys, unknown_key(str(where.keys[-1]), keys_of(where.table) if where.table else [])
        case "union_tag_not_found":
            return (*where.keys, _discriminator(error)), f"missing; expected {_listed(list(tagged(where.kind)))}"
        case "union_tag_invalid":
            words = _one_of(list(tagged(where.kind)), error["ctx"]["tag"])
            return (*where.keys, _discriminator(error)), words
        case "literal_error" | "enum":
            return where.keys, _one_of(error["ctx"]["expected"].replace(" or ", ", ").split(", "), error["input"])
        case "value_error":
            return where.keys, str(error["ctx"]["error"])
        case "tuple_type" if isinstance(error["input"], dict) and _of_tables(where.kind):
            return where.keys, f"must be a list of tables; write [[{where.keys[-1]}]] in double brackets"
        case kind if kind in MESSAGES:
            return where.keys, _filled(MESSAGES[kind], error)
        case _:
            return where.keys, error["msg"][:1].lower() + error["msg"][1:]


def unknown_key(key: str, expected: list[str]) -> str:
    """Return the message for a key that is not in the model."""
    return f"unknown key; expected {_listed(expected)}{_suggestion(key, expected)}"


def _missing(where: ConfigPlace) -> str:
    description = where.field.description if where.field else None
    if not description:
        return "missing; it has no default"
    return f"missing; expected: {description[:1].lower()}{description[1:].rstrip('.')}"


def _filled(template: str, error: ErrorDetails) -> str:
    value = error["input"]
    return template.format(**error.get("ctx", {}), value=shown(value), sort=SORTS.get(type(value), "something else"))


def _one_of(quoted: list[str], value: Any) -> str:
    choices = [choice.strip("'") for choice in quoted]
    return f"must be {_listed(choices)}, not {shown(value)}{_suggestion(value, choices)}"


def _listed(choices: list[str]) -> str:
    return f"one of {', '.join(choices)}" if len(choices) > 1 else ", ".join(choices) or "nothing here"


def _suggestion(word: Any, choices: list[str]) -> str:
    close = get_close_matches(word.lower(), choices, n=1) if isinstance(word, str) and len(word) < 80 else []
    return f"; did you mean {close[0]}?" if close else ""


def _of_tables(kind: Any) -> bool:
    """Test if the type is a list of tables."""
    return any(is_table(item) for item in get_args(bare(kind)))


def _discriminator(error: ErrorDetails) -> str:
    name: str = error["ctx"]["discriminator"]
    return name.strip("'")
