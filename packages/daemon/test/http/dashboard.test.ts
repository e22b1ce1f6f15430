import { describe, expect, it } from "vitest";
import { openWorld } from "./world.ts";

describe("the dashboard", () => {
  it.each(["/", "/ui", "/ui/", "/ui/instances/web", "/ui/instances/web@v1.0", "/ui/secret.unknown"])(
    "is found at %s, with a policy that lets nothing else run",
    async (path) => {
      await using world = await openWorld();
      const { status, headers, text } = await world.ask("GET", path);
      expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
      expect(text).toContain("<title>dockersnap</title>");
      expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
      expect(headers).toMatchObject({ "x-frame-options": "DENY", "x-content-type-options": "nosniff" });
    },
  );

  it("has its files under their types, and says so of one that is not there", async () => {
    await using world = await openWorld();
    const { status, headers, text } = await world.ask("GET", "/ui/assets/main.js");
    expect([status, headers["content-type"], text]).toEqual([200, "text/javascript; charset=utf-8", "export {};"]);
    const fresh = await world.ask("GET", "/ui/assets/main.js", { headers: { "if-none-match": headers.etag ?? "" } });
    expect([fresh.status, fresh.text]).toEqual([304, ""]);
    expect((await world.ask("GET", "/ui/assets/none.js")).status).toBe(404);
  });

  it.each([
    "/ui/..%2f..%2fetc%2fpasswd",
    "/ui/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/ui/../../etc/passwd",
    "/ui//etc/passwd",
  ])("gives nothing outside its folder for %s", async (path) => {
    await using world = await openWorld();
    expect((await world.ask("GET", path)).text).not.toContain("root:");
  });
});
