import { request } from "node:http";
import { type Readable, Stream } from "node:stream";
import { text } from "node:stream/consumers";
import { busyboxArchive } from "../../plugins/echo/busybox.ts";
import type { World } from "./world.ts";

/** Made from the host's static busybox; its one program is `/bin/busybox`. */
const image = "dockersnap-tests/busybox:1";

export interface ContainerSpec {
  readonly name: string;
  /** Words after `/bin/busybox`; it sleeps unless told otherwise. */
  readonly command?: readonly string[];
  /** In the words of `docker run --publish`: `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]:8080:80`. */
  readonly publish?: readonly string[];
  readonly restart?: "always" | "unless-stopped";
  /** In the words of `docker run --volume`. */
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  /** What to run in place of `/bin/busybox`. */
  readonly entrypoint?: string;
  /** Instead of the test image. */
  readonly image?: string;
  /** Such as `NAME=value`. */
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** A network of the engine's other than its default one. */
  readonly network?: string;
  /** In the words of `docker run --add-host`. */
  readonly extraHosts?: readonly string[];
  /** As `docker run --rm`. */
  readonly autoRemove?: true;
  /** Only create it. */
  readonly start?: false;
}

export interface ContainerState {
  /** Docker's own word, such as `running` or `paused`. */
  readonly Status: string;
  readonly Running: boolean;
  readonly StartedAt: string;
  readonly Pid: number;
  readonly OOMKilled: boolean;
  readonly ExitCode: number;
}

/** An instance's Docker engine, spoken to over its socket. */
export class Engine {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The engine of a running instance, with the test image in it. */
  static async of(world: World, name: string): Promise<Engine> {
    const { socket } = await world.client.instances.get(name);
    const engine = new Engine(socket);
    const { status } = await engine.#send("GET", `/images/${image}/json`);
    if (status === 404) await engine.#importImage();
    return engine;
  }

  /** Create and start a container. */
  async run(spec: ContainerSpec): Promise<void> {
    const ports = (spec.publish ?? []).map(parsePublished);
    await this.json("POST", `/containers/create?name=${spec.name}`, {
      Image: spec.image ?? image,
      Env: spec.env ?? [],
      Entrypoint: [spec.entrypoint ?? "/bin/busybox"],
      Cmd: spec.command ?? ["sleep", "1000000"],
      StopTimeout: 1,
      Labels: spec.labels ?? {},
      ExposedPorts: Object.fromEntries(ports.map(({ inside }) => [inside, {}])),
      HostConfig: {
        PortBindings: Object.fromEntries(
          Map.groupBy(ports, ({ inside }) => inside)
            .entries()
            .map(([inside, all]) => [inside, all.map(({ address, port }) => ({ HostIp: address, HostPort: port }))]),
        ),
        NetworkMode: spec.network ?? "default",
        ExtraHosts: spec.extraHosts ?? [],
        RestartPolicy: { Name: spec.restart ?? "no" },
        AutoRemove: spec.autoRemove ?? false,
        Binds: spec.volumes ?? [],
        Tmpfs: Object.fromEntries((spec.tmpfs ?? []).map((path) => [path, ""])),
      },
    });
    if (spec.start !== false) await this.start(spec.name);
  }

  async start(container: string): Promise<void> {
    await this.json("POST", `/containers/${container}/start`);
  }

  async stop(container: string): Promise<void> {
    await this.json("POST", `/containers/${container}/stop?t=1`);
  }

  async remove(container: string): Promise<void> {
    await this.json("DELETE", `/containers/${container}?force=true`);
  }

  async state(container: string): Promise<ContainerState> {
    const { State } = (await this.json("GET", `/containers/${container}/json`)) as { State: ContainerState };
    return State;
  }

  async containers(): Promise<string[]> {
    const list = (await this.json("GET", "/containers/json?all=true")) as { Names: string[] }[];
    return list.map(({ Names }) => (Names[0] ?? "").replace("/", "")).sort();
  }

  async address(container: string): Promise<string> {
    const { NetworkSettings } = (await this.json("GET", `/containers/${container}/json`)) as {
      NetworkSettings: { IPAddress: string };
    };
    return NetworkSettings.IPAddress;
  }

  /** Run a busybox applet in a container; the answer is what it printed, both streams together. */
  async exec(container: string, ...words: string[]): Promise<{ code: number; output: string }> {
    const { Id } = (await this.json("POST", `/containers/${container}/exec`, {
      AttachStdout: true,
      AttachStderr: true,
      // With a terminal the output comes as it is, without frames around it.
      Tty: true,
      Cmd: ["/bin/busybox", ...words],
    })) as { Id: string };
    const { body } = await this.#send("POST", `/exec/${Id}/start`, { Detach: false, Tty: true });
    const { ExitCode } = (await this.json("GET", `/exec/${Id}/json`)) as { ExitCode: number };
    return { code: ExitCode, output: body.replaceAll("\r\n", "\n") };
  }

  /** One call of the engine's API; rejects with the engine's words unless it succeeded. */
  async json(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.#send(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.trim()}`);
    return answer.body === "" ? undefined : JSON.parse(answer.body);
  }

  async #importImage(): Promise<void> {
    const archive = await busyboxArchive();
    if (archive === undefined) throw new Error("This host has no static busybox; install busybox-static.");
    const [repo, tag] = image.split(":");
    const answer = await this.#send("POST", `/images/create?fromSrc=-&repo=${repo}&tag=${tag}`, archive);
    if (answer.status >= 400 || answer.body.includes("errorDetail")) throw new Error(answer.body);
  }

  #send(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const isStream = body instanceof Stream;
      const type = isStream ? "application/x-tar" : "application/json";
      const outgoing = request(
        {
          socketPath: this.#socket,
          method,
          path,
          headers: body === undefined ? {} : { "content-type": type },
          signal: AbortSignal.timeout(60_000),
        },
        (incoming) => {
          text(incoming).then((all) => resolve({ status: incoming.statusCode ?? 0, body: all }), reject);
        },
      );
      outgoing.on("error", reject);
      if (isStream) (body as Readable).pipe(outgoing);
      else outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function parsePublished(words: string): { address: string; port: string; inside: string } {
  const [mapping = "", protocol = "tcp"] = words.split("/");
  const [, address = "", port = "", inside = ""] = /^(?:(?:\[?(.*?)\]?:)?(\d*):)?(\d+)$/.exec(mapping) ?? [];
  return { address, port, inside: `${inside}/${protocol}` };
}
