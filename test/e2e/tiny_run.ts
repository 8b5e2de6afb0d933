/** What a run of the real binary needs: the binary, a model and sentences that train in a second. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/shared.ts";

export const binary = join(projectRoot, "dist", "cli", "main.js");

/** A BERT of 2 layers x 32 with the words of these sentences; enough to learn them by heart. */
export function writeTinyCheckpoint(path: string): void {
  const words = "ana bob george washington lived went works in to for paris berlin virginia acme .".split(
    " ",
  );
  const config = {
    model_type: "bert",
    vocab_size: 5 + words.length,
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 64,
    max_position_embeddings: 24,
    type_vocab_size: 2,
    hidden_act: "gelu",
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    pad_token_id: 0,
  };
  mkdirSync(path);
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
  writeFileSync(
    join(path, "vocab.txt"),
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...words, ""].join("\n"),
  );
  writeFileSync(
    join(path, "tokenizer_config.json"),
    JSON.stringify({ do_lower_case: true, model_max_length: 24 }),
  );
}

/** Column sentences in which who, where and what can be told by the word alone. */
export function sentences(count: number): string {
  const people = ["Ana B-PER", "Bob B-PER", "George B-PER\nWashington I-PER"];
  const places = ["Paris B-LOC", "Berlin B-LOC", "Virginia B-LOC"];
  return Array.from({ length: count }, (_, i) =>
    i % 4 === 3
      ? `${people[i % 3]}\nworks O\nfor O\nAcme B-ORG\n. O\n`
      : `${people[i % 3]}\nlived O\nin O\n${places[(i + (i >> 2)) % 3]}\n`,
  ).join("\n");
}
