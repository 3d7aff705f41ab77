"""The JSON Schema by which editors complete and check a scenario while it is typed."""

from __future__ import annotations

import json
from typing import Any

from popmodel.scenario.schema import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXTENDS = {
    "type": "string",
    "description": "Another scenario, beside or below this one, that this one changes: mappings "
    "merge, lists replace, null takes away.",
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file.

    A file that extends another need not say everything, and what the setting card knows may be
    left out of every file; so nothing is required beyond a title or a base.
    """
    schema = Scenario.model_json_schema(mode="validation")
    schema["properties"] = {"extends": EXTENDS, **schema["properties"]}
    schema.pop("required", None)
    schema["anyOf"] = [
        {"required": ["extends"]},
        {
            "required": [
                "title",
                "setting",
                "start",
                "population",
                "horizon",
                "strategies",
                "comparator",
            ]
        },
    ]
    for name in ("Population", "Horizon", "Discount"):
        schema["$defs"][name].pop("required", None)
    schema["title"] = "A popmodel scenario"
    return {"$schema": DIALECT, **schema}


def json_schema_text() -> str:
    """Return the JSON Schema as the text of its file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
