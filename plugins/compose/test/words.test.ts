import { expect, test } from "vitest";
import { composeWords, newsIn, warningsIn } from "../words.ts";

test.each([
  [
    "Compose 2",
    [
      'time="2026-11-23T02:52:13Z" level=warning msg="The \\"FOO\\" variable is not set."',
      " Network demo_default  Creating",
      " Container demo-seed-1  Started",
      ' Container demo-seed-1  service "seed" didn\'t complete successfully: exit 1',
      'service "seed" didn\'t complete successfully: exit 1',
    ],
    'service "seed" didn\'t complete successfully: exit 1.',
  ],
  [
    "Compose 1",
    [
      'Creating network "demo_default" with the default driver',
      "Building web",
      "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.",
      "            Install the buildx component to build images with BuildKit:",
      "            https://docs.docker.com/go/buildx/",
      "Image for service web was built because it did not already exist. To rebuild this image you must use `docker-compose build`.",
      "Creating demo_web_1 ... ",
      "Creating demo_web_1 ... error",
      "",
      "ERROR: for demo_web_1  Cannot start service web: no such file",
      "ERROR: for web  Cannot start service web: no such file",
      "Encountered errors while bringing up the project.",
    ],
    "web: Cannot start service web: no such file.",
  ],
  ["a silent Compose", [""], "it ended with exit code 7 and said nothing."],
])("why %s failed is told without what went well", (_version, lines, words) => {
  expect(composeWords({ stderr: lines.join("\n"), exitCode: 7 })).toBe(words);
});

test("what Compose warns of is passed on once, but for a version that nobody needs", () => {
  const said = [
    'time="2026-11-23T02:52:13Z" level=warning msg="The \\"FOO\\" variable is not set. Defaulting to a blank string."',
    'time="2026-11-23T02:52:13Z" level=warning msg="/srv/compose.yaml: `version` is obsolete"',
    "WARNING: The BAR variable is not set. Defaulting to a blank string.",
    "The BAR variable is not set. Defaulting to a blank string.",
  ];
  expect(warningsIn(said.join("\n"))).toEqual([
    'The "FOO" variable is not set. Defaulting to a blank string.',
    "The BAR variable is not set. Defaulting to a blank string.",
  ]);
});

test.each([
  ["Pulling db (postgres:15)...", { service: "db", words: "pulling postgres:15" }],
  ["Pulling db (postgres:)...", { service: "db", words: "pulling postgres" }],
  ["Building web", { service: "web", words: "building its image" }],
  [" web Pulling ", { service: "web", words: "pulling its image" }],
  [" web Pulled ", { service: "web", words: "pulled its image" }],
  [" Container demo-web-1  Started", undefined],
  ["Creating demo_web_1 ... done", undefined],
  ["#7 [web 1/1] COPY busybox /bin/busybox", undefined],
])("of the line '%s' is told: %o", (line, news) => {
  expect(newsIn(line)).toEqual(news);
});
