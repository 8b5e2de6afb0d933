/** What work in pieces comes to, done without a pause. */
export function atOnce<Result>(pieces: Generator<void, Result>): Result {
  let piece = pieces.next();
  while (!piece.done) piece = pieces.next();
  return piece.value;
}
