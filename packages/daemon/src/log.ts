import { printable, printableJson } from "@dockersnap/contract";
import type { Log } from "@dockersnap/core";
import { type DestinationStream, type Logger, pino, stdSerializers } from "pino";
import pretty from "pino-pretty";

export const logLevels = ["debug", "info", "warn", "error"] as const;
type LogLevel = (typeof logLevels)[number];

/** Fields that may hold a secret, wherever in the first levels they stand. */
const secrets = ["token", "authorization", "password", "secret"].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error when left out. */
  readonly destination?: DestinationStream & { isTTY?: boolean };
}

/** The daemon's log: coloured lines on a terminal, one JSON object a line elsewhere. */
export function createLog({ level, destination = process.stderr }: LogOptions): Log {
  const stream = destination.isTTY === true ? pretty({ sync: true, destination, ignore: "pid,hostname" }) : destination;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets, censor: "[redacted]" },
      serializers: { error: errorWithCauses, cause: errorWithCauses },
      hooks: { streamWrite: destination.isTTY === true ? forTerminal : printableJson },
    },
    stream,
  );
  return adapt(logger);
}

function adapt(logger: Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    child: (fields) => adapt(logger.child(fields)),
  };
}

/** A line of JSON whose text, once it is shown, has no control character in it but line ends and tabs. */
function forTerminal(line: string): string {
  const shown = line.replace(/\\(u[0-9a-f]{4}|.)/g, (written, of: string) =>
    /^(u00[01]|[bfr])/.test(of) ? "\ufffd" : written,
  );
  return printable(shown);
}

/** With stack and causes for an `Error`; anything else as it is. */
function errorWithCauses(value: unknown): unknown {
  return value instanceof Error ? stdSerializers.errWithCause(value) : value;
}
