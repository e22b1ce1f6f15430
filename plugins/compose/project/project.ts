import { DockersnapError } from "@dockersnap/plugin-sdk";

/** A port a service publishes, by its number inside the container. */
export interface PublishedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** What it speaks, where the file says so. */
  readonly appProtocol: string | undefined;
}

/** What is known of a service before there is a container. */
export interface Service {
  readonly name: string;
  /** The restart policy the file names, in the words of `restart` or of `deploy`; undefined where it names none. */
  readonly restart: string | undefined;
  readonly profiles: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** Whether the file has a port of it for other services. */
  readonly exposes: boolean;
  readonly hasHealthCheck: boolean;
  /** Whether another service starts only when this one has ended well. */
  readonly isAwaited: boolean;
  /** Files and folders of the host it has, as absolute paths. */
  readonly hostPaths: readonly string[];
  readonly usesHostNetwork: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** A compose file, resolved. */
export interface Project {
  /** Those of disabled profiles too, where Compose tells of them. */
  readonly services: readonly Service[];
  /** Volumes and networks that somebody else would have to make first. */
  readonly external: readonly string[];
  /** Volumes that keep their data elsewhere than in the engine. */
  readonly remoteVolumes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads what `config` prints. Throws `plugin_failed` for what no Compose prints. */
export async function parseProject(yaml: string): Promise<Project> {
  // Only two commands need it, and it takes a while to load.
  const { parse } = await import("yaml");
  // Compose has resolved the file already, and names what occurs in it many times by aliases.
  const document = fields(parse(yaml, { maxAliasCount: -1 }));
  const services = Object.entries(fields(document.services)).map(([name, body]) => ({ name, body: fields(body) }));
  if (services.length === 0) {
    throw new DockersnapError("plugin_refused", "The compose file has no services, or none in an enabled profile.");
  }
  const awaited = new Set(services.flatMap(({ body }) => awaitedBy(body)));
  const files = { secrets: filesOf(document.secrets), configs: filesOf(document.configs) };
  return {
    services: services.map(({ name, body }) => parseService(name, body, awaited.has(name), files)),
    external: (["volumes", "networks"] as const).flatMap((kind) =>
      Object.entries(fields(document[kind]))
        .filter(([, body]) => Boolean(fields(body).external))
        .map(([name]) => `${kind.slice(0, -1)} '${name}'`),
    ),
    remoteVolumes: Object.entries(fields(document.volumes))
      .filter(([, body]) => isRemote(fields(body)))
      .map(([name]) => name),
  };
}

/** Those an `up` with these profiles starts. */
export function enabledServices({ services }: Project, profiles: readonly string[]): Service[] {
  const enabled = new Set(profiles);
  return services.filter(
    (service) =>
      service.profiles.length === 0 || enabled.has("*") || service.profiles.some((profile) => enabled.has(profile)),
  );
}

type FilesByKind = Readonly<Record<"secrets" | "configs", ReadonlyMap<string, string>>>;

function parseService(name: string, body: Fields, isAwaited: boolean, files: FilesByKind): Service {
  const test = list(fields(body.healthcheck).test);
  return {
    name,
    restart: text(body.restart) ?? text(fields(fields(body.deploy).restart_policy).condition),
    profiles: list(body.profiles).map(String),
    ports: list(body.ports).flatMap(parsePort),
    exposes: list(body.expose).length > 0,
    hasHealthCheck:
      body.healthcheck !== undefined &&
      body.healthcheck !== null &&
      test[0] !== "NONE" &&
      fields(body.healthcheck).disable !== true,
    isAwaited,
    hostPaths: [
      ...list(body.volumes).flatMap(hostPathOf),
      ...(["secrets", "configs"] as const).flatMap((kind) =>
        list(body[kind]).flatMap((item) => files[kind].get(text(item) ?? text(fields(item).source) ?? "") ?? []),
      ),
    ],
    usesHostNetwork: body.network_mode === "host",
    labels: labelsOf(body.labels),
  };
}

function awaitedBy(body: Fields): string[] {
  return Object.entries(fields(body.depends_on))
    .filter(([, condition]) => fields(condition).condition === "service_completed_successfully")
    .map(([name]) => name);
}

/** `{ target: 80 }`, or `8080:80/udp` in the words of older files. */
function parsePort(item: unknown): PublishedPort[] {
  const port = fields(item);
  const [, number, protocol] = /(?:^|:)(\d+)(?:\/(\w+))?$/.exec(text(item) ?? "") ?? [];
  const target = Number(number ?? port.target);
  if (!Number.isInteger(target) || target < 1 || target > 65_535) return [];
  return [
    {
      port: target,
      protocol: (protocol ?? port.protocol) === "udp" ? "udp" : "tcp",
      appProtocol: text(port.app_protocol),
    },
  ];
}

/** `{ type: "bind", source: "/srv" }`, or `/srv:/data:ro` in the words of older files. Paths are absolute by now. */
function hostPathOf(item: unknown): string[] {
  const volume = fields(item);
  const source = volume.type === "bind" ? text(volume.source) : /^(\/[^:]*):/.exec(text(item) ?? "")?.[1];
  return source === undefined ? [] : [source];
}

const filesOf = (declared: unknown): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(fields(declared)).flatMap(([name, body]): [string, string][] => {
      const file = text(fields(body).file);
      return file === undefined ? [] : [[name, file]];
    }),
  );

function isRemote(volume: Fields): boolean {
  const { device, type } = fields(volume.driver_opts);
  const isDriver = text(volume.driver) !== undefined && volume.driver !== "local";
  return isDriver || (device !== undefined && type !== "tmpfs");
}

function labelsOf(labels: unknown): Record<string, string> {
  const pairs = Array.isArray(labels)
    ? labels.map((label) => String(label).split(/=(.*)/s, 2))
    : Object.entries(fields(labels)).map(([name, value]) => [name, String(value ?? "")]);
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
