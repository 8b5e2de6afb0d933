import { TorchnerError } from "../native/errors.ts";

const stateSize = 624;
const shiftSize = 397;

/**
 * The Mersenne Twister of Matsumoto and Nishimura (1998), seeded as `torch.Generator().manual_seed(seed)`
 * seeds it: with the low 32 bits only, so 5 and 2 ** 32 + 5 are the same generator.
 */
export class Mt19937 {
  readonly #state = new Uint32Array(stateSize);
  #next = stateSize;

  constructor(seed: number) {
    checkSeed(seed);
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < stateSize; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The next 32 random bits, as an unsigned integer. */
  random(): number {
    if (this.#next === stateSize) this.#twist();
    let bits = this.#state[this.#next++]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < stateSize; i++) {
      const mixed = (state[i]! & 0x80000000) | (state[(i + 1) % stateSize]! & 0x7fffffff);
      const twisted = (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      state[i] = state[(i + shiftSize) % stateSize]! ^ twisted;
    }
    this.#next = 0;
  }
}

/** From this length on torch.randperm draws 64 bits a swap, which is another sequence. */
const lengthOfWideDraws = Math.floor((2 ** 32 - 1) / 20);

/**
 * A permutation of 0 .. n - 1, equal to `torch.randperm(n, generator=g)` with a fresh CPU generator of this
 * seed. Hugging Face orders epoch e by `randomOrder(n, dataSeed + e)` (accelerate's SeedableRandomSampler).
 *
 * @param seed  Any safe integer, negative ones included; only its low 32 bits count, as in torch.
 * @throws {TorchnerError} `EARG` for another seed, or for n outside 0 .. 214,748,363.
 */
export function randomOrder(n: number, seed: number): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n >= lengthOfWideDraws) {
    throw new TorchnerError(
      "EARG",
      `n is ${String(n)}; give a whole number from 0 to ${lengthOfWideDraws - 1} (longer data: split it).`,
    );
  }
  const generator = new Mt19937(seed);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    // The plain remainder is slightly uneven, but it is what torch draws.
    const other = i + (generator.random() % (n - i));
    const moved = order[i]!;
    order[i] = order[other]!;
    order[other] = moved;
  }
  return order;
}

function checkSeed(seed: number): void {
  if (Number.isSafeInteger(seed)) return;
  throw new TorchnerError(
    "EARG",
    `seed is ${String(seed)}; give a whole number that is exact in JavaScript, e.g. 42.`,
  );
}
