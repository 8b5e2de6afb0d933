/** Values of every JavaScript type, most of them wrong wherever they are given. */

/** What a hostile getter or trap throws: it may come out of a call, since it is the caller's own error. */
export const planned = new Error("planned");

const throwing = () => {
  throw planned;
};
const trapNames = ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "set", "apply"];
const traps = Object.fromEntries(trapNames.map((name) => [name, throwing]));

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function detached(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A view that lies beyond the end of its buffer by now. */
function outOfBounds(ArrayType) {
  const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
  const view = new ArrayType(buffer, 16, 4);
  buffer.resize(8);
  return view;
}

function cyclic(value) {
  value[0] = value;
  return value;
}

/**
 * A name and what makes the value, as some are used up by a call.
 * @param {Record<string, unknown>} more  values that only the caller has, such as handles
 * @returns {[name: string, make: () => unknown][]}
 */
export function hostileValues(more = {}) {
  const fixed = {
    undefined: undefined,
    null: null,
    true: true,
    false: false,
    "-0": -0,
    1: 1,
    "-1": -1,
    0.5: 0.5,
    NaN: Number.NaN,
    "-Infinity": -Infinity,
    "1e308": 1e308,
    "2**31": 2 ** 31,
    "2**53": 2 ** 53,
    "10n": 10n,
    "-(2n**70n)": -(2n ** 70n),
    "empty string": "",
    word: "no-such-thing",
    "lone surrogate": "\ud800",
    "string with a zero": "a\0b",
    "string of 1 MB": "x".repeat(1 << 20),
    symbol: Symbol("s"),
    "empty array": [],
    numbers: [1, 2],
    "nested array": [["a", 5]],
    "lone surrogates": [["\udfff"]],
    "array of nothing": Object.assign([], { length: 1000 }),
    "array with holes": Object.assign([], { 2: "x" }),
    "array in itself": cyclic([]),
    "array of a getter": Object.defineProperty([1], 0, { get: throwing }),
    "empty object": {},
    "object without a prototype": Object.create(null),
    "object in itself": cyclic({}),
    "negative length": { length: -1, 0: 1 },
    Float64Array: new Float64Array(3),
    Float32Array: Float32Array.of(Number.NaN, Infinity),
    BigInt64Array: new BigInt64Array(2),
    Int16Array: new Int16Array(3),
    Uint32Array: Uint32Array.of(2 ** 32 - 1),
    Int32Array: Int32Array.of(2 ** 31 - 1, -(2 ** 31)),
    "empty Int32Array": new Int32Array(0),
    Uint8Array: Uint8Array.of(255, 0, 192),
    Uint8ClampedArray: new Uint8ClampedArray(3),
    DataView: new DataView(new ArrayBuffer(8)),
    ArrayBuffer: new ArrayBuffer(8),
    SharedArrayBuffer: new SharedArrayBuffer(8),
    "shared Int32Array": new Int32Array(new SharedArrayBuffer(32)),
    "shared Uint8Array": new Uint8Array(new SharedArrayBuffer(32)),
    "shared Float32Array": new Float32Array(new SharedArrayBuffer(32)),
    "growing Uint8Array": new Uint8Array(new SharedArrayBuffer(8, { maxByteLength: 64 })),
    "resizable Int32Array": new Int32Array(new ArrayBuffer(32, { maxByteLength: 64 })),
    proxy: new Proxy({}, {}),
    "proxy that throws": new Proxy({}, traps),
    "proxy of a function that throws": new Proxy(() => 1, traps),
    "proxy of an array": new Proxy([1, 2], {}),
    "proxy of an Int32Array": new Proxy(new Int32Array(4), {}),
    "revoked proxy": revoked(),
    "object that becomes no value": { valueOf: throwing, toString: throwing, [Symbol.toPrimitive]: throwing },
    function: () => 1,
    "function that throws": throwing,
    "function that gives a short array": () => new Int32Array(1),
    "function that gives a used array": () => detached(new Int32Array(8)),
    class: class {},
    "generator function": function* () {},
    promise: Promise.resolve(1),
    date: new Date(Number.NaN),
    map: new Map([[1, 2]]),
    set: new Set(["a"]),
    "weak map": new WeakMap(),
    "regular expression": /x/,
    error: new Error("given"),
    "boxed number": new Number(1),
    "boxed string": new String("x"),
    "global object": globalThis,
    ...more,
  };
  return [
    ...Object.entries(fixed).map(([name, value]) => [name, () => value]),
    ["detached Int32Array", () => detached(new Int32Array(4))],
    ["detached Uint8Array", () => detached(new Uint8Array(4))],
    ["detached Float32Array", () => detached(new Float32Array(4))],
    ["Int32Array out of bounds", () => outOfBounds(Int32Array)],
    ["Uint8Array out of bounds", () => outOfBounds(Uint8Array)],
  ];
}

/**
 * A short set: each call of what this gives leaves one in `every` of a list, the next time others, so that nothing is
 * left out altogether.
 * @param {number} every
 * @returns {<T>(list: T[]) => T[]}
 */
export function inTurns(every) {
  let turn = 0;
  return (list) => {
    turn++;
    return list.filter((_, i) => (i + turn) % every === 0);
  };
}
