/** Where a word stands in a text, in UTF-16 code units. */
export interface Word {
  start: number;
  end: number;
}

/**
 * Words as BERT's own splitter makes them or smaller, but for the underscore, which names of users hold: runs of letters,
 * digits and underscores with their combining marks; every other visible character, and every Chinese one, by itself.
 * White space belongs to no word.
 */
export function splitWords(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(word)) {
    words.push({ start: match.index, end: match.index + match[0].length });
  }
  return words;
}

const word = /\p{Script=Han}\p{M}*|(?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}_])+|\S\p{M}*/gu;
