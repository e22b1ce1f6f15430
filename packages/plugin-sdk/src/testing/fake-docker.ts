import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { FakeContainer, type FakeContainerState } from "./fake-container.ts";
import { dockerError } from "./fake-docker-error.ts";
import { FakeImages } from "./fake-images.ts";

/**
 * An engine in memory that behaves: what is created is listed, a port can be published once, a container needs an image
 * that is there and a policy to start again by. What it does not do throws, naming the call.
 */
export class FakeDocker {
  readonly images = new FakeImages();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #volumes = new Map<string, Docker.VolumeInspectInfo>();

  /** Every container there is, running or not, oldest first. */
  containers(): FakeContainerState[] {
    return [...this.#containers.values()].map((container) => container.state());
  }

  volumes(): string[] {
    return [...this.#volumes.keys()];
  }

  /** What handlers are given. */
  client(): Docker {
    const calls = {
      createContainer: (options: Docker.ContainerCreateOptions) => this.#create(options),
      getContainer: (idOrName: string) => this.#find(idOrName) ?? this.#absent(idOrName),
      listContainers: async (options: Docker.ContainerListOptions = {}) => this.#list(options),
      pull: async (reference: string) => this.images.pull(reference),
      importImage: async (archive: NodeJS.ReadableStream | Buffer, options: { repo?: string; tag?: string } = {}) =>
        this.images.import(archive, options),
      getImage: (reference: string) => this.images.get(reference),
      listImages: async () => this.images.list(),
      createVolume: async (options: Docker.VolumeCreateOptions = {}) => this.#createVolume(options.Name ?? hexId()),
      getVolume: (name: string) => ({
        inspect: async () => this.#volumes.get(name) ?? Promise.reject(dockerError(404, `No such volume: ${name}`)),
        remove: async () => {
          if (!this.#volumes.delete(name)) throw dockerError(404, `No such volume: ${name}`);
        },
      }),
      listVolumes: async () => ({ Volumes: [...this.#volumes.values()], Warnings: [] }),
      ping: async () => Buffer.from("OK"),
      version: async () => ({ Version: "29.0.0", ApiVersion: "1.52" }),
      info: async () => ({ Containers: this.#containers.size, ServerVersion: "29.0.0" }),
      modem: { followProgress },
    };
    return new Proxy(calls, {
      get(target, name, receiver) {
        // `then` is asked for by `await`, to find out that this is no promise.
        if (name in target || typeof name === "symbol" || name === "then") return Reflect.get(target, name, receiver);
        throw new Error(`The fake Docker client has no '${name}'.`);
      },
    }) as unknown as Docker;
  }

  async #create(options: Docker.ContainerCreateOptions): Promise<FakeContainer> {
    const name = options.name ?? `container-${this.#containers.size + 1}`;
    if ([...this.#containers.values()].some((other) => other.name === name)) {
      throw dockerError(409, `Conflict. The container name "/${name}" is already in use.`);
    }
    this.images.require(options.Image ?? "");
    const host = options.HostConfig ?? {};
    const policy = host.RestartPolicy?.Name ?? "";
    if ((policy === "" || policy === "no") && host.AutoRemove !== true) {
      throw new Error(
        `The container "${name}" has no restart policy, so it stays down after its instance was stopped and started: ` +
          `set HostConfig.RestartPolicy to { Name: "always" } or { Name: "unless-stopped" }.`,
      );
    }
    for (const mount of host.Mounts ?? []) {
      if (mount.Type === "volume" && mount.Source) this.#createVolume(mount.Source);
    }
    const id = hexId();
    const container = new FakeContainer(id, name, options, {
      publishedBy: (port) => [...this.#containers.values()].find((other) => other.publishes(port))?.name,
      forget: () => this.#containers.delete(id),
    });
    this.#containers.set(id, container);
    return container;
  }

  #createVolume(name: string): Docker.VolumeInspectInfo {
    const known = this.#volumes.get(name);
    if (known !== undefined) return known;
    const volume = { Name: name, Driver: "local", Mountpoint: `/volumes/${name}`, Labels: {}, Scope: "local" } as const;
    this.#volumes.set(name, { ...volume, Options: {} });
    return { ...volume, Options: {} };
  }

  #find(idOrName: string): FakeContainer | undefined {
    const wanted = idOrName.replace(/^\//, "");
    if (wanted === "") return undefined;
    const known = [...this.#containers.values()];
    return known.find(({ name }) => name === wanted) ?? known.find(({ id }) => id.startsWith(wanted));
  }

  /** The engine answers for a container that is not there only when it is asked to do something. */
  #absent(name: string): object {
    const answer = async () => {
      throw dockerError(404, `No such container: ${name}`);
    };
    return {
      inspect: answer,
      start: answer,
      stop: answer,
      restart: answer,
      kill: answer,
      remove: answer,
      update: answer,
    };
  }

  #list({ all = false, filters }: Docker.ContainerListOptions): Docker.ContainerInfo[] {
    const wanted = typeof filters === "string" ? JSON.parse(filters) : (filters ?? {});
    return [...this.#containers.values()]
      .filter((container) => all || container.state().running)
      .filter((container) => (wanted.name ?? [container.name]).some((name: string) => container.name.includes(name)))
      .filter((container) => (wanted.label ?? []).every((label: string) => container.hasLabel(label)))
      .map((container) => container.summary());
  }
}

const hexId = () => randomBytes(32).toString("hex");

/** Reads a stream of progress lines to its end, as the client's own does. */
function followProgress(
  stream: NodeJS.ReadableStream,
  onFinished: (error: Error | null, output: object[]) => void,
  onProgress?: (event: object) => void,
): void {
  const output: object[] = [];
  void (async () => {
    for await (const chunk of Readable.from(stream)) {
      for (const line of String(chunk).split("\n").filter(Boolean)) {
        const event = JSON.parse(line) as { error?: string };
        output.push(event);
        onProgress?.(event);
        if (event.error !== undefined) throw new Error(event.error);
      }
    }
  })().then(
    () => onFinished(null, output),
    (error: Error) => onFinished(error, output),
  );
}
