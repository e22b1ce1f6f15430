import { isIP, isIPv4 } from "node:net";
import { EngineOptions } from "@dockersnap/contract";

/** How one kind of value is written. Files and the environment give the same: text, or a list of texts. */
export interface ValueType<T> {
  /** What a person may write, as it follows "expected". */
  readonly expected: string;
  readonly list?: true;
  /** Written as a mapping in the file; parsed from its JSON. */
  readonly mapping?: true;
  /** The value, or undefined for text that is none. */
  parse(text: string): T | undefined;
  /** How the value is written. */
  show(value: T): string;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const matching = (pattern: RegExp, expected: string): ValueType<string> => ({
  expected,
  parse: (text) => (pattern.test(text) ? text : undefined),
  show: (value) => value,
});

export function oneOf<const W extends string>(...words: readonly W[]): ValueType<W> {
  const last = words.at(-1) ?? "";
  return {
    expected: `one of ${words.slice(0, -1).join(", ")} or ${last}`,
    parse: (text) => words.find((word) => word === text),
    show: (value) => value,
  };
}

/** Capital letters do not count, and some words are written in another way as well. */
export function inLowerCase<T extends string>(
  type: ValueType<T>,
  also: Readonly<Record<string, string>>,
): ValueType<T> {
  return {
    ...type,
    parse: (written) => {
      const word = written.trim().toLowerCase();
      return type.parse(also[word] ?? word);
    },
  };
}

export function integer(least: number, most: number): ValueType<number> {
  return {
    expected: `a whole number from ${least} to ${most}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    show: String,
  };
}

export const text = matching(/^[^\p{Cc}]{1,1024}$/u, "text on one line");
export const token = matching(/^[!-~]{1,512}$/, "1 to 512 visible ASCII characters without spaces");
export const path = matching(/^\/[^\p{Cc}]{0,4095}$/u, "an absolute path");
export const program = matching(/^(\/[^\p{Cc}]+|[A-Za-z0-9._-]+)$/u, "an absolute path or the name of a program");
export const poolName = matching(/^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/, "the name of a ZFS pool");
export const datasetPath = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.:-]*(\/[A-Za-z0-9][A-Za-z0-9_.:-]*)*$/,
  "names of ZFS datasets joined by slashes",
);
export const hostName = matching(
  /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]+)$/,
  "a host name or an IP address",
);

export const proxyUrl: ValueType<string> = {
  expected: "the URL of a proxy, such as http://proxy.example:3128",
  parse: (value) => {
    const protocol = URL.canParse(value) ? new URL(value).protocol : "";
    return ["http:", "https:", "socks5:"].includes(protocol) ? value : undefined;
  },
  show: (value) => value,
};

export const ipv4: ValueType<string> = {
  expected: "an IPv4 address",
  parse: (value) => (isIPv4(value) ? value : undefined),
  show: (value) => value,
};

/** Items with commas between, as a list in the file is written too. */
function listOf(expected: string, isItem: (text: string) => boolean): ValueType<readonly string[]> {
  return {
    expected,
    list: true,
    parse: (value) => {
      const all = value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      return all.every(isItem) ? all : undefined;
    },
    show: (value) => (value.length === 0 ? "none" : value.join(", ")),
  };
}

export const addresses = listOf("a list of IP addresses", (item) => isIP(item) !== 0);

export const variableNames = listOf(
  "a list of names of environment variables, none of which begins with DOCKERSNAP_",
  (item) => /^(?!DOCKERSNAP_)[A-Za-z_][A-Za-z0-9_]*$/.test(item),
);

export const engineOptions: ValueType<EngineOptions> = {
  expected: "options of dockerd and their values; in a variable, as JSON",
  mapping: true,
  parse(value) {
    try {
      return EngineOptions.safeParse(JSON.parse(value)).data;
    } catch {
      return undefined;
    }
  },
  show: (value) => JSON.stringify(value),
};

/** The last two octets of an address, as numbers joined by a dot. */
export const hostOffset: ValueType<string> = {
  expected: "two numbers from 0 to 255 joined by a dot, such as 10.10",
  parse: (value) => (/^\d{1,3}\.\d{1,3}$/.test(value) && isIPv4(`10.0.${value}`) ? value : undefined),
  show: (value) => value,
};

/** `host:port`, where an empty host is every IPv4 address of this machine and port 0 any free one. */
export const listenAddress: ValueType<HostPort> = {
  expected: "an IP address or localhost, a colon and a port, such as 127.0.0.1:9847",
  parse: (value) => {
    const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
    const host = bracketed ?? (plain === "" ? "0.0.0.0" : plain);
    const port = Number(digits);
    if (host === undefined || port > 65_535) return undefined;
    const fits = bracketed === undefined ? host === "localhost" || isIPv4(host) : isIP(host) === 6;
    return fits ? { host, port } : undefined;
  },
  show: ({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`),
};

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longestDuration = 365 * durationUnits.d;

/** Milliseconds. */
export function duration(least: number): ValueType<number> {
  return {
    expected: `a duration such as 30s, 5m or 1h30m, ${least === 0 ? "0" : showDuration(least)} or more`,
    parse: (value) => {
      const parsed = parseDuration(value);
      return parsed !== undefined && parsed >= least && parsed <= longestDuration ? parsed : undefined;
    },
    show: showDuration,
  };
}

function parseDuration(value: string): number | undefined {
  if (value === "0") return 0;
  if (!/^(\d{1,9}(\.\d{1,3})?(ms|[smhd]))+$/.test(value)) return undefined;
  const parts = value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * durationUnits[unit as "s"], 0);
}

function showDuration(value: number): string {
  if (value === 0) return "0";
  const units = Object.entries(durationUnits).reverse();
  const [unit, size] = units.find(([, each]) => value % each === 0) ?? ["ms", 1];
  return `${value / size}${unit}`;
}

const binaryPower: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4 };

/** Bytes. `20G` and `20GiB` are powers of 1024, `20GB` of 1000, as coreutils has it. */
export function size(least: number): ValueType<number> {
  return {
    expected: `a size such as 20G, 512MiB or a number of bytes, ${showSize(least)} or more`,
    parse: (value) => {
      const [, digits, letter, suffix] = /^(\d{1,15}(?:\.\d{1,3})?)(?:([kmgt])(i?b)?|b)?$/i.exec(value) ?? [];
      if (digits === undefined) return undefined;
      const power = letter === undefined ? 0 : (binaryPower[letter.toLowerCase()] ?? 0);
      const bytes = Math.floor(Number(digits) * (suffix?.toLowerCase() === "b" ? 1_000 : 1_024) ** power);
      return Number.isSafeInteger(bytes) && bytes >= least ? bytes : undefined;
    },
    show: showSize,
  };
}

function showSize(bytes: number): string {
  const [letter, power] = Object.entries(binaryPower)
    .reverse()
    .find(([, each]) => bytes >= 1_024 ** each && bytes % 1_024 ** each === 0) ?? ["", 0];
  return letter === "" ? String(bytes) : `${bytes / 1_024 ** power}${letter.toUpperCase()}iB`;
}
