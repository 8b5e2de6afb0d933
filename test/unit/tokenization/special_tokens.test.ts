import { findSpecialTokens, namedTokens } from "../../../lib/tokenization/special_tokens.ts";

const vocabulary = new Map(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "<start>"].map((token, id) => [token, id]));
const tokenToId = (token: string) => vocabulary.get(token);

test("names are read as strings and as written-out added tokens; null names nothing", () => {
  const file = {
    cls_token: "<start>",
    sep_token: { content: "[SEP]", lstrip: false },
    pad_token: null,
    bos_token: "<s>",
  };
  expect(namedTokens(file)).toEqual({ cls_token: "<start>", sep_token: "[SEP]" });
});

test("tokens that no file names get BERT's usual names, and a named one wins", () => {
  const { ids, tokens } = findSpecialTokens({ cls_token: "<start>" }, tokenToId, "model");
  expect(ids).toEqual({ pad_token: 0, unk_token: 1, cls_token: 4, sep_token: 3 });
  expect(tokens.cls_token).toBe("<start>");
});

test("a named token that the vocabulary lacks is refused, except for the mask token", () => {
  expect(() => findSpecialTokens({ pad_token: "<none>" }, tokenToId, "model")).toThrow(
    expect.objectContaining({ code: "ECHECKPOINT", message: expect.stringMatching(/pad_token "<none>"/) }),
  );
  expect(findSpecialTokens({ mask_token: "[MASK]" }, tokenToId, "model").ids.mask_token).toBeUndefined();
});
