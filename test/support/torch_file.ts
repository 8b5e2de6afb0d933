/** A writer of torch.save's format for tests: a stored zip archive of a pickle and the tensors' storages. */
import { crc32 } from "node:zlib";

export interface SavedTensor {
  /** Float32 elements of the storage. */
  storage: Float32Array;
  /** Name of the storage's file; tensors may share one. */
  key: string;
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
}

/** A tensor that fills a storage of its own. */
export function wholeTensor(storage: Float32Array, shape: readonly number[], key: string): SavedTensor {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
  return { storage, key, offset: 0, shape, strides };
}

const text = (value: string) => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from("X"), length, bytes]);
};
const integer = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes.write("J");
  bytes.writeInt32LE(value, 1);
  return bytes;
};
const tuple = (...items: Buffer[]) => Buffer.concat([Buffer.from("("), ...items, Buffer.from("t")]);
const global = (name: string) => {
  const dot = name.lastIndexOf(".");
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
};
export const call = (name: string, ...given: Buffer[]) =>
  Buffer.concat([global(name), tuple(...given), Buffer.from("R")]);
export { text };

function tensorPickle({ storage, key, offset, shape, strides }: SavedTensor): Buffer {
  const id = tuple(
    text("storage"),
    global("torch.FloatStorage"),
    text(key),
    text("cpu"),
    integer(storage.length),
  );
  return call(
    "torch._utils._rebuild_tensor_v2",
    Buffer.concat([id, Buffer.from("Q")]),
    integer(offset),
    tuple(...shape.map(integer)),
    tuple(...strides.map(integer)),
    Buffer.from([0x89]),
    call("collections.OrderedDict"),
  );
}

/** The pickle of a state dict; `extra` is put in front of it, as an attacker would. */
export function statePickle(tensors: ReadonlyMap<string, SavedTensor>, extra = Buffer.alloc(0)): Buffer {
  const items = [...tensors].flatMap(([name, tensor]) => [text(name), tensorPickle(tensor)]);
  return Buffer.concat([
    Buffer.from([0x80, 2]),
    extra,
    call("collections.OrderedDict"),
    Buffer.from("("),
    ...items,
    Buffer.from("u."),
  ]);
}

export function torchFile(tensors: ReadonlyMap<string, SavedTensor>, pickle = statePickle(tensors)): Buffer {
  const files = new Map([["archive/data.pkl", pickle]]);
  for (const { key, storage } of tensors.values()) {
    files.set(`archive/data/${key}`, Buffer.from(storage.buffer, storage.byteOffset, storage.byteLength));
  }
  return zip(files);
}

/** @param method  0: stored. */
export function zip(files: ReadonlyMap<string, Buffer>, method = 0): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
