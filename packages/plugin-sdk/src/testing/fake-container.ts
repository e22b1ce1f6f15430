import type Docker from "dockerode";
import { dockerError } from "./fake-docker-error.ts";

/** A container as a test looks at it. */
export interface FakeContainerState {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly running: boolean;
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly restartPolicy: string;
  readonly ports: readonly { readonly containerPort: number; readonly hostPort: number; readonly protocol: string }[];
  /** All of what it was created with. */
  readonly options: Docker.ContainerCreateOptions;
}

interface Engine {
  /** The name of the running container that has this port. */
  publishedBy(port: number): string | undefined;
  forget(): void;
}

/** Publishes its ports while it runs, and frees them when it stops. */
export class FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly #engine: Engine;
  #options: Docker.ContainerCreateOptions;
  #running = false;
  #startedAt = "0001-01-01T00:00:00Z";

  constructor(id: string, name: string, options: Docker.ContainerCreateOptions, engine: Engine) {
    this.id = id;
    this.name = name;
    this.#options = options;
    this.#engine = engine;
  }

  async start(): Promise<void> {
    if (this.#running) throw dockerError(304, "container already started");
    for (const { hostPort } of this.#ports()) {
      const holder = this.#engine.publishedBy(hostPort);
      if (holder !== undefined) throw dockerError(500, `port ${hostPort} is already allocated by ${holder}`);
    }
    this.#begin();
  }

  async stop(): Promise<void> {
    if (!this.#running) throw dockerError(304, "container already stopped");
    this.#end();
  }

  async restart(): Promise<void> {
    this.#begin();
  }

  /** Changes limits and the restart policy of a container that is there. */
  async update(change: Docker.HostConfig): Promise<void> {
    this.#options = { ...this.#options, HostConfig: { ...this.#options.HostConfig, ...change } };
  }

  async kill(): Promise<void> {
    if (!this.#running) throw dockerError(409, `container ${this.name} is not running`);
    this.#end();
  }

  async remove({ force = false }: { force?: boolean } = {}): Promise<void> {
    if (this.#running && !force) throw dockerError(409, `cannot remove the running container ${this.name}`);
    this.#running = false;
    this.#engine.forget();
  }

  async inspect(): Promise<object> {
    const { Image, Cmd, Env, Labels, HostConfig } = this.#options;
    return {
      Id: this.id,
      Name: `/${this.name}`,
      State: {
        Running: this.#running,
        Status: this.#running ? "running" : "exited",
        StartedAt: this.#startedAt,
      },
      Config: { Image, Cmd, Env, Labels: Labels ?? {} },
      HostConfig: HostConfig ?? {},
    };
  }

  publishes(port: number): boolean {
    return this.#running && this.#ports().some(({ hostPort }) => hostPort === port);
  }

  hasLabel(wanted: string): boolean {
    const labels = this.#options.Labels ?? {};
    const [name = "", value] = wanted.split("=", 2);
    return name in labels && (value === undefined || labels[name] === value);
  }

  state(): FakeContainerState {
    const options = this.#options;
    return {
      id: this.id,
      name: this.name,
      image: options.Image ?? "",
      running: this.#running,
      cmd: options.Cmd ?? [],
      env: options.Env ?? [],
      labels: options.Labels ?? {},
      restartPolicy: options.HostConfig?.RestartPolicy?.Name ?? "no",
      ports: this.#ports(),
      options,
    };
  }

  summary(): Docker.ContainerInfo {
    const state = this.state();
    return {
      Id: this.id,
      Names: [`/${this.name}`],
      Image: state.image,
      State: this.#running ? "running" : "exited",
      Labels: { ...state.labels },
      Ports: state.ports.map(({ containerPort, hostPort, protocol }) => ({
        IP: "0.0.0.0",
        PrivatePort: containerPort,
        PublicPort: hostPort,
        Type: protocol,
      })),
    } as unknown as Docker.ContainerInfo;
  }

  #begin(): void {
    this.#running = true;
    this.#startedAt = new Date().toISOString();
  }

  #end(): void {
    this.#running = false;
    if (this.#options.HostConfig?.AutoRemove === true) this.#engine.forget();
  }

  #ports(): FakeContainerState["ports"] {
    const bindings: Record<string, { HostPort?: string }[]> = this.#options.HostConfig?.PortBindings ?? {};
    return Object.entries(bindings).flatMap(([port, hosts]) => {
      const [number, protocol = "tcp"] = port.split("/");
      return hosts.map(({ HostPort }) => ({
        containerPort: Number(number),
        hostPort: Number(HostPort || number),
        protocol,
      }));
    });
  }
}
