/**
 * Reads bbolt files, in which Docker keeps its networks and the labels of its volumes: a B+ tree over pages that are never
 * written in place, with two meta pages that are written in turn. See go.etcd.io/bbolt, `internal/common/page.go`.
 */
const magic = 0xed0cdaed;
const version = 2;
const metaFlag = 0x04;
const leafFlag = 0x02;
const branchFlag = 0x01;
const bucketFlag = 0x01;

const headerBytes = 16;
const elementBytes = 16;
const bucketBytes = 16;

/** More than any real tree has; a file that points back into itself goes no further. */
const mostDepth = 32;
const mostElements = 200_000;

/** A bucket's page: in the file, or in the element that holds a small bucket. */
interface Page {
  readonly bytes: Buffer;
  /** Where the page begins. */
  readonly start: number;
}

/**
 * Every key of a bucket that is not itself a bucket, with its value. Throws for a file that is no bolt database, or a
 * broken one; a bucket that is not there has no keys. `path` names buckets from the root on.
 */
export function boltEntries(file: Buffer, ...path: readonly string[]): ReadonlyMap<string, Buffer> {
  const { pageSize, root } = newestMeta(file);
  const reading = new Reading(file, pageSize);
  let at: Page | undefined = reading.page(root);
  for (const name of path) {
    const element: Element | undefined = reading.elements(at).find(({ key, isBucket }) => isBucket && key === name);
    if (element === undefined) return new Map();
    at = reading.bucket(element.value);
  }
  const values = reading.elements(at).filter(({ isBucket }) => !isBucket);
  return new Map(values.map(({ key, value }) => [key, value]));
}

/** Which state a file is in: it has changed when this has. */
export function boltState(file: Buffer): bigint {
  return newestMeta(file).transaction;
}

interface Meta {
  readonly pageSize: number;
  readonly root: number;
  readonly transaction: bigint;
}

function newestMeta(file: Buffer): Meta {
  // The second one begins where the first one says that a page ends, or at the size that is common when the first is torn.
  const first = metaAt(file, 0);
  const second = metaAt(file, first?.pageSize ?? 4096);
  if (first === undefined && second === undefined) throw new Error("it is no bolt database");
  if (first === undefined) return second as Meta;
  return second !== undefined && second.transaction > first.transaction ? second : first;
}

/** Undefined for one that was not written to its end. */
function metaAt(file: Buffer, start: number): Meta | undefined {
  const meta = start + headerBytes;
  if (meta + 64 > file.length || (file.readUInt16LE(start + 8) & metaFlag) === 0) return undefined;
  if (file.readUInt32LE(meta) !== magic || file.readUInt32LE(meta + 4) !== version) return undefined;
  if (file.readBigUInt64LE(meta + 56) !== fnv1a(file.subarray(meta, meta + 56))) return undefined;
  const pageSize = file.readUInt32LE(meta + 8);
  if (pageSize < 1024 || pageSize > 65_536) return undefined;
  return { pageSize, root: Number(file.readBigUInt64LE(meta + 16)), transaction: file.readBigUInt64LE(meta + 48) };
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

interface Element {
  readonly key: string;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

class Reading {
  readonly #file: Buffer;
  readonly #pageSize: number;
  #left = mostElements;

  constructor(file: Buffer, pageSize: number) {
    this.#file = file;
    this.#pageSize = pageSize;
  }

  page(id: number): Page {
    const start = id * this.#pageSize;
    if (!(start + headerBytes <= this.#file.length)) throw broken();
    return { bytes: this.#file, start };
  }

  /** Behind the value of an element that is a bucket. A small one's page is in the value itself. */
  bucket(value: Buffer): Page {
    if (value.length < bucketBytes) throw broken();
    const root = Number(value.readBigUInt64LE(0));
    if (root !== 0) return this.page(root);
    if (value.length < bucketBytes + headerBytes) throw broken();
    return { bytes: value, start: bucketBytes };
  }

  elements({ bytes, start }: Page, depth = 0): Element[] {
    const flags = bytes.readUInt16LE(start + 8);
    const count = bytes.readUInt16LE(start + 10);
    this.#left -= count;
    const first = start + headerBytes;
    if (depth > mostDepth || this.#left < 0 || first + count * elementBytes > bytes.length) throw broken();
    const places = Array.from({ length: count }, (_, index) => first + index * elementBytes);
    if ((flags & leafFlag) !== 0) return places.map((place) => leafElement(bytes, place));
    if ((flags & branchFlag) === 0) throw broken();
    return places.flatMap((place) => this.elements(this.page(Number(bytes.readBigUInt64LE(place + 8))), depth + 1));
  }
}

function leafElement(bytes: Buffer, place: number): Element {
  const keyStart = place + bytes.readUInt32LE(place + 4);
  const keyEnd = keyStart + bytes.readUInt32LE(place + 8);
  const valueEnd = keyEnd + bytes.readUInt32LE(place + 12);
  if (valueEnd > bytes.length) throw broken();
  return {
    key: bytes.toString("utf8", keyStart, keyEnd),
    value: bytes.subarray(keyEnd, valueEnd),
    isBucket: (bytes.readUInt32LE(place) & bucketFlag) !== 0,
  };
}

function broken(): Error {
  return new Error("it is a broken bolt database");
}
