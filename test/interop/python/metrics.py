"""What seqeval says of gold and predicted tags: one answer per case, None where seqeval itself fails."""

import warnings
from typing import Any

import numpy as np
from seqeval import scheme as schemes
from seqeval.metrics import accuracy_score, classification_report, f1_score, precision_score, recall_score

from common import serve


def answer_one(case: dict[str, Any]) -> dict[str, Any] | None:
    gold, predicted = case["gold"], case["predicted"]
    scheme = getattr(schemes, case["scheme"]) if case["scheme"] else None
    options = dict(mode=case["mode"], scheme=scheme, suffix=case["suffix"], zero_division=case["zeroDivision"])
    try:
        report = classification_report(gold, predicted, output_dict=True, **options)
        text = classification_report(gold, predicted, digits=case["digits"], **options)
    except (KeyError, ValueError, ZeroDivisionError):
        return None
    rows = {name: [float(value) for value in row.values()] for name, row in report.items()}
    figures = {}
    if case["figures"] and (scheme or not case["mode"]):
        for average in (None, "macro", "weighted"):
            scores = [score(gold, predicted, average=average, **options) for score in (precision_score, recall_score, f1_score)]
            figures[str(average)] = [np.asarray(score, dtype=float).tolist() for score in scores]
    return {"rows": rows, "text": text, "accuracy": float(accuracy_score(gold, predicted)), "figures": figures}


def answer(request: dict[str, Any]) -> list[dict[str, Any] | None]:
    warnings.simplefilter("ignore")
    return [answer_one(case) for case in request["cases"]]


serve(answer)
