"""What seqeval says of gold and predicted tags: one answer per case, None where seqeval itself fails."""

import warnings
from typing import Any

from seqeval.metrics import accuracy_score, classification_report

from common import serve

Tags = list[list[str]]


def scores(gold: Tags, predicted: Tags) -> dict[str, Any] | None:
    try:
        report = classification_report(gold, predicted, output_dict=True)
    except ValueError:
        return None  # neither side has an entity
    overall = report.pop("micro avg")
    types = {name: row for name, row in report.items() if not name.endswith(" avg")}
    return {
        "types": {
            name: {
                "precision": float(row["precision"]),
                "recall": float(row["recall"]),
                "f1": float(row["f1-score"]),
                "number": int(row["support"]),
            }
            for name, row in types.items()
        },
        "overall_precision": float(overall["precision"]),
        "overall_recall": float(overall["recall"]),
        "overall_f1": float(overall["f1-score"]),
        "overall_accuracy": float(accuracy_score(gold, predicted)),
    }


def answer(request: dict[str, Any]) -> list[dict[str, Any] | None]:
    warnings.simplefilter("ignore")
    return [scores(case["gold"], case["predicted"]) for case in request["cases"]]


serve(answer)
