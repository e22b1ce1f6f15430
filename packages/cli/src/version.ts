import manifest from "../package.json" with { type: "json" };

export const versionFlags = ["--version", "-v", "-V"];

export const cliVersion: string = manifest.version;
