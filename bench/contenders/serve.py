"""A contender's end of the protocol of ../contender.mjs, in Python."""

import json
import sys
from contextlib import redirect_stdout
from typing import Any, Callable

Work = Callable[[dict[str, Any]], dict[str, Any]]


def serve(prepare: Callable[[dict[str, Any]], Work]) -> None:
    """`prepare` loads all that the settings name and gives what answers a request."""
    out = sys.stdout

    def answer(value: dict[str, Any]) -> None:
        print(json.dumps(value), file=out, flush=True)

    with redirect_stdout(sys.stderr):  # what libraries print is no answer
        try:
            work = prepare(json.loads(sys.argv[1]))
            answer({"ready": True})
            for line in sys.stdin:
                answer(work(json.loads(line)))
        except Exception as error:
            answer({"unavailable": f"{type(error).__name__}: {error}"})
