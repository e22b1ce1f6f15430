/** A database in a container of an instance, as this suite needs it. */
export interface Database {
  /** What its instance has to be created with. */
  readonly plugin?: { readonly name: string; readonly script: string };
  /** Its container, with its image, on the engine behind this socket. Resolves when it answers. */
  start(instance: Running): Promise<void>;
  /** Resolves when it answers, in a container that was started by its engine. */
  untilReady(instance: Running): Promise<void>;
  /** A client that writes the numbers after this one until it is stopped. */
  write(instance: Running, after: number): Writer;
  /** Every number that is there. */
  read(instance: Running): Promise<ReadonlySet<number>>;
}

export interface Running {
  readonly instance: string;
  readonly socket: string;
  /** Where its ports are on this host. */
  readonly address: string;
  hostPort(published: number): Promise<number>;
}

/** Writes numbers one after the other, each as a transaction of its own. */
export interface Writer {
  /** Numbers whose write was acknowledged. */
  readonly acknowledged: ReadonlySet<number>;
  /** The last number sent, acknowledged or not. */
  readonly sent: number;
  /** Resolves when so many more were acknowledged. */
  untilMore(count: number): Promise<void>;
  stop(): Promise<void>;
}
