export interface BtrfsOptions {
  /** A directory on a btrfs of the operator's, used as it is. With it, what follows is not looked at. */
  readonly path?: string | undefined;
  /** The file that holds the embedded pool; made when it is not there. */
  readonly image: string;
  /** Where the embedded pool is mounted; made when it is not there. */
  readonly mountpoint: string;
  /** Size of a new embedded pool in bytes. Default: 80 % of what is free where the image lies, and at least 2 GiB. */
  readonly sizeBytes?: number | undefined;
}
