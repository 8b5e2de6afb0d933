/**
 * Batches of similar lengths, which waste little on padding, and still a new order each epoch. As transformers'
 * `group_by_length`: a random permutation is cut into groups of up to 50 batches (and at least four groups), each is
 * sorted from long to short, and the longest example of all comes first, so that a lack of memory shows at once.
 *
 * @param lengths      Pieces of each example.
 * @param batchSize    Examples of one *update*: batch size x accumulation steps.
 * @param permutation  Of 0 .. lengths.length - 1.
 */
export function lengthGroupedOrder(
  lengths: ArrayLike<number>,
  batchSize: number,
  permutation: Int32Array,
): Int32Array {
  const order = permutation.slice();
  const batches = Math.max(1, Math.min(Math.floor(order.length / (4 * batchSize)), 50));
  let longest = 0;
  for (let start = 0; start < order.length; start += batches * batchSize) {
    // A typed array's sort is stable as well, and the order of equal lengths is part of the result.
    const group = order.subarray(start, start + batches * batchSize);
    group.sort((a, b) => lengths[b]! - lengths[a]!);
    if (lengths[order[start]!]! > lengths[order[longest]!]!) longest = start;
  }
  const first = order[0]!;
  order[0] = order[longest]!;
  order[longest] = first;
  return order;
}
