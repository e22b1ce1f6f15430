import { createRequire } from "node:module";
import type Docker from "dockerode";

type DockerConstructor = new (options?: Docker.DockerOptions) => Docker;

/**
 * dockerode, on first use: loading it takes longer than the whole rest of most commands. A bundle has another module in
 * this one's place, because a bundler does not see through `createRequire`.
 */
export const loadDockerode = (): DockerConstructor => createRequire(import.meta.url)("dockerode");
