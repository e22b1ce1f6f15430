import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { dockerError } from "./fake-docker-error.ts";

/** The images of a fake engine, and the registry it pulls from. */
export class FakeImages {
  readonly #ids = new Map<string, string>();
  #refusal: Error | undefined;

  /** The tags there are. */
  list(): { Id: string; RepoTags: string[] }[] {
    return [...this.#ids].map(([tag, id]) => ({ Id: id, RepoTags: [tag] }));
  }

  has(reference: string): boolean {
    return this.#ids.has(tagged(reference)) || [...this.#ids.values()].includes(reference);
  }

  /** As if it had been pulled before. */
  add(reference: string): void {
    this.#ids.set(tagged(reference), `sha256:${createHash("sha256").update(tagged(reference)).digest("hex")}`);
  }

  /** From now on no pull succeeds. */
  cutOffRegistry(reason = "dial tcp: lookup registry: no such host"): void {
    this.#refusal = dockerError(500, reason);
  }

  /** Rejects as the engine does when a container is made from an image that is not there. */
  require(reference: string): void {
    if (!this.has(reference)) throw dockerError(404, `No such image: ${tagged(reference)}`);
  }

  pull(reference: string): NodeJS.ReadableStream {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.add(reference);
    return lines([{ status: `Pulling ${tagged(reference)}` }, { status: `Downloaded ${tagged(reference)}` }]);
  }

  async import(
    archive: NodeJS.ReadableStream | Buffer | string,
    { repo = "imported", tag = "latest" }: { repo?: string; tag?: string },
  ): Promise<NodeJS.ReadableStream> {
    if (typeof archive !== "string" && !Buffer.isBuffer(archive)) {
      for await (const _ of Readable.from(archive)) {
        // An engine reads the whole archive before it answers.
      }
    }
    this.add(`${repo}:${tag}`);
    return lines([{ status: `Imported ${repo}:${tag}` }]);
  }

  get(reference: string): object {
    const id = () => {
      this.require(reference);
      return this.#ids.get(tagged(reference)) ?? reference;
    };
    return {
      inspect: async () => ({ Id: id(), RepoTags: [tagged(reference)] }),
      tag: async ({ repo, tag = "latest" }: { repo: string; tag?: string }) => {
        this.#ids.set(`${repo}:${tag}`, id());
      },
      remove: async () => {
        id();
        this.#ids.delete(tagged(reference));
      },
    };
  }
}

const tagged = (reference: string) => (/:[^/]+$/.test(reference) ? reference : `${reference}:latest`);

const lines = (events: object[]) => Readable.from(events.map((event) => `${JSON.stringify(event)}\n`));
