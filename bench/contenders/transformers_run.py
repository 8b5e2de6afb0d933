"""What `torchner train` does, with transformers' Trainer: column file in, trained and saved model out."""

import json
import sys
from typing import Any

import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
    set_seed,
)

Sentence = tuple[list[str], list[str]]


def read_sentences(path: str) -> list[Sentence]:
    with open(path, encoding="utf8") as file:
        blocks = [block.splitlines() for block in file.read().strip().split("\n\n")]
    rows = [[line.split() for line in block if line.strip()] for block in blocks]
    return [([row[0] for row in s], [row[-1] for row in s]) for s in rows if s and s[0][0] != "-DOCSTART-"]


def encode(tokenizer: PreTrainedTokenizerBase, sentences: list[Sentence], labels: list[str]) -> list[dict[str, Any]]:
    """The first piece of a word carries its label, as in run_ner.py."""
    ids = {label: i for i, label in enumerate(labels)}
    encoded = tokenizer([words for words, _ in sentences], is_split_into_words=True, truncation=True)
    rows = []
    for i, (_, tags) in enumerate(sentences):
        words = encoded.word_ids(i)
        row = {name: values[i] for name, values in encoded.items()}
        row["labels"] = [
            -100 if word is None or word == words[piece - 1] else ids[tags[word]] for piece, word in enumerate(words)
        ]
        rows.append(row)
    return rows


def main() -> None:
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(settings["threads"])
    sentences = read_sentences(settings["trainFile"])[: settings["samples"]]
    tokenizer = AutoTokenizer.from_pretrained(settings["folder"])
    set_seed(42)
    model = AutoModelForTokenClassification.from_pretrained(settings["folder"])
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=settings["output"],
            num_train_epochs=1,
            per_device_train_batch_size=16,
            weight_decay=0.01,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=encode(tokenizer, sentences, labels),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(settings["output"])


main()
