/**
 * Looks at the lengths in an Arrow file's metadata before the decoder does. Where one is damaged, the decoder, which reads
 * past the end as zeros, would make entries without end from them. Offsets are those of the format's flatbuffers.
 */

/** Of what a table holds, the parts whose length or place could lead out of the file. */
interface Layout {
  /** Vectors, by their slot: bytes of an entry, or what each entry, a table, holds. */
  vectors?: Record<number, number | Layout>;
  tables?: Record<number, Layout>;
}

const keyValues: Layout = {};
const field: Layout = { vectors: { 16: keyValues } };
field.vectors![14] = field; // a field's children are fields
const unionType: Layout = { vectors: { 6: 4 } };
const schema: Layout = { vectors: { 6: field, 8: keyValues } };
const recordBatch: Layout = { vectors: { 6: 16, 8: 16, 12: 8 } };
const dictionaryBatch: Layout = { tables: { 6: recordBatch } };
const footer: Layout = { vectors: { 8: 24, 10: 24, 12: keyValues }, tables: { 6: schema } };
const headers: Record<number, Layout> = { 1: schema, 2: dictionaryBatch, 3: recordBatch };
const UNION = 14;

const MAGIC = "ARROW1";
/** Of a message whose length stands behind it, not in its place. */
const CONTINUATION = -1;

/** @throws {Error} for a length or an offset that leads out of its part of the file. */
export function checkArrowLayout(bytes: Uint8Array): void {
  const file = new Part(bytes);
  const isFile = new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) === MAGIC;
  if (!isFile) {
    for (let at = 0; at < bytes.length; ) {
      const next = checkMessage(file, at);
      if (next === undefined) return;
      at = next;
    }
    return;
  }
  const end = bytes.length - MAGIC.length - 4;
  const start = end - file.int(end);
  file.check(start, footer);
  for (const slot of [8, 10]) {
    const blocks = file.vector(file.slot(start, slot), 24);
    for (let i = 0; i < blocks.length; i++) checkMessage(file, Number(file.long(blocks.first + 24 * i)));
  }
}

/** @returns where the next message stands; undefined at the end. */
function checkMessage(file: Part, from: number): number | undefined {
  let at = from;
  let length = file.int(at);
  at += 4;
  if (length === CONTINUATION) {
    length = file.int(at);
    at += 4;
  }
  if (length === 0) return undefined;
  const head = file.part(at, length);
  const type = head.slot(0, 6);
  const header = head.slot(0, 8);
  const layout = type && headers[head.byte(type)];
  if (layout && header) head.check(header, layout);
  if (layout === recordBatch && header) checkCounts(head, header, file.end);
  if (layout === dictionaryBatch && header) checkCounts(head, head.slot(header, 6), file.end);
  const body = head.slot(0, 10);
  const bodyLength = body ? Number(head.long(body)) : 0;
  return file.part(at + length, bodyLength).end;
}

/** A value takes a bit at least. */
function checkCounts(head: Part, batch: number, bytes: number): void {
  const { first, length } = head.vector(batch && head.slot(batch, 6), 16);
  for (let i = 0; i < length; i++) {
    const count = Number(head.long(first + 16 * i));
    if (!(count >= 0 && count <= 8 * bytes)) throw new Error(`a column of ${count} values`);
  }
}

/** Bytes with offsets that are checked; 0 stands for what a table does not have. */
class Part {
  readonly #view: DataView;
  readonly #from: number;
  /** Tables may share parts; damaged ones could do so without end. */
  #visits = 0;

  constructor(bytes: Uint8Array, from = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#from = from;
  }

  get end(): number {
    return this.#from + this.#view.byteLength;
  }

  byte(at: number): number {
    return this.#view.getUint8(at);
  }

  int(at: number): number {
    return this.#view.getInt32(at, true);
  }

  long(at: number): bigint {
    return this.#view.getBigInt64(at, true);
  }

  part(at: number, length: number): Part {
    const { buffer, byteOffset, byteLength } = this.#view;
    if (!(at >= 0 && length >= 0 && at + length <= byteLength)) throw new Error(`${length} bytes at ${at}`);
    return new Part(new Uint8Array(buffer, byteOffset + at, length), at);
  }

  /** Where a slot of the table to which `index` leads stands. */
  slot(index: number, slot: number): number {
    const table = index + this.int(index);
    const slots = table - this.int(table);
    if (slot >= this.#view.getInt16(slots, true)) return 0;
    const offset = this.#view.getInt16(slots + slot, true);
    return offset && table + offset;
  }

  vector(index: number, size: number): { first: number; length: number } {
    if (!index) return { first: 0, length: 0 };
    const base = index + this.int(index);
    const length = this.int(base);
    if (!(length >= 0 && length * size <= this.#view.byteLength - base - 4))
      throw new Error(`${length} entries`);
    return { first: base + 4, length };
  }

  check(index: number, layout: Layout): void {
    if (++this.#visits > this.#view.byteLength) throw new Error("tables that lead in a circle");
    for (const [slot, entry] of Object.entries(layout.vectors ?? {})) {
      const { first, length } = this.vector(
        this.slot(index, Number(slot)),
        typeof entry === "number" ? entry : 4,
      );
      if (typeof entry !== "number") for (let i = 0; i < length; i++) this.check(first + 4 * i, entry);
    }
    for (const [slot, inner] of Object.entries(layout.tables ?? {})) {
      const at = this.slot(index, Number(slot));
      if (at) this.check(at, inner);
    }
    const kind = layout === field && this.slot(index, 8);
    const type = kind && this.byte(kind) === UNION && this.slot(index, 10);
    if (type) this.check(type, unionType);
  }
}
