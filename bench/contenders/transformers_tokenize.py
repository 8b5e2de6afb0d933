"""transformers' fast tokenizer on all sentences, words in."""

import json
import time
from typing import Any

from transformers import AutoTokenizer

from serve import Work, serve


def prepare(settings: dict[str, Any]) -> Work:
    with open(settings["file"], encoding="utf8") as file:
        sentences = json.load(file)
    tokenizer = AutoTokenizer.from_pretrained(settings["folder"])

    def work(_request: dict[str, Any]) -> dict[str, Any]:
        start = time.perf_counter()
        encoded = tokenizer(sentences, is_split_into_words=True, truncation=True, max_length=512)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "pieces": sum(map(len, encoded["input_ids"]))}

    return work


serve(prepare)
