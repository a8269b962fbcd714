"""Examples of the document: every operation has them, and each fits its schema."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from monitor.web.api.document import document
from monitor.web.api.examples import examples
from monitor.web.api.operation import ROOT
from monitor.web.api.operations import operations

DOCUMENT = document(operations())


def faults(schema: Any, example: Any) -> Iterator[str]:
    """Say what of the example its schema does not allow."""
    whole = jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]})
    return (f"{error.instance_path}: {error.message}" for error in whole.iter_errors(example))


def described() -> Iterator[tuple[str, Any]]:
    for row in operations():
        yield row.name, DOCUMENT["paths"][ROOT + row.path][row.method.lower()]


def test_every_operation_has_an_example_and_no_other_is_left() -> None:
    assert set(examples()) == {name for name, _ in described()}


def test_the_example_of_each_answer_fits_its_schema() -> None:
    for name, facts in described():
        status, answer = next(iter(facts["responses"].items()))
        for content in answer.get("content", {}).values():
            assert content["example"], name
            assert list(faults(content["schema"], content["example"])) == [], name
        assert status.startswith("2"), name


def test_the_example_of_each_request_fits_its_schema() -> None:
    for name, facts in described():
        for content in facts.get("requestBody", {}).get("content", {}).values():
            assert list(faults(content["schema"], content["example"])) == [], name
        for parameter in facts["parameters"]:
            shown = [parameter["example"]] if "example" in parameter else parameter["schema"].get("examples", [])
            for example in shown:
                assert list(faults(parameter["schema"], example)) == [], f"{name} {parameter['name']}"
