import type { PortMapping } from "@dockersnap/contract/words";

/** One published port, or a range of them that leads to a range of one container. */
export interface PortRow {
  readonly host: string;
  /** The published number where another one had to be handed out, else empty. */
  readonly asked: string;
  /** `80/tcp`, or `8000-8009/tcp`. */
  readonly inside: string;
  /** By its service where Compose made it. Empty where the daemon does not say. */
  readonly container: string;
  /** Empty where the label only repeats the container and its port. */
  readonly label: string;
}

/** Ports as `docker ps` shows them: consecutive ones that lead to consecutive ones of one container are one row. */
export function portRows(ports: readonly PortMapping[]): readonly PortRow[] {
  const ordered = [...ports].sort((a, b) => a.protocol.localeCompare(b.protocol) || a.host_port - b.host_port);
  const ranges: PortMapping[][] = [];
  for (const port of ordered) {
    const range = ranges.at(-1);
    const last = range?.at(-1);
    if (range !== undefined && last !== undefined && continues(last, port)) range.push(port);
    else ranges.push([port]);
  }
  return ranges
    .sort(([a], [b]) => (a?.host_port ?? 0) - (b?.host_port ?? 0))
    .flatMap((range) => {
      const [first, last] = [range[0], range.at(-1)];
      return first === undefined || last === undefined ? [] : [row(first, last)];
    });
}

function continues(last: PortMapping, next: PortMapping): boolean {
  const isNext = (of: "host_port" | "in_container_port") => next[of] === last[of] + 1;
  const askedFor =
    last.requested_host_port === undefined
      ? next.requested_host_port === undefined
      : next.requested_host_port === last.requested_host_port + 1;
  return (
    isNext("host_port") &&
    isNext("in_container_port") &&
    askedFor &&
    next.protocol === last.protocol &&
    // Without a name nobody knows whether it is the same container.
    next.container !== undefined &&
    next.container === last.container &&
    label(next) === label(last) &&
    where(next) === where(last)
  );
}

function row(first: PortMapping, last: PortMapping): PortRow {
  return {
    host: range(first.host_port, last.host_port) + where(first),
    asked:
      first.requested_host_port === undefined || last.requested_host_port === undefined
        ? ""
        : range(first.requested_host_port, last.requested_host_port),
    inside: `${range(first.in_container_port, last.in_container_port)}/${first.protocol}`,
    container: first.service === undefined ? (first.container ?? "") : `${first.service} (${first.container ?? ""})`,
    label: label(first),
  };
}

function range(from: number, to: number): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function where({ loopback, ipv6_loopback }: PortMapping): string {
  const places = [
    ...(loopback === true && ipv6_loopback !== "only" ? ["loopback"] : []),
    ...(ipv6_loopback === undefined ? [] : ["[::1]"]),
  ];
  return places.length === 0 ? "" : ` (${places.join(", ")})`;
}

/** The daemon labels a port without a label of its own by its container's id, which the container's name says better. */
function label({ description, container }: PortMapping): string {
  return container !== undefined && /^container:[0-9a-f]{12}\//.test(description) ? "" : description;
}
