import { DockersnapError } from "@dockersnap/contract/words";
import type { ContainerSummary, EngineApi } from "@dockersnap/core";
import * as z from "zod";
import { type EngineResponse, request } from "./request.ts";

const listTimeoutMs = 30_000;
/** A start pulls nothing, but mounts, networks and the container's own devices are made in it. */
const startTimeoutMs = 120_000;
/** A container may have a stop timeout of its own; nobody waits longer for one. */
const stopTimeoutMs = 600_000;

const Port = z.object({
  IP: z.string().default(""),
  PrivatePort: z.int().min(0).max(65_535),
  PublicPort: z.int().min(1).max(65_535).optional(),
  Type: z.string(),
});

const Container = z.object({
  Id: z.string().regex(/^[0-9a-f]{64}$/),
  Names: z.array(z.string()).nullish(),
  Image: z.string(),
  State: z.string(),
  Labels: z.record(z.string(), z.string()).nullish(),
  Ports: z.array(Port).nullish(),
  Mounts: z.array(z.object({ Type: z.string(), Source: z.string().default(""), Destination: z.string() })).nullish(),
});

const Containers = z.array(Container);
const Networks = z.array(
  z.object({
    Name: z.string(),
    Driver: z.string(),
    IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullish() }).nullish(),
  }),
);
const Details = z.object({
  RestartCount: z.int().nonnegative().default(0),
  State: z.object({
    Status: z.string(),
    StartedAt: z.string(),
    Error: z.string(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  HostConfig: z.object({
    Tmpfs: z.record(z.string(), z.unknown()).nullish(),
    AutoRemove: z.boolean().catch(false),
    RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.int().catch(0) }).nullish(),
  }),
});
/** Docker says `none` where the image's check was switched off. */
const Health = z.enum(["starting", "healthy", "unhealthy"]);
const Failure = z.object({ message: z.string() });

/** The API of the engine called `name` behind `socket`. */
export function createEngineApi(name: string, socket: string): EngineApi {
  async function ask(
    method: "GET" | "POST",
    path: string,
    timeoutMs: number,
    signal?: AbortSignal,
    body?: unknown,
  ): Promise<EngineResponse> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const bound = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      return await request(socket, { method, path, signal: bound, ...(body === undefined ? {} : { body }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw unanswered(error);
    }
  }

  function unanswered(error: unknown): DockersnapError {
    if (error instanceof DockersnapError) return error;
    return new DockersnapError(
      "not_ready",
      `The engine of '${name}' does not answer on ${socket}. Look at 'dockersnap status ${name}'.`,
      { cause: error },
    );
  }

  async function list<T>(what: string, path: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const response = await ask("GET", path, listTimeoutMs, signal);
    if (response.status !== 200) throw refused(name, `list its ${what}`, response);
    const parsed = schema.safeParse(parseJson(response.body));
    if (parsed.success) return parsed.data;
    throw new DockersnapError(
      "internal",
      `The engine of '${name}' listed its ${what} in a form dockersnap does not know.`,
      { cause: parsed.error },
    );
  }

  async function details(id: string): Promise<z.infer<typeof Details> | undefined> {
    const response = await ask("GET", `/containers/${encodeURIComponent(id)}/json`, listTimeoutMs);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw refused(name, `describe container '${id}'`, response);
    const parsed = Details.safeParse(parseJson(response.body));
    if (parsed.success) return parsed.data;
    throw new DockersnapError(
      "internal",
      `The engine of '${name}' described container '${id}' in a form dockersnap does not know.`,
      { cause: parsed.error },
    );
  }

  async function act(
    id: string,
    verb: string,
    done: readonly number[],
    response: Promise<EngineResponse>,
  ): Promise<void> {
    const answer = await response;
    if (done.includes(answer.status)) return;
    if (answer.status === 404) throw new DockersnapError("not_found", `'${name}' has no container '${id}'.`);
    throw refused(name, `${verb} container '${id}'`, answer);
  }

  return {
    async ping(signal) {
      let response: EngineResponse;
      try {
        response = await request(socket, { method: "GET", path: "/_ping", signal, maxBytes: 64 * 1024 });
      } catch (error) {
        signal.throwIfAborted();
        throw unanswered(error);
      }
      if (response.status !== 200) throw refused(name, "answer a ping", response);
    },

    async containers() {
      return (await list("containers", "/containers/json?all=true", Containers)).map(summary);
    },

    async bridgeNetworks(signal) {
      const networks = await list("networks", "/networks", Networks, signal);
      return networks
        .filter(({ Driver }) => Driver === "bridge")
        .map(({ Name, IPAM }) => ({
          name: Name,
          subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
        }));
    },

    async tmpfs(id) {
      return Object.keys((await details(id))?.HostConfig.Tmpfs ?? {});
    },

    async vitals(id) {
      const found = await details(id);
      if (found === undefined) return undefined;
      const { State, HostConfig, RestartCount } = found;
      return {
        restartPolicy: HostConfig.RestartPolicy?.Name || "no",
        restartRetries: HostConfig.RestartPolicy?.MaximumRetryCount ?? 0,
        autoRemove: HostConfig.AutoRemove,
        state: State.Status,
        health: Health.safeParse(State.Health?.Status).data,
        startedAt: State.StartedAt,
        restartCount: RestartCount,
        error: State.Error,
      };
    },

    async startContainer(id) {
      const response = ask("POST", `/containers/${encodeURIComponent(id)}/start`, startTimeoutMs);
      // 304: it runs already.
      await act(id, "start", [204, 304], response);
    },

    async stopContainer(id, signal) {
      const response = ask("POST", `/containers/${encodeURIComponent(id)}/stop`, stopTimeoutMs, signal);
      // 304: it is down already.
      await act(id, "stop", [204, 304], response);
    },

    async pauseContainer(id) {
      if ((await details(id))?.State.Status === "paused") return;
      await act(id, "pause", [204], ask("POST", `/containers/${encodeURIComponent(id)}/pause`, startTimeoutMs));
    },

    async setRestartPolicy(id, policy, retries) {
      const body = { RestartPolicy: { Name: policy, MaximumRetryCount: retries } };
      const path = `/containers/${encodeURIComponent(id)}/update`;
      await act(id, "update", [200], ask("POST", path, listTimeoutMs, undefined, body));
    },
  };
}

function summary(container: z.infer<typeof Container>): ContainerSummary {
  return {
    id: container.Id,
    // A linked container has further names with a slash inside; its own has only the one in front.
    name: (container.Names?.find((word) => word.lastIndexOf("/") === 0) ?? "").slice(1),
    image: container.Image,
    state: container.State,
    labels: container.Labels ?? {},
    ports: (container.Ports ?? []).flatMap(({ IP, PublicPort, PrivatePort, Type }) =>
      PublicPort !== undefined && (Type === "tcp" || Type === "udp")
        ? [{ ip: IP, publicPort: PublicPort, privatePort: PrivatePort, protocol: Type }]
        : [],
    ),
    mounts: (container.Mounts ?? []).map(({ Type, Source, Destination }) => ({
      type: Type,
      source: Source,
      destination: Destination,
    })),
  };
}

function refused(name: string, what: string, { status, body }: EngineResponse): DockersnapError {
  const failure = Failure.safeParse(parseJson(body));
  const words = failure.success ? failure.data.message.slice(0, 500) : `status ${status}`;
  return new DockersnapError("internal", `The engine of '${name}' could not ${what}: ${words}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is no shape any schema here accepts.
    return undefined;
  }
}
