"""Opens folders with the Auto classes and pipeline("ner"), and answers what they give for some texts."""

from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from common import serve


def open_one(folder: str, texts: list[str], seed: int) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(seed)
    model, report = AutoModelForTokenClassification.from_pretrained(folder, output_loading_info=True)
    model.eval()
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**encoded).logits
    lengths = encoded["attention_mask"].sum(1).tolist()
    default = pipeline("ner", folder)
    ner = pipeline("ner", model=model, tokenizer=tokenizer)
    return {
        "labels": [model.config.id2label[i] for i in range(model.config.num_labels)],
        "ids": [tokenizer(text)["input_ids"] for text in texts],
        "wordIds": [
            [-1 if word is None else word for word in tokenizer(text.split(), is_split_into_words=True).word_ids()]
            for text in texts
        ],
        "logits": [row[:length].flatten().tolist() for row, length in zip(logits, lengths)],
        "classifier": model.classifier.weight.flatten().tolist(),
        "missing": sorted(report["missing_keys"]),
        "default": plain(default(texts)),
        # With O kept, every piece of every text is compared.
        "none": plain(ner(texts, aggregation_strategy="none", ignore_labels=[])),
        "simple": plain(ner(texts, aggregation_strategy="simple", ignore_labels=[])),
    }


def plain(results: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """numpy's numbers as Python's."""
    return [
        [{key: value.item() if hasattr(value, "item") else value for key, value in entity.items()} for entity in row]
        for row in results
    ]


def answer(request: dict[str, Any]) -> list[dict[str, Any]]:
    return [open_one(folder, request["texts"], request["seed"]) for folder in request["folders"]]


serve(answer)
