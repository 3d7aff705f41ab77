"""YAML in: plain data with the place of every key, read as YAML 1.2, hostile files refused.

The parser's event stream is checked while it is read and the data are built from it directly:
nothing is constructed from a tag, an anchor or an alias, so a file can only ever become mappings,
lists, texts, numbers, true/false and null. Every problem says file, line and column.

Read as the core schema of YAML 1.2: `NO` and `1:30` are texts, `1e5` is a number. `010`
(ten there, eight in YAML 1.1, ten to most readers) is refused.
"""

from popmodel.yaml_source.located import Located, Where, dotted, shown_path
from popmodel.yaml_source.reading import read_yaml, read_yaml_text, read_yaml_value
from popmodel.yaml_source.scalars import number_hint
from popmodel.yaml_source.schema_faults import Fault, faults, validation_problems

__all__ = [
    "Fault",
    "Located",
    "Where",
    "dotted",
    "faults",
    "number_hint",
    "read_yaml",
    "read_yaml_text",
    "read_yaml_value",
    "shown_path",
    "validation_problems",
]
