"""Writes one workflow that uses every action with every input and reads every output, for actionlint.

Usage: workflow_of_all_inputs.py FILE ACTION_YML... Nothing is written when there is no action.
actionlint looks into an action.yml only through a local `uses:`, which it resolves from its working folder.
"""

import pathlib
import sys

from ruamel.yaml import YAML


def step(path):
    action = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    folder = path.parent.as_posix()
    key = folder.replace("/", "-").strip("-.") or "umbrella"
    lines = [f"      - uses: ./{folder}" if folder != "." else "      - uses: ./", f"        id: {key}"]
    inputs = action.get("inputs") or {}
    if inputs:
        lines.append("        with:")
        lines += [f"          {name}: x" for name in inputs]
    lines += ["      - run: echo \"$SEEN\"", "        env:"]
    outputs = [f"${{{{ steps.{key}.outputs.{name} }}}}" for name in action.get("outputs") or {}]
    lines.append(f"          SEEN: \"{' '.join(outputs)}\"")
    return lines


def main():
    target, actions = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    if not actions:
        return
    lines = ["name: All inputs", "on: push", "permissions: {}", "jobs:", "  all:", "    runs-on: ubuntu-24.04", "    steps:"]
    for path in actions:
        lines += step(path)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
