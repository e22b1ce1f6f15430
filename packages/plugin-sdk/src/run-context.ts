import { DockersnapError, type PluginCommand } from "@dockersnap/contract/words";
import type Docker from "dockerode";
import type { ConfigOptions } from "./config/declaration.ts";
import { PluginConfig } from "./config/plugin-config.ts";
import type { Context, ForwardedPort } from "./context.ts";
import type { ParsedInput } from "./input.ts";
import type { Logger } from "./logger.ts";
import type { ProgramOptions, RunProgram } from "./program/program.ts";
import { hostToken } from "./tokens.ts";

/** A path without a socket, because Docker's own programs take an empty one for the host's engine. */
export const noEngine = "/dev/null/no-socket-in-the-input";

/** What a context reaches out with: the real ones in a plugin's process, fakes in a test. */
export interface Services {
  readonly run: RunProgram;
  readonly docker: (socket: string) => Docker;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The plugin's own environment, which programs it runs inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createContext<const O extends ConfigOptions>(
  options: O,
  command: PluginCommand,
  input: ParsedInput,
  config: Readonly<Record<string, unknown>>,
  services: Services,
): Context<O> {
  const { instance } = input;
  const forwardedPorts: readonly ForwardedPort[] = input.forwarded_ports.map((port) => ({
    label: port.label,
    containerPort: port.container_port,
    hostPort: port.host_port,
    protocol: port.protocol,
  }));
  const programEnv = {
    ...withoutDockerSettings(services.env),
    ...input.env,
    DOCKER_HOST: `unix://${instance.socket || noEngine}`,
  };
  const run = (program: string, args: readonly string[], given: ProgramOptions) =>
    services.run(program, args, { ...given, env: { ...programEnv, ...given.env }, signal: services.signal });
  let client: Docker | undefined;
  return {
    command,
    instance: {
      name: instance.name,
      host: command === "access" ? hostToken : instance.host || "127.0.0.1",
      socket: instance.socket,
      subnet: instance.subnet,
      dataRoot: instance.data_root,
      hostVethIp: instance.host_veth_ip,
      nsVethIp: instance.ns_veth_ip,
      netnsName: instance.netns_name,
      metallbIp: instance.metallb_ip,
      createdAt: instance.created_at,
      cloneOf: instance.clone_of || undefined,
    },
    config: new PluginConfig(options, config),
    forwardedPorts,
    proxyEnv: input.env,
    forwardedPort: (portOrLabel, protocol = "tcp") =>
      forwardedPorts.find((port) =>
        typeof portOrLabel === "string"
          ? port.label === portOrLabel
          : port.containerPort === portOrLabel && port.protocol === protocol,
      ),
    dockerClient: () => {
      client ??= services.docker(instance.socket);
      return client;
    },
    exec: (program, args = [], given = {}) => run(program, args, given),
    nsenter: async (program, args = [], given = {}) => {
      if (instance.netns_name === "") {
        throw new DockersnapError("internal", "The input names no network namespace for this instance.");
      }
      return run("nsenter", [`--net=/run/netns/${instance.netns_name}`, "--", program, ...args], given);
    },
    logger: services.logger,
    signal: services.signal,
  };
}

/** A context or a certificate of the host's Docker would take precedence over `DOCKER_HOST`, or break it. */
function withoutDockerSettings(env: Services["env"]): Record<string, string> {
  const hostSettings = ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"];
  const kept = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(kept.filter(([name]) => !hostSettings.includes(name)));
}
