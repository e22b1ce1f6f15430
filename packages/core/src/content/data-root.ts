/** A port of a container that was asked to be published. */
export interface StoredPort {
  readonly containerPort: number;
  /** `tcp`, `udp`, `sctp`. */
  readonly protocol: string;
  /** Empty for every address. */
  readonly hostIp: string;
  /** Empty where Docker chooses one at each start; a range such as `8000-8010` is Docker's to read. */
  readonly hostPort: string;
}

export interface StoredMount {
  /** Docker's own words: `volume`, `bind`, `tmpfs`. */
  readonly type: string;
  /** The volume's name; for a bind mount the path on the host; empty for tmpfs. */
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
}

/** Where the files of a container's file system are. Folders are relative to the data-root. */
export interface StoredLayers {
  readonly mountId: string;
  /** What the container itself wrote, with whiteouts for what it deleted: overlayfs' upper folder. */
  readonly own: string;
  /** What lies below, topmost first: Docker's own files, then the image's layers. Of an image that is incomplete, those that are there. */
  readonly below: readonly string[];
}

/** A container as dockerd has it on disk. */
export interface StoredContainer {
  readonly id: string;
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Digest of the image's configuration, `sha256:…`. */
  readonly image: string;
  /** The image as it was asked for. */
  readonly imageName: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly StoredPort[];
  /** By destination. */
  readonly mounts: readonly StoredMount[];
  /** Names of the networks it is in, sorted. */
  readonly networks: readonly string[];
  /** Every other setting that is not empty, as JSON, by the name Docker's API has for it. */
  readonly settings: Readonly<Record<string, string>>;
  /** `running`: it ran at that moment, or dockerd would have it run; the words are Docker's. */
  readonly state: "created" | "running" | "paused" | "restarting" | "exited" | "dead";
  readonly exitCode: number;
  /** Absent where the container's file system is lost. */
  readonly layers?: StoredLayers;
}

export interface StoredImage {
  /** Digest of its configuration, `sha256:…`: what `docker images` calls the image's id. */
  readonly id: string;
  /** Such as `web:1`, sorted. */
  readonly tags: readonly string[];
  /** Such as `web@sha256:…`, sorted; only for images that came from a registry. */
  readonly repoDigests: readonly string[];
  readonly createdAt?: string;
  /** Of all its layers, shared with other images or not. */
  readonly bytes?: number;
}

export interface StoredVolume {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** With the volume's files, relative to the data-root. Absent for a driver that keeps them elsewhere. */
  readonly folder?: string;
}

export interface StoredNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** With their gateways, such as `172.18.0.0/16`. */
  readonly subnets: readonly string[];
}

/** What a Docker engine's data-root holds, each list by name. */
export interface DataRootContents {
  readonly containers: readonly StoredContainer[];
  readonly images: readonly StoredImage[];
  readonly volumes: readonly StoredVolume[];
  readonly networks: readonly StoredNetwork[];
  /** What could not be read, and why, as sentences; it is missing from the lists. */
  readonly problems: readonly string[];
}

/**
 * Reads a data-root from its files, so a snapshot's, and that of an engine that is not running, is read like any other.
 * Whatever a workload left in there harms nothing: no link is followed, nothing but regular files is read, and each only
 * up to a bound.
 */
export interface DataRootReader {
  /** `not_found` when there is no such folder. One that no engine ever used holds nothing. */
  read(dataRoot: string, signal: AbortSignal): Promise<DataRootContents>;

  /** Likewise of the containers, without their layers, and of the volumes alone. One without a folder holds nothing. */
  readMounts(
    dataRoot: string,
    signal: AbortSignal,
  ): Promise<Pick<DataRootContents, "containers" | "volumes" | "problems">>;
}

/** Where a container's own files are, among all those of a data-root. Paths are relative to it. */
export interface ContainerFiles {
  /**
   * Everything that dockerd keeps of a container itself: its configuration and logs, and its layer with what belongs to
   * that. None for one that is not there.
   */
  of(dataRoot: string, id: string): Promise<readonly string[]>;

  /**
   * What a container of `from` stands on that is missing in `to`: its image and layers of that. `wrong_state` where a
   * layer is there under another id, as after the image was pulled anew: then the container cannot stand on it.
   */
  missingBelow(from: string, id: string, to: string): Promise<readonly string[]>;

  /**
   * Have dockerd's files say that nobody stopped these containers, so that their restart policies bring them back with
   * the next start of an engine. What dockerd itself knows of them stays; those that are not there are left out.
   */
  forgetStop(dataRoot: string, ids: readonly string[]): Promise<void>;

  /**
   * Take the restart policies of these containers out of dockerd's files, so that its next start leaves them down. Only while
   * dockerd is not running, and until `setRestartPolicy` of its API gives them back. Containers that are gone are left out.
   */
  withholdRestart(dataRoot: string, ids: readonly string[]): Promise<void>;

  /**
   * Have every container that mounts the socket of a former engine of this data, as `isFormer` knows them, mount that at `to`
   * instead. Only while dockerd is not running.
   */
  replaceSockets(dataRoot: string, isFormer: (path: string) => boolean, to: string): Promise<void>;
}
