"""The pages on the fleet file and on selectors say what the code does."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

import stillhouse_config
from stillhouse_config import Selector, SelectorError, json_schema

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGE = (REFERENCE / "fleet-file.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("```yaml\n")[2].partition("```")[0]


def declared(schema, root, path):
    """Yield the dotted path of every key that a JSON Schema knows."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        yield from declared(choice, root, path)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from declared(schema["additionalProperties"], root, f"{path}.NAME")
    if "items" in schema:
        yield from declared(schema["items"], root, f"{path}[]")
    for key, below in schema.get("properties", {}).items():
        here = f"{path}.{key}".removeprefix(".")
        yield here
        yield from declared(below, root, here)


def documented():
    sections = [""]
    for line in PAGE.splitlines():
        if line.startswith("#"):
            sections = re.findall(r"`([^`]+)`", line) or [""]
        elif match := re.match(r"\| `(\w+)` \|", line):
            yield from (f"{section}.{match[1]}".removeprefix(".") for section in sections)


def test_every_key_is_documented_and_every_documented_key_exists():
    keys = set(declared(json_schema(), json_schema(), ""))
    written = set(documented())
    assert sorted(keys - written) == []
    assert sorted(written - keys) == []
    assert len(keys) > 100


def test_every_key_has_a_description():
    definitions = {"FleetModel": json_schema(), **json_schema()["$defs"]}
    for name, definition in definitions.items():
        assert definition["description"], name
        for key, schema in definition["properties"].items():
            assert schema.get("description") or "$ref" in schema, f"{name}.{key}"


def test_the_json_schema_is_one_and_takes_the_example():
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(schema)))
    content = yaml.load(EXAMPLE, Loader=EditorsLoader)
    validator.validate(content)
    for wrong in (
        {"flet": "x"},
        {"fleet": ["x"]},
        {"servers": {"a": {"max_connections": "many"}}},
        {"defaults": {"lock_timeout": "5"}},
    ):
        assert not validator.is_valid({**content, **wrong})


class EditorsLoader(yaml.SafeLoader):
    """Reads as editors do: YAML 1.2 has no dates."""


EditorsLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if "timestamp" not in tag]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def test_the_examples_of_the_schema_are_right():
    root = json_schema()
    for name, definition in root["$defs"].items():
        for key, schema in definition["properties"].items():
            validator = jsonschema_rs.validator_for(
                {"$defs": root["$defs"], **{k: v for k, v in schema.items() if k != "examples"}}
            )
            for example in schema.get("examples", ()):
                assert validator.is_valid(example), (name, key, example)


def test_the_page_on_selectors_shows_selectors_that_parse():
    page = (REFERENCE / "selectors.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    shown = [text for line in table for text in re.findall(r"`([^`]+)`", line.split("|")[1])]
    assert len(shown) > 12
    for text in [*shown, 'team="data, billing"', "env=production,ring!=2,name~tenant-*"]:
        assert text in page
        Selector.parse(text)
    with pytest.raises(SelectorError) as caught:
        Selector.parse("env in staging")
    assert str(caught.value) in page


def test_the_public_names_are_there_and_said():
    for name in stillhouse_config.__all__:
        assert getattr(stillhouse_config, name).__name__ == name
    assert set(stillhouse_config.HOMES) == set(stillhouse_config.__all__)
    for name in ("load_fleet", "FleetFile", "Fleet", "TargetDeclaration", "Selector", "FleetFileError", "json_schema"):
        assert name in stillhouse_config.__doc__
    with pytest.raises(AttributeError):
        stillhouse_config.nothing  # noqa: B018 (asking is the point)
