/**
 * TensorBoard's event files: TFRecord framing around `Event` messages of tensorflow/core/util/event.proto, of which a
 * scalar, a text and the marks of a file need only a few fields. They are written by hand here: no maintained package
 * for Node writes them.
 */

/** One record: length, its checksum, the bytes, their checksum. */
export function record(data: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(12 + data.length + 4);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return framed;
}

/** The first record of every file. */
export function fileVersion(seconds: number): Uint8Array {
  return record(event(seconds, 0, text(3, "brain.Event:2")));
}

export function scalar(seconds: number, step: number, tag: string, value: number): Uint8Array {
  return summary(seconds, step, concat(text(1, tag), float(2, value)));
}

/** As torch's SummaryWriter.add_text stores it. */
export function textSummary(seconds: number, step: number, tag: string, content: string): Uint8Array {
  const metadata = message(9, message(1, text(1, "text")));
  const oneEntry = message(2, message(2, varintField(1, 1)));
  const tensor = message(8, concat(varintField(1, 7), oneEntry, text(8, content))); // 7: DT_STRING
  return summary(seconds, step, concat(text(1, `${tag}/text_summary`), tensor, metadata));
}

/** Tells TensorBoard that the values at `step` and later, written before, belong to a part of the run that was redone. */
export function restart(seconds: number, step: number): Uint8Array {
  return record(event(seconds, step, message(7, varintField(1, 1)))); // SessionLog.START
}

function summary(seconds: number, step: number, value: Uint8Array): Uint8Array {
  return record(event(seconds, step, message(5, message(1, value))));
}

function event(seconds: number, step: number, what: Uint8Array): Uint8Array {
  return concat(double(1, seconds), varintField(2, step), what);
}

// Protocol buffers: a field is its number and wire type (0 varint, 1 64 bits, 2 length-delimited, 5 32 bits), and the value.

function message(field: number, content: Uint8Array): Uint8Array {
  return concat(varint((field << 3) | 2), varint(content.length), content);
}

function text(field: number, value: string): Uint8Array {
  return message(field, Buffer.from(value));
}

function varintField(field: number, value: number): Uint8Array {
  return concat(varint(field << 3), varint(value));
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return concat(varint((field << 3) | 5), bytes);
}

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return concat(varint((field << 3) | 1), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** CRC-32C (Castagnoli), reflected. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** TFRecord's mask, so that a checksum of data with checksums in it is no weaker. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
