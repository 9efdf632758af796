"""Writes the licences of all crates that are linked into the binary. Usage: licences.py TARGET > THIRD-PARTY-LICENSES

A text that several crates share is printed once, under the names of all of them.
"""

import json
import pathlib
import re
import subprocess
import sys

LICENCE_FILE = re.compile(r"^(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)


def linked_packages(metadata):
    """All packages reachable from the root by normal dependencies, without the root."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    seen, queue = {root}, [root]
    while queue:
        for dependency in nodes[queue.pop()]["deps"]:
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if normal and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                queue.append(dependency["pkg"])
    packages = {package["id"]: package for package in metadata["packages"]}
    return sorted((packages[i] for i in seen - {root}), key=lambda p: (p["name"], p["version"]))


def licence_texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and LICENCE_FILE.match(path.name))
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]


def main():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", sys.argv[1]]
    packages = linked_packages(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    texts = {}
    print("The binary mta is linked with these crates:\n")
    for package in packages:
        name = f"{package['name']} {package['version']}"
        print(f"  {name}: {package['license'] or 'see below'}")
        for text in licence_texts(package):
            # Copies differ in blank space only.
            texts.setdefault(" ".join(text.split()), (text, []))[1].append(name)
    for text, names in texts.values():
        print("\n" + "=" * 80 + "\n" + "\n".join(dict.fromkeys(names)) + "\n" + "-" * 80 + "\n" + text)


main()
