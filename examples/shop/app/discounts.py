"""Percent off by product name, read from a text file at start."""

from pathlib import Path

DISCOUNTS = Path(__file__).with_name("discounts.txt")


def load(path=DISCOUNTS):
    """Discounts by name; raises ValueError with every line that is malformed."""
    found, malformed = {}, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("# "):
            continue
        name, separator, percent = line.rpartition("=")
        if separator and percent.strip().isdecimal() and int(percent) <= 100:
            found[name.strip()] = int(percent)
        else:
            malformed.append(line)
    if malformed:
        raise ValueError(f"{path.name}: not `name = percent`:\n" + "\n".join(malformed))
    return found
