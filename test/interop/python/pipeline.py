"""What pipeline("ner") finds in texts by each strategy, and in which texts its own rule for subwords is wrong."""

from copy import deepcopy
from typing import Any

from transformers import AutoModelForTokenClassification, AutoTokenizer, PreTrainedTokenizerBase, pipeline
from transformers.pipelines.token_classification import AggregationStrategy

from common import serve

STRATEGIES = ["none", "simple", "first", "average", "max"]


def misjudges_words(tokenizer: PreTrainedTokenizerBase, text: str | list[str]) -> bool:
    """A piece goes on with a word where it begins with ##; the pipeline asks whether its length is another's."""
    split = isinstance(text, list)
    encoded = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False, is_split_into_words=split)
    pieces = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    return any(
        piece != tokenizer.unk_token and (len(piece) != end - start) != piece.startswith("##")
        for piece, (start, end) in zip(pieces, encoded["offset_mapping"])
    )


def plain(results: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """numpy's numbers as Python's; `word` is another thing here and there."""
    return [
        [
            {key: value.item() if hasattr(value, "item") else value for key, value in entity.items() if key != "word"}
            for entity in row
        ]
        for row in results
    ]


def find(ner: Any, inputs: list[Any], ignored: list[str], **settings: Any) -> dict[str, Any]:
    """Each input goes through the model once, as the pipeline's own call has it, and through every strategy."""
    preprocess, _, _ = ner._sanitize_parameters(**settings)
    outputs = [[ner.forward(chunk) for chunk in ner.preprocess(one, **preprocess)] for one in inputs]
    return {
        # It moves the offsets of words in place, so each strategy gets a copy.
        strategy: plain([ner.postprocess(deepcopy(one), AggregationStrategy(strategy), ignored) for one in outputs])
        for strategy in STRATEGIES
    }


def answer(request: dict[str, Any]) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(request["folder"])
    model = AutoModelForTokenClassification.from_pretrained(request["folder"]).eval()
    ner = pipeline("ner", model=model, tokenizer=tokenizer)
    texts, words, ignored = request["texts"], request["words"], request["ignoreLabels"]
    return {
        "found": find(ner, texts, ignored, **({"stride": request["stride"]} if "stride" in request else {})),
        "split": find(ner, words, ignored, is_split_into_words=True, delimiter="::"),
        "misjudged": [misjudges_words(tokenizer, text) for text in texts],
        "misjudgedSplit": [misjudges_words(tokenizer, one) for one in words],
    }


serve(answer)
