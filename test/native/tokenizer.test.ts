import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { TorchnerError } from "../../lib/native/errors.ts";
import { addonPath, native } from "../../lib/native/load.ts";
import type { Encoding } from "../../lib/tokenization/encoding.ts";
import { AutoTokenizer, type Tokenizer } from "../../lib/tokenization/tokenizer.ts";
import { describeIf, needsData, patience, testData } from "../support/shared.ts";
import { fixture, fixturePath, removeFolders, tokenizerFolder } from "../support/tokenizers.ts";

interface Case {
  input: string | string[];
  ids: number[];
  typeIds: number[];
  wordIds: number[];
  offsets: number[];
  specialTokensMask: number[];
  decoded: string;
}

const kinds = ["uncased", "cased", "bpe", "unigram"] as const;
const cases = JSON.parse(fixture("cases.json").toString()) as Record<(typeof kinds)[number], Case[]>;
const loaded = {} as Record<(typeof kinds)[number], Tokenizer>;
let uncased: Tokenizer;

beforeAll(async () => {
  for (const kind of kinds) {
    loaded[kind] = await AutoTokenizer.fromPretrained(
      tokenizerFolder({ "tokenizer.json": { fixture: `${kind}.json` } }),
    );
  }
  uncased = loaded.uncased;
});
afterAll(removeFolders);

const code = (expected: string, message: RegExp = /./) =>
  expect.objectContaining({ name: "TorchnerError", code: expected, message: expect.stringMatching(message) });

async function encodeOne(tokenizer: Tokenizer, input: string | string[]): Promise<Encoding> {
  const [encoding] =
    typeof input === "string" ? await tokenizer.encodeTexts([input]) : await tokenizer.encodeWords([input]);
  return encoding!;
}

describe("encodings equal those of Python's tokenizers", () => {
  test.each(kinds)("%s: words and texts with emoji, combining marks, CJK and empty words", async (kind) => {
    for (const expected of cases[kind]) {
      const encoding = await encodeOne(loaded[kind], expected.input);
      expect({
        input: expected.input,
        ids: [...encoding.ids],
        typeIds: [...encoding.typeIds],
        wordIds: [...encoding.wordIds],
        offsets: [...encoding.offsets],
        specialTokensMask: [...encoding.specialTokensMask],
        decoded: loaded[kind].decode(encoding.ids, { skipSpecialTokens: true }),
      }).toEqual(expected);
    }
  });

  test("a batch equals its inputs one by one, in their order", async () => {
    const sentences = cases.uncased.map(({ input }) => input).filter(Array.isArray);
    const many = Array.from({ length: 60 }, () => sentences).flat();
    const together = await uncased.encodeWords(many);
    for (const [i, sentence] of sentences.entries()) {
      const alone = await encodeOne(uncased, sentence);
      for (let copy = 0; copy < 60; copy++) {
        const source = copy * sentences.length + i;
        expect(together[source]).toEqual({ ...alone, source });
      }
    }
  });
});

describe("properties over random Unicode", () => {
  const word = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(
      "cat",
      "Lisbon",
      "naïve",
      "e\u0301",
      "東京",
      "🙂",
      "👩\u200d👧",
      "\u200b",
      "\ufe0f",
      "[MASK]",
      "walks-ing",
    ),
  );

  test("offsets slice the word back to its piece, and word ids never go down", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 12 }), async (words) => {
        const encoding = await encodeOne(loaded.cased, words);
        let last = 0;
        for (const [i, token] of loaded.cased.convertIdsToTokens(encoding.ids).entries()) {
          const wordId = encoding.wordIds[i]!;
          expect(wordId === -1).toBe(encoding.specialTokensMask[i] === 1);
          if (wordId === -1) continue;
          expect(wordId).toBeGreaterThanOrEqual(last);
          last = wordId;
          const slice = words[wordId]!.slice(encoding.offsets[2 * i]!, encoding.offsets[2 * i + 1]!);
          expect(slice.length).toBeGreaterThan(0);
          // The normalizer drops control characters, which may lie between the letters of one piece.
          if (token !== "[UNK]") expect(slice.replace(/[\p{C}\ufffd]/gu, "")).toBe(token.replace(/^##/, ""));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("uncased pieces are their slices in lower case without accents", async () => {
    const plain = (text: string) =>
      text
        .normalize("NFD")
        .replace(/[\p{Mn}\p{C}\ufffd]/gu, "")
        .toLowerCase();
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 8 }), async (words) => {
        const text = words.join(" ");
        const encoding = await encodeOne(uncased, text);
        for (const [i, token] of uncased.convertIdsToTokens(encoding.ids).entries()) {
          if (encoding.specialTokensMask[i] || token === "[UNK]" || token === "[MASK]") continue;
          const slice = text.slice(encoding.offsets[2 * i]!, encoding.offsets[2 * i + 1]!);
          expect(plain(slice)).toBe(token.replace(/^##/, ""));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("windows hold every piece once or in the overlap, and special tokens around each", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 40 }),
        fc.integer({ min: 3, max: 20 }),
        fc.nat(16),
        async (words, maxLength, overlap) => {
          const stride = Math.min(overlap, maxLength - 3);
          const whole = await encodeOne(uncased, words);
          const windows = await uncased.encodeWords([words], { maxLength, stride });
          const body = [...whole.ids].slice(1, -1);
          const joined: number[] = [];
          for (const [i, window] of windows.entries()) {
            expect(window).toMatchObject({ source: 0, truncated: 0 });
            expect(window.length).toBeLessThanOrEqual(maxLength);
            expect([window.ids[0], window.ids[window.length - 1]]).toEqual([
              uncased.clsTokenId,
              uncased.sepTokenId,
            ]);
            const pieces = [...window.ids].slice(1, -1);
            if (i > 0) expect(pieces.slice(0, stride)).toEqual(joined.slice(joined.length - stride));
            joined.push(...pieces.slice(i > 0 ? stride : 0));
          }
          expect(joined).toEqual(body);
          const cut = (await uncased.encodeWords([words], { maxLength }))[0]!;
          expect(cut.ids).toEqual(windows[0]!.ids);
          expect(cut.length + cut.truncated).toBe(whole.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("lone surrogates", () => {
  test("count as one replacement character, so that later offsets stay right", async () => {
    const text = "a\ud83d cat \udc00\udc00 sat";
    const encoding = await encodeOne(loaded.bpe, text);
    const tokens = loaded.bpe.convertIdsToTokens(encoding.ids);
    const cat = tokens.indexOf("Ġcat");
    expect(text.slice(encoding.offsets[2 * cat]!, encoding.offsets[2 * cat + 1]!).trim()).toBe("cat");
    expect(encoding.offsets[2 * (tokens.length - 2) + 1]).toBe(text.length);
  });

  test("BERT drops them, as it drops U+FFFD", async () => {
    const { ids, wordIds } = await encodeOne(uncased, ["\ud83d", "cat"]);
    expect(uncased.convertIdsToTokens(ids)).toEqual(["[CLS]", "cat", "[SEP]"]);
    expect([...wordIds]).toEqual([-1, 1, -1]);
  });
});

describe("strings of any length", () => {
  test("cross without loss around the sizes that the binding reads at once", async () => {
    for (const unit of ["a", "é", "東", "🙂"]) {
      for (let length = 10; length < 70; length++) {
        const encoding = await encodeOne(loaded.bpe, [unit.repeat(length), "cat"]);
        const last = encoding.wordIds.lastIndexOf(0);
        expect(encoding.offsets[2 * last + 1]).toBe(unit.length * length);
        expect(loaded.bpe.decode(encoding.ids, { skipSpecialTokens: true })).toBe(
          ` ${unit.repeat(length)} cat`,
        );
      }
    }
  });
});

describe("truncation", () => {
  const sentence = ["the", "cat", "sat", "on", "the", "mat"];

  test("stored in tokenizer.json is ignored", async () => {
    const stored = JSON.parse(fixture("uncased.json").toString());
    stored.truncation = { direction: "Right", max_length: 4, strategy: "LongestFirst", stride: 0 };
    stored.padding = {
      strategy: { Fixed: 16 },
      direction: "Right",
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: "[PAD]",
    };
    const tokenizer = await AutoTokenizer.fromPretrained(tokenizerFolder({ "tokenizer.json": stored }));
    expect((await encodeOne(tokenizer, sentence)).length).toBe(8);
  });

  test("cuts the end and says how much", async () => {
    const [cut] = await uncased.encodeWords([sentence], { maxLength: 5 });
    expect(cut).toMatchObject({ length: 5, truncated: 3 });
    expect([...cut!.wordIds]).toEqual([-1, 0, 1, 2, -1]);
    const [whole] = await uncased.encodeWords([sentence], { maxLength: Number.POSITIVE_INFINITY });
    expect(whole).toMatchObject({ length: 8, truncated: 0 });
  });

  test("without special tokens leaves all the room to the text", async () => {
    const windows = await uncased.encodeWords([sentence], {
      maxLength: 4,
      stride: 2,
      addSpecialTokens: false,
    });
    expect(windows.map(({ wordIds }) => [...wordIds])).toEqual([
      [0, 1, 2, 3],
      [2, 3, 4, 5],
    ]);
  });

  test("offsets of later windows are those of the whole text, in every kind of tokenizer", async () => {
    for (const kind of kinds) {
      const text = "the cat sat on the mat in Lisbon and the cat walks";
      const whole = await encodeOne(loaded[kind], text);
      for (const window of await loaded[kind].encodeTexts([text], { maxLength: 7, stride: 2 })) {
        const places = Array.from({ length: window.length - 2 }, (_, i) => [
          ...window.offsets.slice(2 * i + 2, 2 * i + 4),
        ]);
        const all = Array.from({ length: whole.length }, (_, i) => [
          ...whole.offsets.slice(2 * i, 2 * i + 2),
        ]);
        for (const place of places) expect(all).toContainEqual(place);
      }
    }
  });

  test.each([
    [{ maxLength: 2 }, /maxLength: 2 leaves no room beside the 2 special tokens/],
    [{ maxLength: 6, stride: 4 }, /stride: 4 must be less than the 4/],
    [{ stride: 2 }, /stride: needs maxLength/],
    [{ maxLength: 0 }, /maxLength/],
    [{ maxLength: 2.5 }, /maxLength/],
    [{ maxLength: 8, stride: -1 }, /stride/],
    [{ maxlength: 8 }, /no option maxlength; did you mean maxLength/],
    [{ addSpecialTokens: "yes" }, /addSpecialTokens/],
  ])("%j is refused", async (options, message) => {
    await expect(uncased.encodeWords([["cat"]], options as object)).rejects.toEqual(code("EARG", message));
  });
});

describe("a tokenizer from vocab.txt", () => {
  const vocabulary = { "vocab.txt": { fixture: "vocab.txt" } };

  test.each([
    ["uncased", {}],
    ["cased", { "tokenizer_config.json": { do_lower_case: false } }],
  ] as const)("equals the %s tokenizer.json", async (kind, extra) => {
    const tokenizer = await AutoTokenizer.fromPretrained(tokenizerFolder({ ...vocabulary, ...extra }));
    for (const expected of cases[kind]) {
      const encoding = await encodeOne(tokenizer, expected.input);
      expect([...encoding.ids]).toEqual(expected.ids);
      expect([...encoding.offsets]).toEqual(expected.offsets);
    }
    expect(tokenizer).toMatchObject({
      padTokenId: 0,
      unkTokenId: 1,
      clsTokenId: 2,
      sepTokenId: 3,
      maskTokenId: 4,
    });
    expect(tokenizer).toMatchObject({
      vocabSize: 80,
      padTokenTypeId: 0,
      modelMaxLength: Number.POSITIVE_INFINITY,
    });
  });

  test("takes BERT's options from tokenizer_config.json", async () => {
    const config = { do_lower_case: true, strip_accents: false, tokenize_chinese_chars: false };
    const tokenizer = await AutoTokenizer.fromPretrained(
      tokenizerFolder({ ...vocabulary, "tokenizer_config.json": config }),
    );
    const { ids } = await encodeOne(tokenizer, ["NAÏVE", "東京"]);
    // Written with its accent in the vocabulary; 東京 is one unknown word where it is not split into characters.
    expect(tokenizer.convertIdsToTokens(ids)).toEqual(["[CLS]", "naïve", "[UNK]", "[SEP]"]);
  });

  test("takes special tokens by the names that the files give", async () => {
    const renamed = fixture("vocab.txt").toString().replace("[PAD]", "<blank>").replace("[CLS]", "<start>");
    const named = { "vocab.txt": renamed, "special_tokens_map.json": { pad_token: { content: "<blank>" } } };
    const folder = tokenizerFolder({ ...named, "tokenizer_config.json": { cls_token: "<start>" } });
    const tokenizer = await AutoTokenizer.fromPretrained(folder);
    expect(tokenizer.padTokenId).toBe(0);
    expect([...(await encodeOne(tokenizer, ["cat"])).ids]).toEqual([2, 7, 3]);
    await expect(AutoTokenizer.fromPretrained(tokenizerFolder({ "vocab.txt": renamed }))).rejects.toEqual(
      code("ECHECKPOINT", /vocab\.txt.* lacks the special tokens \[CLS\], \[PAD\]/),
    );
  });

  test("refuses added tokens that would get other ids", async () => {
    const config = { added_tokens_decoder: { "80": { content: "<new>" } } };
    await expect(
      AutoTokenizer.fromPretrained(tokenizerFolder({ ...vocabulary, "tokenizer_config.json": config })),
    ).rejects.toEqual(code("ECHECKPOINT", /added token "<new>" should have the id 80/));
  });
});

describe("saving", () => {
  test.each([
    ["tokenizer.json", { "tokenizer.json": { fixture: "cased.json" } }],
    [
      "vocab.txt",
      { "vocab.txt": { fixture: "vocab.txt" }, "tokenizer_config.json": { do_lower_case: false } },
    ],
  ])("and loading again gives the same encodings, from %s", async (_, files) => {
    const first = await AutoTokenizer.fromPretrained(tokenizerFolder(files));
    const folder = join(tokenizerFolder({}), "made", "on the way");
    await first.savePretrained(folder);
    expect(JSON.parse(readFileSync(join(folder, "tokenizer_config.json"), "utf8"))).toMatchObject({
      do_lower_case: false,
      tokenizer_class: "BertTokenizer",
      cls_token: "[CLS]",
    });
    expect(readFileSync(join(folder, "vocab.txt"))).toEqual(fixture("vocab.txt"));
    expect(JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"))).toMatchObject({
      truncation: null,
      padding: null,
    });
    const again = await AutoTokenizer.fromPretrained(folder);
    const sentences = cases.cased.map(({ input }) => input).filter(Array.isArray);
    expect(await again.encodeWords(sentences)).toEqual(await first.encodeWords(sentences));
  });

  test("into a place that cannot be a folder is EIO and names it", async () => {
    const file = join(tokenizerFolder({ "vocab.txt": "x" }), "vocab.txt");
    await expect(uncased.savePretrained(file)).rejects.toEqual(code("EIO", /vocab\.txt/));
  });
});

describe("hostile files", () => {
  const valid = JSON.parse(fixture("uncased.json").toString());
  const template = (changes: object) => ({
    ...valid,
    post_processor: { ...valid.post_processor, ...changes },
  });

  test.each([
    ["not JSON", "{ no", /tokenizer\.json: not valid JSON/],
    ["an empty file", "", /tokenizer\.json is empty/],
    ["JSON of something else", [1], /not a usable tokenizer/],
    ["no model", { version: "1.0" }, /no "model"/],
    [
      "an unknown model type",
      { ...valid, model: { type: "Syllables" } },
      /model\.type "Syllables" is unknown/,
    ],
    ["an unknown version", { ...valid, version: "9" }, /version/],
    ["nesting without end", `{"model":${"[".repeat(50_000)}`, /tokenizer\.json/],
    ["a git-lfs pointer", "version https://git-lfs.github.com/spec/v1\n", /git lfs pull/],
    [
      "a template naming a token it does not define",
      template({ special_tokens: {} }),
      /cannot work as its file/,
    ],
    [
      "an id far beyond any vocabulary",
      { ...valid, model: { ...valid.model, vocab: { "[UNK]": 4294967295 } } },
      /ids up to/,
    ],
    [
      "a template that adds such an id",
      template({
        special_tokens: {
          ...valid.post_processor.special_tokens,
          "[CLS]": { id: "[CLS]", ids: [4294967295], tokens: ["[CLS]"] },
        },
      }),
      /post_processor: adds a token of id 4294967295/,
    ],
    [
      "a pattern that is no pattern",
      {
        ...valid,
        pre_tokenizer: { type: "Split", pattern: { Regex: "(" }, behavior: "Isolated", invert: false },
      },
      /tokenizer\.json/,
    ],
  ])("%s is ECHECKPOINT and says why", async (_, content, message) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await expect(AutoTokenizer.fromPretrained(tokenizerFolder({ "tokenizer.json": text }))).rejects.toEqual(
      code("ECHECKPOINT", message),
    );
  });

  test("bytes that are not UTF-8 name their line", async () => {
    await expect(native().loadTokenizer(Uint8Array.of(0x7b, 0x0a, 0xff))).rejects.toEqual(
      code("ECHECKPOINT", /tokenizer\.json:2: not UTF-8/),
    );
  });

  test("every prefix and many mutations of a valid file load or are refused, and nothing else", async () => {
    const bytes = fixture("unigram.json");
    const attempts: Uint8Array[] = [];
    for (let end = 0; end < bytes.length; end += 97) attempts.push(bytes.subarray(0, end));
    for (let i = 0; i < bytes.length; i += 29) {
      const mutated = Uint8Array.from(bytes);
      mutated[i] = mutated[i]! ^ (1 << (i % 8));
      attempts.push(mutated);
    }
    let refused = 0;
    for (const attempt of attempts) {
      try {
        const tokenizer = await native().loadTokenizer(attempt);
        await tokenizer.encodeTexts(["the cat, sat 🙂"], { maxLength: 5, stride: 1 });
      } catch (error) {
        expect(error).toEqual(code("ECHECKPOINT"));
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(bytes.length / 97 - 2);
  });

  test("an unknown piece without an unknown token is an error naming the input, not a crash", async () => {
    const vocab = Object.fromEntries(
      Object.entries(valid.model.vocab).filter(([token]) => token !== "[UNK]"),
    );
    const json = { ...valid, added_tokens: [], model: { ...valid.model, vocab } };
    const tokenizer = await AutoTokenizer.fromPretrained(tokenizerFolder({ "tokenizer.json": json }));
    await expect(tokenizer.encodeWords([["cat"], ["qqq"]])).rejects.toEqual(code("ECHECKPOINT", /input 1:/));
  });
});

describe("the native handle", () => {
  test("refuses wrong types at every entry and names the argument", async () => {
    const handle = await native().loadTokenizer(fixture("uncased.json"));
    const wrong: unknown[] = [
      undefined,
      null,
      0,
      "text",
      {},
      [1],
      [["a", 1]],
      [[["a"]]],
      Symbol("s"),
      () => 0,
      1n,
    ];
    for (const value of wrong) {
      await expect(handle.encodeWords(value as never)).rejects.toEqual(code("EARG", /inputs/));
      if (!Array.isArray(value) || typeof value[0] !== "string") {
        await expect(handle.encodeTexts(value as never)).rejects.toEqual(code("EARG", /inputs/));
      }
      expect(() => handle.decode(value as never)).toThrow(code("EARG", /ids/));
      if (typeof value !== "number")
        expect(() => handle.idToToken(value as never)).toThrow(code("EARG", /id/));
      if (typeof value !== "string")
        expect(() => handle.tokenToId(value as never)).toThrow(code("EARG", /token/));
      await expect(native().loadTokenizer(value as never)).rejects.toEqual(code("EARG", /json/));
      await expect(native().loadWordPiece(value as never, { lowercase: true })).rejects.toEqual(
        code("EARG", /vocab/),
      );
    }
    await expect(native().loadWordPiece(fixture("vocab.txt"), {} as never)).rejects.toEqual(
      code("EARG", /lowercase/),
    );
    expect(() => handle.decode(Int32Array.of(-1))).toThrow(code("EARG", /ids: -1/));
    expect(() => handle.idToToken(-1)).toThrow(code("EARG"));
    expect(handle.idToToken(4294967295)).toBeUndefined();
    await expect(handle.encodeWords([["a", 1]] as never)).rejects.toEqual(
      code("EARG", /inputs\[0\]\[1\]: expected a string/),
    );
    handle.dispose();
  });

  test("throws ESTATE after dispose, which may be repeated, and finishes what was running", async () => {
    const handle = await native().loadTokenizer(fixture("uncased.json"));
    const running = handle.encodeTexts(Array.from({ length: 500 }, () => "the cat sat"));
    handle.dispose();
    handle.dispose();
    expect(handle.disposed).toBe(true);
    expect((await running).lengths).toHaveLength(500);
    await expect(handle.encodeTexts(["cat"])).rejects.toEqual(code("ESTATE", /disposed/));
    expect(() => handle.vocabSize()).toThrow(code("ESTATE"));
  });

  test("methods refuse a foreign receiver, and the class has no public constructor", async () => {
    const handle = await native().loadTokenizer(fixture("uncased.json"));
    const Class = native().Tokenizer as new () => object;
    expect(handle).toBeInstanceOf(Class);
    expect(() => new Class()).toThrow(code("EARG"));
    const foreign = [undefined, {}, native().init, Object.create(Object.getPrototypeOf(handle))];
    for (const receiver of foreign) {
      expect(() => handle.vocabSize.call(receiver as never)).toThrow(code("EARG", /this/));
      await expect(handle.encodeTexts.call(receiver as never, ["a"])).rejects.toEqual(code("EARG", /this/));
      expect(() => handle.dispose.call(receiver as never)).toThrow(code("EARG", /this/));
    }
  });

  test("gives typed arrays of this realm and errors of this class", async () => {
    const handle = await native().loadTokenizer(fixture("uncased.json"));
    const encodings = await handle.encodeWords([["cat"]]);
    expect(encodings.ids).toBeInstanceOf(Int32Array);
    expect(encodings.typeIds).toBeInstanceOf(Uint8Array);
    await expect(handle.encodeWords(0 as never)).rejects.toBeInstanceOf(TorchnerError);
  });

  test("encodes while the event loop goes on", async () => {
    const texts = Array.from({ length: 20_000 }, () => "the cats walked on the mat in Lisbon 1920");
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await uncased.encodeTexts(texts);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test("a worker that is ended in the middle of encoding leaves the process well", () => {
    const worker = `
      const { parentPort, workerData } = require("node:worker_threads");
      const addon = require(workerData.addon);
      addon.init({ TorchnerError: Error, allocate: (kind, n) => kind === "uint8" ? new Uint8Array(n) : new Int32Array(n),
                   disposeSymbol: Symbol("dispose") });
      addon.loadTokenizer(require("node:fs").readFileSync(workerData.json)).then(async (tokenizer) => {
        const texts = Array.from({ length: 5000 }, () => "the cats walked on the mat");
        parentPort.postMessage("ready");
        for (;;) await Promise.all([tokenizer.encodeTexts(texts), tokenizer.encodeTexts(texts)]);
      });`;
    const main = `
      const { Worker } = require("node:worker_threads");
      const [worker, addon, json] = process.argv.slice(1);
      (async () => {
        for (let i = 0; i < 6; i++) {
          const running = new Worker(worker, { eval: true, workerData: { addon, json } });
          await new Promise((resolve) => running.once("message", resolve));
          await new Promise((resolve) => setTimeout(resolve, 7 * i));
          await running.terminate();
        }
        console.log("well");
      })();`;
    const child = spawnSync(process.execPath, ["-e", main, worker, addonPath, fixturePath("uncased.json")], {
      encoding: "utf8",
      timeout: 50_000 * patience,
    });
    expect({ status: child.status, out: child.stdout, error: child.stderr }).toEqual({
      status: 0,
      out: "well\n",
      error: "",
    });
  });
});

describe("ids and tokens", () => {
  test("convert both ways; unknown tokens become the unknown token's id", () => {
    expect(uncased.convertTokensToIds(["cat", "qqq", "[SEP]"])).toEqual([7, 1, 3]);
    expect(uncased.convertIdsToTokens([7, 1, 3])).toEqual(["cat", "[UNK]", "[SEP]"]);
    expect(() => uncased.convertIdsToTokens([7, 999])).toThrow(code("EARG", /ids\[1\].*999/));
    expect(() => uncased.decode([1.5])).toThrow(code("EARG", /ids\[0\]: 1\.5/));
  });
});

describeIf(testData, needsData)("real tokenizers on real text", () => {
  const folder = (name: string) => join(testData!, "tokenizers", name);

  function sentences(path: string): string[][] {
    const lines = readFileSync(join(testData!, path), "utf8").split(/\r?\n/);
    const found: string[][] = [[]];
    for (const line of lines) {
      if (line.trim() === "" || line.startsWith("-DOCSTART-")) found.push([]);
      else found.at(-1)!.push(line.split(/[ \t]/)[0]!);
    }
    return found.filter((words) => words.length > 0);
  }

  // Counts of Python's tokenizers 0.23.3 over the same sentences, special tokens included.
  test.each([
    ["bert-base-cased", "conll2003/iob2/train.txt", 14_041, 300_677],
    ["bert-base-uncased", "conll2003/iob2/train.txt", 14_041, 280_125],
    ["all-MiniLM-L6-v2", "wnut17/emerging.dev.conll", 1_009, 19_456],
    ["bert-base-cased", "wnut17/emerging.dev.conll", 1_009, 20_703],
  ])("%s makes of %s what Python makes of it", async (name, path, count, pieces) => {
    const tokenizer = await AutoTokenizer.fromPretrained(folder(name));
    const encodings = await tokenizer.encodeWords(sentences(path));
    expect(encodings).toHaveLength(count);
    expect(encodings.reduce((sum, { length }) => sum + length, 0)).toBe(pieces);
    tokenizer.dispose();
  });

  test("vocab.txt alone makes the same ids as tokenizer.json", async () => {
    for (const [name, lowercase] of [
      ["bert-base-cased", false],
      ["bert-base-uncased", true],
    ] as const) {
      const whole = await AutoTokenizer.fromPretrained(folder(name));
      const vocabulary = readFileSync(join(folder(name), "vocab.txt"), "utf8");
      const alone = await AutoTokenizer.fromPretrained(
        tokenizerFolder({ "vocab.txt": vocabulary, "tokenizer_config.json": { do_lower_case: lowercase } }),
      );
      const words = sentences("wnut17/emerging.dev.conll");
      expect(await alone.encodeWords(words)).toEqual(await whole.encodeWords(words));
    }
  });
});
