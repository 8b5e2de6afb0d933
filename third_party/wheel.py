"""Reads wheels: `requires WHEEL [EXTRA...]`, `list WHEEL`, `unpack WHEEL FOLDER PATTERN...`.

Needs nothing but python3 and pip: pip carries the parser of requirement lines.
"""

import json
import re
import sys
import zipfile


def requires(path, extras):
    """The requirements that hold on this machine, as a list of {name, extras, specifier}."""
    from pip._vendor.packaging.requirements import Requirement

    with zipfile.ZipFile(path) as wheel:
        name = next(n for n in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        metadata = wheel.read(name).decode()
    found = []
    for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE):
        requirement = Requirement(line)
        # The torch wheel is taken for Python 3.11 whatever python3 runs this.
        holds = any(
            requirement.marker is None
            or requirement.marker.evaluate({"extra": extra, "python_version": "3.11", "python_full_version": "3.11.0"})
            for extra in (extras or [""])
        )
        if holds:
            found.append(
                {
                    "name": requirement.name,
                    "extras": sorted(requirement.extras),
                    "specifier": str(requirement.specifier),
                }
            )
    print(json.dumps(found))


def list_files(path):
    with zipfile.ZipFile(path) as wheel:
        print(json.dumps(wheel.namelist()))


def unpack(path, folder, patterns):
    """Extracts the files that match one of the patterns, and prints how many these were."""
    wanted = [re.compile(pattern) for pattern in patterns]
    with zipfile.ZipFile(path) as wheel:
        names = [n for n in wheel.namelist() if any(w.search(n) for w in wanted)]
        for name in names:
            wheel.extract(name, folder)
    print(len(names))


if __name__ == "__main__":
    command, path, *rest = sys.argv[1:]
    if command == "requires":
        requires(path, rest)
    elif command == "list":
        list_files(path)
    elif command == "unpack":
        unpack(path, rest[0], rest[1:])
    else:
        sys.exit(f"unknown command {command}")
