/**
 * Cosine and powers rounded as a C library rounds them. JavaScript leaves the last bit of `Math.cos` and `**` to the
 * engine, and V8's differs from glibc's (and so from Python's) once in some twenty values; a learning rate that is off
 * by it trains other weights.
 *
 * Numbers are integers of 2^-128 here, so the result is exact before it is rounded to a double.
 */
const bits = 128n;
const one = 1n << bits;

/** Exact for what a schedule meets: doubles of at least 2^-75, and 0. */
function fixed(x: number): bigint {
  const scaled = x * 2 ** 75; // a power of two: nothing is lost
  const whole = Math.trunc(scaled);
  return (BigInt(whole) << (bits - 75n)) + BigInt(Math.trunc((scaled - whole) * 2 ** 53));
}

/** BigInt to number rounds to the nearest, ties to even, as arithmetic does. */
const rounded = (x: bigint) => Number(x) / 2 ** Number(bits);

const times = (a: bigint, b: bigint) => (a * b) >> bits;
const over = (a: bigint, b: bigint) => (a << bits) / b;

/** Sum of a series whose next term is made from the last one, until the terms vanish. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  let term = first;
  for (let n = 1n; term !== 0n; n++) {
    sum += term;
    term = next(term, n);
  }
  return sum;
}

/** arctan(1 / n) */
function arctanOfInverse(n: bigint): bigint {
  let power = one / n;
  return series(power, (_, k) => {
    power /= n * n;
    return (k % 2n === 0n ? power : -power) / (2n * k + 1n);
  });
}

/** Machin's formula. */
const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));

export function cos(x: number): number {
  const angle = fixed(Math.abs(x)) % (2n * pi);
  const square = times(angle, angle);
  return rounded(series(one, (term, n) => -times(term, square) / (2n * n * (2n * n - 1n))));
}

/** @param base  At least 0.  @param exponent  Above 0. */
export function pow(base: number, exponent: number): number {
  if (base === 0 || base === 1 || exponent === 1) return base;
  const power = times(fixed(exponent), log(fixed(base)));
  // A small result has as many bits as a large one: only the part between 1 and 2 is an integer of 2^-128.
  const halvings = -power / ln2 + 1n;
  return rounded(exp(power + halvings * ln2)) / 2 ** Number(halvings);
}

/** 2 artanh((x - 1) / (x + 1)), after halving or doubling x to about 1. */
function log(x: bigint): bigint {
  let halvings = 0n;
  let near = x;
  for (; near > (one * 3n) / 2n; near >>= 1n) halvings++;
  for (; near < (one * 3n) / 4n; near <<= 1n) halvings--;
  return artanhTwice(near) + halvings * ln2;
}

function artanhTwice(x: bigint): bigint {
  const ratio = over(x - one, x + one);
  const square = times(ratio, ratio);
  let power = ratio;
  return (
    2n *
    series(ratio, (_, n) => {
      power = times(power, square);
      return power / (2n * n + 1n);
    })
  );
}

const ln2 = artanhTwice(2n * one);

/** Taylor's series of x / 2^16, squared 16 times. */
function exp(x: bigint): bigint {
  const small = x >> 16n;
  let result = series(one, (term, n) => times(term, small) / n);
  for (let i = 0; i < 16; i++) result = times(result, result);
  return result;
}
