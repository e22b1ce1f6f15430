import { expect, it } from "vitest";
import { createClient } from "../src/index.ts";
import { json, operation, type Reply, scriptedDaemon } from "./scripted-daemon.ts";

const page =
  (ids: readonly string[], next?: string): Reply =>
  (_request, response) => {
    const link = next === undefined ? {} : { link: `</api/v1/operations?${next}>; rel="next"` };
    response.writeHead(200, { "content-type": "application/json", ...link });
    response.end(JSON.stringify(ids.map((id) => operation(id))));
  };

it("gathers the list of operations page by page", async () => {
  await using daemon = await scriptedDaemon({
    "GET /operations": page(["d", "c"], "limit=2&before=c"),
    "GET /operations?limit=2&before=c": page(["b", "a"], "limit=2&before=a"),
    "GET /operations?limit=2&before=a": page([]),
  });
  const ids = (await createClient({ baseUrl: daemon.url }).operations.list()).map(({ id }) => id);
  expect(ids).toEqual(["d", "c", "b", "a"]);
});

it("asks for no more operations than are wanted", async () => {
  await using daemon = await scriptedDaemon({
    "GET /operations?limit=3&instance=web": page(["d", "c"], "limit=3&before=c&instance=web"),
    "GET /operations?limit=3&before=c&instance=web": page(["b", "a"], "limit=3&before=a&instance=web"),
  });
  const { operations } = createClient({ baseUrl: daemon.url });
  const ids = (await operations.list({ limit: 3, instance: "web" })).map(({ id }) => id);
  expect(ids).toEqual(["d", "c", "b"]);
  expect(daemon.received).toHaveLength(2);
});

it("follows no page to another address", async () => {
  await using daemon = await scriptedDaemon({
    "GET /operations": (_request, response) => {
      response.writeHead(200, { link: '<http://other.example/api/v1/operations?before=a>; rel="next"' });
      response.end("[]");
    },
  });
  expect(await createClient({ baseUrl: daemon.url }).operations.list()).toEqual([]);
  expect(daemon.received).toHaveLength(1);
});

it("says so when the operations are no list", async () => {
  await using daemon = await scriptedDaemon({ "GET /operations?limit=3": json(200, {}) });
  await expect(createClient({ baseUrl: daemon.url }).operations.list({ limit: 3 })).rejects.toThrow(
    "The daemon's answer to /operations is not a list.",
  );
});
