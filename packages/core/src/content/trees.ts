/** One folder's files at one moment. */
export interface TreeSide {
  /** The data-root, or whatever the folders are in; no link that is in it is followed. */
  readonly root: string;
  /** Relative to `root`. */
  readonly folder: string;
  /** What lies below it, topmost first: overlayfs' lower folders. Empty for a folder that stands for itself. */
  readonly below: readonly string[];
}

/** Two moments of what people take for the same folder; without a side it was not there then. */
export interface TreePair {
  readonly from?: TreeSide;
  readonly to?: TreeSide;
}

export interface FileChange {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** As it is, or as it was when it is removed. */
  readonly kind: "file" | "directory" | "symlink" | "fifo" | "socket" | "device";
  /** Of a regular file. */
  readonly bytes?: number;
  /** Of one that was a regular file before and is changed. */
  readonly bytesBefore?: number;
}

/** What a folder holds itself, without what lies below it. Directories are no files. */
export interface TreeContent {
  readonly files: number;
  readonly bytes: number;
}

export interface TreeComparison {
  readonly from?: TreeContent;
  readonly to?: TreeContent;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** In the order of their folders, at most as many as were asked for. */
  readonly changes: readonly FileChange[];
  /** A bound was reached before its end, so every number is of what was seen. */
  readonly incomplete: boolean;
}

export interface TreeBounds {
  /** Changes listed of each tree, and of all together. */
  readonly listedPerTree: number;
  readonly listed: number;
  /** Files and directories looked at on both sides together. */
  readonly entries: number;
  /** Of contents, read from both sides together. */
  readonly readBytes: number;
  readonly ms: number;
}

export interface CompareRequest {
  readonly pairs: readonly TreePair[];
  /**
   * A file that was written to while a snapshot was taken may look the same in it and after it. Contents of those changed
   * since this moment are compared where everything else is equal.
   */
  readonly suspectSince: Date;
  readonly bounds: TreeBounds;
}

export interface Comparisons {
  /** One for each pair, in their order. */
  readonly trees: readonly TreeComparison[];
  readonly entries: number;
  readonly readBytes: number;
}

/**
 * Compares the files of folders. What is seen is that a file came, went, or that its contents, size, kind, mode, owner or
 * target changed. Contents are read only where the file system cannot tell: of files that kept their size and were written
 * to or replaced; one too large for that counts as changed. No link is followed, and nothing is opened but regular files.
 */
export interface TreeComparer {
  /**
   * `wrong_state` when a root is replaced or removed meanwhile, `too_many_requests` when too many wait for their turn, `not_ready`
   * when the disk does not answer.
   */
  compare(request: CompareRequest, signal: AbortSignal): Promise<Comparisons>;
}
