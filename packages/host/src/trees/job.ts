import type { CompareRequest, Comparisons } from "@dockersnap/core";

/** What the thread is started with. */
export interface Job {
  readonly request: CompareRequest;
}

/** Its only message. */
export type Outcome =
  | { readonly done: Comparisons }
  /** A root that is not what it was, or was not there. */
  | { readonly gone: string };
