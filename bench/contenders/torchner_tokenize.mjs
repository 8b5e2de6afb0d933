/** torchner's tokenizer on all sentences, words in. */
import { readFileSync } from "node:fs";
import { AutoTokenizer } from "torchner";
import { serve, timed } from "./serve.mjs";

await serve(async ({ folder, file }) => {
  const sentences = JSON.parse(readFileSync(file, "utf8"));
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  return async () => {
    const { seconds, result } = await timed(() => tokenizer.encodeWords(sentences, { maxLength: 512 }));
    return { seconds, pieces: result.reduce((sum, { length }) => sum + length, 0) };
  };
});
