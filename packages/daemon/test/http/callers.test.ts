import { describe, expect, it } from "vitest";
import { createHttpServer } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";
import { FakeService } from "./fake-service.ts";
import { openWorld } from "./world.ts";

const token = "0123456789abcdef";
const bearer = { authorization: `Bearer ${token}` };

describe("with a token", () => {
  it.each([["/api/v1/instances"], ["/metrics"], ["/api/v1/openapi.json"], ["/api/v1/events"], ["/api/v1/nothing"]])(
    "%s is for those who send it",
    async (path) => {
      await using world = await openWorld({ token });
      const none = await world.ask("GET", path);
      expect([none.status, none.json.code, none.headers["www-authenticate"]]).toEqual([401, "unauthorized", "Bearer"]);
      for (const authorization of [`Bearer ${token}x`, "Bearer ", `Basic ${token}`, "Bearer x".repeat(500)]) {
        expect((await world.ask("GET", path, { headers: { authorization } })).status).toBe(401);
      }
    },
  );

  it("those who send it are served, under any name of the host", async () => {
    await using world = await openWorld({ token });
    const headers = { ...bearer, host: "vm.example.com" };
    expect((await world.ask("GET", "/api/v1/instances", { headers })).status).toBe(200);
    await world.ask("GET", "/api/v1/instances/web/access", { headers: { ...headers, host: "vm.example.com:9847" } });
    expect(world.service.asked).toEqual([["access", "web", "vm.example.com"]]);
  });

  it("health and the dashboard's files are open", async () => {
    await using world = await openWorld({ token });
    for (const path of ["/api/v1/health", "/", "/ui", "/ui/assets/main.js"]) {
      expect([path, (await world.ask("GET", path)).status]).toEqual([path, 200]);
    }
  });

  it("the token is in no log", async () => {
    await using world = await openWorld({ token });
    await world.ask("POST", "/api/v1/plugins/reload", { headers: bearer });
    expect(JSON.stringify(world.logged())).not.toContain(token);
  });
});

describe("without a token", () => {
  it.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9847", "10.0.0.1", "[::2]", "a b"])(
    "a request to %s is refused: its name may have been made to point here",
    async (host) => {
      await using world = await openWorld();
      for (const path of ["/api/v1/instances", "/api/v1/health", "/", "/nothing"]) {
        const { status } = await world.ask("GET", path, { headers: { host } });
        expect([path, status]).toEqual([path, host === "a b" ? 400 : 403]);
      }
    },
  );

  it.each(["localhost", "LOCALHOST:9847", "127.0.0.1", "127.9.9.9:1", "[::1]:9847"])(
    "a request to %s is served",
    async (host) => {
      await using world = await openWorld();
      expect((await world.ask("GET", "/api/v1/instances", { headers: { host } })).status).toBe(200);
    },
  );

  it("the server does not listen beyond the loopback", async () => {
    const server = createHttpServer({
      service: new FakeService(),
      config: { api: { listen: { host: "0.0.0.0", port: 0 }, token: undefined } },
      log: createLog({ level: "error", destination: { write: () => {} } }),
      dashboardDir: "/nonexistent",
      version: "1",
    });
    await expect(server.listen()).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("a page of another origin", () => {
  it.each([
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:1" },
    { origin: "not an origin" },
    { "sec-fetch-site": "cross-site" },
  ])("changes nothing: %j", async (foreign) => {
    await using world = await openWorld();
    for (const headers of [foreign, { ...foreign, "content-type": "text/plain" }]) {
      const { status, json } = await world.ask("POST", "/api/v1/instances", { headers, body: { name: "web" } });
      expect([status, json.code]).toEqual([403, "forbidden"]);
    }
    expect((await world.ask("DELETE", "/api/v1/instances/web", { headers: foreign })).status).toBe(403);
    expect((await world.ask("PUT", "/api/v1/instances/web", { headers: foreign })).status).toBe(403);
    expect(world.service.begun).toEqual([]);
  });

  it("changes nothing with the right token either", async () => {
    await using world = await openWorld({ token });
    const headers = { ...bearer, origin: "http://evil.example" };
    expect((await world.ask("POST", "/api/v1/plugins/reload", { headers })).status).toBe(403);
  });

  it("is not the daemon's own page", async () => {
    await using world = await openWorld();
    const own = { origin: `http://127.0.0.1:${world.port}`, "sec-fetch-site": "same-origin" };
    expect((await world.ask("POST", "/api/v1/plugins/reload", { headers: own })).status).toBe(200);
    const proxied = { origin: "https://localhost", host: "localhost:443" };
    expect((await world.ask("POST", "/api/v1/plugins/reload", { headers: proxied })).status).toBe(200);
  });
});

describe("listening", () => {
  it("on a port that is taken says so and what to do", async () => {
    await using world = await openWorld();
    const second = createHttpServer({
      service: new FakeService(),
      config: { api: { listen: { host: "127.0.0.1", port: world.port }, token: undefined } },
      log: createLog({ level: "error", destination: { write: () => {} } }),
      dashboardDir: "/nonexistent",
      version: "1",
    });
    await expect(second.listen()).rejects.toThrow(
      `The API cannot listen on 127.0.0.1:${world.port}: another program listens there.`,
    );
  });
});
