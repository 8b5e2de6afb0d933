"""seqeval's scores of tags, or of label ids as run_ner.py computes them."""

import json
import time
from typing import Any

import numpy as np
from seqeval.metrics import accuracy_score, classification_report

from serve import Work, serve

Tags = list[list[str]]


def prepare(settings: dict[str, Any]) -> Work:
    labels = settings["labels"]
    with open(settings["file"]) as file:
        data = json.load(file)
    gold, predicted = data["gold"], data["predicted"]
    tags = [[[labels[i] for i in row] for row in rows] for rows in (gold, predicted)]
    padded = [pad(rows) for rows in (gold, predicted)]

    def work(_request: dict[str, Any]) -> dict[str, Any]:
        start = time.perf_counter()
        f1 = score(*(tags if settings["form"] == "tags" else tags_of(*padded, labels)))
        return {"seconds": time.perf_counter() - start, "f1": f1}

    return work


def score(gold: Tags, predicted: Tags) -> float:
    """All that `evaluate.load("seqeval")` computes."""
    report = classification_report(gold, predicted, output_dict=True)
    accuracy_score(gold, predicted)
    return float(report["micro avg"]["f1-score"])


def tags_of(gold: np.ndarray, predicted: np.ndarray, labels: list[str]) -> tuple[Tags, Tags]:
    pairs = [[(p, l) for p, l in zip(*rows) if l != -100] for rows in zip(predicted, gold)]
    return [[labels[l] for _, l in row] for row in pairs], [[labels[p] for p, _ in row] for row in pairs]


def pad(rows: list[list[int]]) -> np.ndarray:
    padded = np.full((len(rows), max(map(len, rows))), -100)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    return padded


serve(prepare)
