/**
 * Words apart by blanks, tabs or line ends. As in column files nothing else divides: U+00A0, U+200B, U+FEFF and their like
 * are words, or parts of words, in real data.
 */
export function splitAtBlanks(text: string): string[] {
  return text.split(/[ \t\r\n]+/).filter((word) => word !== "");
}
