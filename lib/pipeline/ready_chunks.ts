const idle = Symbol("idle");

/**
 * What a source has ready, in arrays of at most `size`: full ones of a quick source, and of a slow one whatever is
 * there, so that nobody waits for input that may never come. Not more than `size` items are held. An error of the source
 * comes after the items before it.
 */
export async function* readyChunks<T>(
  source: AsyncIterable<T> | Iterable<T>,
  size: number,
): AsyncGenerator<T[], void, undefined> {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let pending: Promise<IteratorResult<T>> | undefined;
  let failure: { error: unknown } | undefined;
  let done = false;
  try {
    while (!done) {
      const chunk: T[] = [];
      while (chunk.length < size) {
        pending ??= nextOf(iterator).catch((error) => {
          failure = { error };
          return { done: true, value: undefined };
        });
        const next = chunk.length === 0 ? await pending : await Promise.race([pending, nextTurn()]);
        if (next === idle) break;
        pending = undefined;
        done = next.done === true;
        if (next.done) break;
        chunk.push(next.value);
      }
      if (chunk.length > 0) yield chunk;
    }
    if (failure) throw failure.error;
  } finally {
    if (!done) await iterator.return?.();
  }
}

/** A generator that throws gives a promise that is rejected. */
async function nextOf<T>(iterator: AsyncIterator<T> | Iterator<T>): Promise<IteratorResult<T>> {
  return iterator.next();
}

function nextTurn(): Promise<typeof idle> {
  return new Promise((resolve) => setImmediate(resolve, idle));
}
