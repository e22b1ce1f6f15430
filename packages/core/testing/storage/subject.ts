import type { DatasetId, StorageDriver } from "../../src/storage/driver.ts";

/**
 * A driver under test, and hands that reach the files in its datasets the way a workload does. The driver is open and
 * its pool is empty.
 */
export interface StorageSubject extends AsyncDisposable {
  readonly driver: StorageDriver;
  /** Replace a file at once as others see it, and make it durable before resolving. */
  write(id: DatasetId, file: string, bytes: Uint8Array): Promise<void>;
  /** `undefined` where there is no such file. */
  read(id: DatasetId, file: string): Promise<Uint8Array | undefined>;
  unlink(id: DatasetId, file: string): Promise<void>;
  /** Names of the files in the dataset's root. */
  files(id: DatasetId): Promise<readonly string[]>;
  /** How workloads make trees inside of the dataset's; absent where the storage has no such thing. */
  readonly nesting?: Nesting;
  /** Take a dataset's tree away behind the driver's back and leave its snapshots, as an interrupted removal does. */
  lose(id: DatasetId): Promise<void>;
  /** Have nothing in the pool be changeable, as the kernel does when a file system fails; or changeable again. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
  /** Have something else be where the pool belongs, as when it is unmounted; or the pool again. */
  setHidden(isHidden: boolean): Promise<void>;
}

/** Nested trees, by their paths in a dataset. Their files are written and read by paths too. */
export interface Nesting {
  make(id: DatasetId, path: string): Promise<void>;
  setReadOnly(id: DatasetId, path: string): Promise<void>;
  list(id: DatasetId): Promise<Readonly<Record<string, "writable" | "read-only">>>;
}

/** A fresh subject for each test. */
export type StorageFactory = () => Promise<StorageSubject>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The words a test writes into a file and expects to find there. */
export async function say(subject: StorageSubject, id: DatasetId, file: string, words: string): Promise<void> {
  await subject.write(id, file, encoder.encode(words));
}

/** The whole content of a dataset as a plain object from file to words. */
export async function content(subject: StorageSubject, id: DatasetId): Promise<Record<string, string>> {
  const files = [...(await subject.files(id))].sort();
  const read = async (file: string) => [file, decoder.decode(await subject.read(id, file))] as const;
  return Object.fromEntries(await Promise.all(files.map(read)));
}
