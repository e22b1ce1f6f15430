import type { PluginCommand } from "@dockersnap/contract/words";
import type Docker from "dockerode";
import type { ConfigOptions } from "./config/declaration.ts";
import type { PluginConfig } from "./config/plugin-config.ts";
import type { Logger } from "./logger.ts";
import type { ProgramOptions, ProgramResult } from "./program/program.ts";

/** The instance a command is about. A fact an input written by hand leaves out is an empty string. */
export interface Instance {
  readonly name: string;
  /** The address clients use for the daemon's host. In `access` it is the token that each client's own address replaces. */
  readonly host: string;
  /** The engine's unix socket. */
  readonly socket: string;
  readonly subnet: string;
  /** Holds the engine's whole state; snapshots are of this folder. */
  readonly dataRoot: string;
  readonly hostVethIp: string;
  /** Where the daemon's host reaches a port published by a container. */
  readonly nsVethIp: string;
  readonly netnsName: string;
  /** The first address of the subnet left free for load balancers. */
  readonly metallbIp: string;
  /** RFC 3339 in UTC. */
  readonly createdAt: string;
  /** `source@label`, or undefined where the instance is no clone. */
  readonly cloneOf: string | undefined;
}

/** A published container port, as the daemon forwards it. */
export interface ForwardedPort {
  readonly label: string;
  /** Inside the container. */
  readonly containerPort: number;
  /** On the daemon's host. */
  readonly hostPort: number;
  readonly protocol: "tcp" | "udp";
}

/** All a handler needs of the world. */
export interface Context<O extends ConfigOptions = ConfigOptions> {
  readonly command: PluginCommand;
  readonly instance: Instance;
  readonly config: PluginConfig<O>;
  /** Empty in `validate` and `deploy`, when nothing is forwarded yet. */
  readonly forwardedPorts: readonly ForwardedPort[];
  /** The operator's proxy settings, in upper- and lower-case names. */
  readonly proxyEnv: Readonly<Record<string, string>>;
  /** By the port inside the container, or by label; undefined until it is published and forwarded. */
  forwardedPort(portOrLabel: number | string, protocol?: "tcp" | "udp"): ForwardedPort | undefined;
  /** dockerode on this instance's engine, never the host's. The same client at every call. */
  dockerClient(): Docker;
  /** Runs a program with `DOCKER_HOST` naming this instance's engine, and the operator's proxies. */
  exec(program: string, args?: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  /** The same, inside the instance's network namespace. */
  nsenter(program: string, args?: readonly string[], options?: ProgramOptions): Promise<ProgramResult>;
  readonly logger: Logger;
  /** Aborts when the daemon cancels the command; two seconds later the process is killed. */
  readonly signal: AbortSignal;
}

/** What there is before any instance. */
export interface InitContext {
  readonly logger: Logger;
  readonly signal: AbortSignal;
}
