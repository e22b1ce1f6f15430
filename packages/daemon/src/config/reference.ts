import { type Key, keyNames, keys, variableOf } from "./keys.ts";
import { defaultConfigFile } from "./load.ts";

const heading = `# Configuration

The daemon reads \`${defaultConfigFile}\` if it is there, or the file named with \`dockersnap serve --config <file>\`, which then
must exist. Every setting can also come from the environment, which wins over the file. A setting that is not given has
its default.

\`\`\`yaml
api:
  listen: 0.0.0.0:9847
  token: a-long-random-word
docker:
  dns: [9.9.9.9, 1.1.1.1]
plugins:
  timeouts:
    deploy: 20m
\`\`\`

The same from the environment:

\`\`\`sh
DOCKERSNAP_API_LISTEN=0.0.0.0:9847
DOCKERSNAP_API_TOKEN=a-long-random-word
DOCKERSNAP_DOCKER_DNS=9.9.9.9,1.1.1.1
DOCKERSNAP_PLUGINS_TIMEOUTS_DEPLOY=20m
\`\`\`

A key that does not exist, or a value that does not fit, stops the start. The message names every problem at once (of more than 20, the first), each
with its file and line or its variable, and what was expected. \`DOCKERSNAP_REMOTE\` and \`DOCKERSNAP_TOKEN\` are not
settings of the daemon: they tell the command line which daemon to talk to.

Durations are written \`30s\`, \`5m\`, \`1h30m\`, or \`0\`. Sizes are a number of bytes, or written \`20G\`, \`512MiB\` (powers
of 1024) or \`20GB\` (powers of 1000). A list in the environment is separated by commas.

## Settings
`;

/** The reference page of every setting, in Markdown. */
export function configurationPage(): string {
  return `${heading}\n${keyNames.map((name) => entry(name, keys[name] as Key<unknown>)).join("\n")}`;
}

function entry(name: string, { type, fallback, unset, doc }: Key<unknown>): string {
  const value = fallback === undefined || fallback === null ? (unset ?? "none") : `\`${type.show(fallback)}\``;
  return [
    `### \`${name}\``,
    "",
    doc,
    "",
    `- Takes ${type.expected}.`,
    `- Default: ${value}.`,
    `- Variable: \`${variableOf(name)}\`.`,
    "",
  ].join("\n");
}
