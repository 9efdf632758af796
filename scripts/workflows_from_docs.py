"""Makes a workflow of each YAML block with `uses:` in README.md, CONTRIBUTING.md, docs/ and actions/.

Usage: workflows_from_docs.py FOLDER. A block is a whole workflow, a `jobs:` map, one or more jobs, or a list of steps.
"""

import pathlib
import re
import sys
import textwrap

from ruamel.yaml import YAML

BLOCK = re.compile(r"^(?P<indent> *)```ya?ml\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
HEAD = "name: Fragment\non: push\npermissions: {}\n"
CONCURRENCY = "concurrency:\n  group: fragment\n  cancel-in-progress: false\n"


def indented(text, spaces):
    return textwrap.indent(text, " " * spaces)


def as_workflow(text):
    """The text of a whole workflow round the fragment; the fragment itself is not rewritten, comments stay."""
    parsed = YAML(typ="safe").load(text)
    if isinstance(parsed, list):
        steps = indented(text, 6)
        return f"{HEAD}{CONCURRENCY}jobs:\n  fragment:\n    name: Fragment\n    runs-on: ubuntu-24.04\n    steps:\n{steps}"
    if "jobs" in parsed and ("on" in parsed or True in parsed):
        return text
    if "jobs" in parsed:
        return f"{HEAD}{text}"
    if "steps" in parsed:
        job = text if "runs-on" in parsed else f"runs-on: ubuntu-24.04\n{text}"
        return f"{HEAD}jobs:\n  fragment:\n{indented(job, 4)}"
    return f"{HEAD}jobs:\n{indented(text, 2)}"


def documents():
    yield from (path for path in map(pathlib.Path, ("README.md", "CONTRIBUTING.md")) if path.exists())
    for folder in ("docs", "actions", "examples"):
        yield from sorted(pathlib.Path(folder).rglob("*.md"))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True)
    for path in documents():
        content = path.read_text(encoding="utf-8")
        for match in BLOCK.finditer(content):
            text = textwrap.dedent(match["text"])
            if not re.search(r"^\s*(- )?uses:", text, re.MULTILINE):
                continue
            line = content.count("\n", 0, match.start()) + 2
            # The name says where a finding is: document and line of the block.
            name = f"{str(path).replace('/', '_')}-line-{line}.yml"
            (folder / name).write_text(as_workflow(text), encoding="utf-8")


main()
