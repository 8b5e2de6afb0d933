import { crc32c, fileVersion, record, scalar } from "../../../lib/callbacks/event_file.ts";

const bytes = (text: string) => Buffer.from(text);

test.each([
  ["", 0],
  ["123456789", 0xe3069283],
  ["\0".repeat(32), 0x8a9136aa], // RFC 3720, B.4
])("CRC-32C of %j is that of its definition", (text, expected) => {
  expect(crc32c(bytes(text))).toBe(expected);
});

test("a record is length, masked checksum, data, masked checksum", () => {
  const framed = Buffer.from(record(bytes("abc")));
  expect(framed.readBigUInt64LE(0)).toBe(3n);
  expect(framed.subarray(12, 15).toString()).toBe("abc");
  expect(framed).toHaveLength(19);
  const unmasked = (masked: number) => {
    const rotated = (masked - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  expect(unmasked(framed.readUInt32LE(8))).toBe(crc32c(framed.subarray(0, 8)));
  expect(unmasked(framed.readUInt32LE(15))).toBe(crc32c(bytes("abc")));
});

test("a file begins with its version, and a scalar has time, step, tag and value", () => {
  expect(Buffer.from(fileVersion(1)).toString("latin1")).toContain("brain.Event:2");
  const event = Buffer.from(scalar(2.5, 300, "train/loss", 0.5)).subarray(12, -4);
  const summary = Buffer.concat([
    Buffer.of(0x0a, 10, ...bytes("train/loss")),
    Buffer.of(0x15, 0, 0, 0, 0x3f), // 0.5 as float32
  ]);
  const time = Buffer.alloc(8);
  time.writeDoubleLE(2.5);
  expect(event).toEqual(
    Buffer.concat([
      Buffer.of(0x09, ...time),
      Buffer.of(0x10, 0xac, 0x02), // 300
      Buffer.of(0x2a, summary.length + 2, 0x0a, summary.length),
      summary,
    ]),
  );
});
