import manifest from "../package.json" with { type: "json" };

/** Of the daemon, as `/health` and the start of its log tell it. */
export const version: string = manifest.version;
