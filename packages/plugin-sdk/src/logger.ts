import type { PluginLogLine } from "@dockersnap/contract/words";

/** Lines for people, which the daemon takes over into its own log with their attributes. */
export interface Logger {
  debug(message: string, attributes?: Readonly<Record<string, unknown>>): void;
  info(message: string, attributes?: Readonly<Record<string, unknown>>): void;
  warn(message: string, attributes?: Readonly<Record<string, unknown>>): void;
  error(message: string, attributes?: Readonly<Record<string, unknown>>): void;
}

const levels: readonly string[] = ["DEBUG", "INFO", "WARN", "ERROR"];

export interface LogOrigin {
  readonly plugin: string;
  readonly command?: string;
  readonly instance?: string;
  /** The lowest level that is written, in any case; INFO unless it is one of the four. */
  readonly level?: string | undefined;
}

/** Writes one JSON line for each call. */
export function createLogger(origin: LogOrigin, writeLine: (line: string) => void, now: () => Date): Logger {
  const lowest = levels.indexOf(origin.level?.toUpperCase() ?? "");
  const threshold = lowest === -1 ? levels.indexOf("INFO") : lowest;
  const write =
    (level: string) =>
    (message: string, attributes?: Readonly<Record<string, unknown>>): void => {
      if (levels.indexOf(level) < threshold) return;
      const line: PluginLogLine = {
        ts: now().toISOString(),
        level,
        plugin: origin.plugin,
        ...(origin.instance !== undefined && { instance: origin.instance }),
        ...(origin.command !== undefined && { command: origin.command }),
        msg: message,
        ...(attributes !== undefined && { attrs: attributes }),
      };
      writeLine(JSON.stringify(line));
    };
  return { debug: write("DEBUG"), info: write("INFO"), warn: write("WARN"), error: write("ERROR") };
}
