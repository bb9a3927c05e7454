"""Each example in the contract is one of its own schema."""

import json
import sys

from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

contract = json.load(open(sys.argv[1]))
registry = Registry().with_resource("contract", Resource(contents=contract, specification=DRAFT202012))
wrong = seen = 0


def absolute(node):
    """The same, with references that name the contract."""
    if isinstance(node, dict):
        return {key: "contract" + value if key == "$ref" else absolute(value) for key, value in node.items()}
    return [absolute(value) for value in node] if isinstance(node, list) else node


def check(schema, example, place):
    global wrong, seen
    seen += 1
    validator = OAS31Validator(absolute(schema), registry=registry, format_checker=OAS31Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(example):
        wrong += 1
        print(f"{place}: {error.message}", file=sys.stderr)


def look(node, place):
    """Media types have a `schema` beside an `example`; schemas are one themselves."""
    if isinstance(node, dict):
        schema = node.get("schema", node)
        if "example" in node and not place.endswith("/example"):
            check({k: v for k, v in schema.items() if k != "example"}, node["example"], place)
        for key, value in node.items():
            if key not in ("example", "examples"):
                look(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            look(value, f"{place}/{index}")


look(contract, "#")
print(f"{seen} examples, {wrong} wrong")
sys.exit(wrong > 0 or seen == 0)
