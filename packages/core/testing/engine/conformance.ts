import { describe, expect, it } from "vitest";
import type { EngineHost, EngineObserver, EngineSpec } from "../../src/engine/engine.ts";

/** Engines under test on a host of their own, none there yet. Disposing of it leaves nothing behind. */
export interface EngineSubject extends AsyncDisposable {
  readonly engines: EngineHost;
  /** The engine host of the next daemon, over the same machine. */
  nextDaemon(): EngineHost;
  /** What an engine of this name needs, its data-root and namespace made. */
  prepare(name: string): Promise<EngineSpec>;
  /** End the engine's sandbox behind the host's back. */
  crash(name: string): Promise<void>;
}

/** A fresh subject for each test. */
export type EngineFactory = () => Promise<EngineSubject>;

const never = new AbortController().signal;

/** An observer that can be waited on. Each wait takes one report, earlier ones included. */
function listen(engines: EngineHost) {
  const reports = { changed: signalled<string>(), gone: signalled<{ name: string; reason: string }>() };
  const observer: EngineObserver = {
    changed: (name) => reports.changed.give(name),
    gone: (name, reason) => reports.gone.give({ name, reason }),
  };
  engines.observe(observer);
  return reports;
}

function signalled<T>() {
  const given: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    given,
    give(value: T) {
      const next = waiting.shift();
      if (next === undefined) given.push(value);
      else next(value);
    },
    async next(): Promise<T> {
      const value = given.shift();
      return value ?? (await new Promise<T>((resolve) => waiting.push(resolve)));
    },
  };
}

/** Every promise of `EngineHost` that needs no container to be seen, as tests. The real one and the fake pass all. */
export function engineConformance(name: string, factory: EngineFactory): void {
  describe(`${name} keeps the promises of an engine host`, () => {
    it("has nothing of an engine before its start", async () => {
      await using subject = await factory();
      const { engines } = subject;
      expect(await engines.list()).toEqual([]);
      expect(await engines.state("web")).toBe("stopped");
      expect(await engines.adopt(await subject.prepare("web"))).toBe(false);
      await expect(engines.api("web").containers()).rejects.toMatchObject({ code: "not_ready" });
      await expect(engines.api("web").ping(never)).rejects.toMatchObject({ code: "not_ready" });
      await expect(engines.freeze("web")).rejects.toMatchObject({ code: "wrong_state" });
    });

    it("answers when its start resolves, and reports that its ports may have changed", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const reports = listen(engines);
      await engines.start(await subject.prepare("web"), never);
      expect(await engines.state("web")).toBe("running");
      expect(await engines.list()).toEqual(["web"]);
      expect(await engines.api("web").containers()).toEqual([]);
      expect(await engines.api("web").bridgeNetworks()).toEqual([
        { name: "bridge", subnets: [expect.stringMatching(/^\d+\.\d+\.\d+\.\d+\/\d+$/)] },
      ]);
      expect(await reports.changed.next()).toBe("web");
      await expect(engines.api("web").startContainer("f".repeat(64))).rejects.toMatchObject({ code: "not_found" });
      await expect(engines.api("web").stopContainer("f".repeat(64), never)).rejects.toMatchObject({
        code: "not_found",
      });
    });

    it("names each option that would take an engine out of its place, and leaves the others to dockerd", async () => {
      await using subject = await factory();
      const { engines } = subject;
      expect(engines.refusedOptions({})).toEqual([]);
      expect(engines.refusedOptions({ mtu: 1400, "live-restore": false })).toEqual([]);
      expect(engines.refusedOptions({ mtu: 1400, "data-root": "/" })).toEqual([expect.stringContaining("'data-root'")]);
    });

    it("starts twice as once", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const spec = await subject.prepare("web");
      await engines.start(spec, never);
      await engines.start(spec, never);
      expect(await engines.state("web")).toBe("running");
      expect(await engines.adopt(spec)).toBe(true);
    });

    it("keeps engines apart", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const [web, db] = [await subject.prepare("web"), await subject.prepare("db")];
      await Promise.all([engines.start(web, never), engines.start(db, never)]);
      expect(await engines.list()).toEqual(["db", "web"]);
      await engines.kill("web");
      expect(await engines.list()).toEqual(["db"]);
      expect(await engines.state("db")).toBe("running");
      expect(engines.socketPath("web")).not.toBe(engines.socketPath("db"));
      expect(engines.pidFile("web")).not.toBe(engines.pidFile("db"));
    });

    for (const end of ["stop", "kill"] as const) {
      it(`leaves nothing after a ${end}, and starts again`, async () => {
        await using subject = await factory();
        const { engines } = subject;
        const reports = listen(engines);
        const spec = await subject.prepare("web");
        await engines.start(spec, never);
        await engines[end]("web", never);
        expect(await engines.state("web")).toBe("stopped");
        expect(await engines.list()).toEqual([]);
        await engines[end]("web", never);
        await engines.start(spec, never);
        expect(await engines.state("web")).toBe("running");
        expect(reports.gone.given).toEqual([]);
      });
    }

    it("does not start what is cancelled already", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const spec = await subject.prepare("web");
      await expect(engines.start(spec, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
      expect(await engines.list()).toEqual([]);
    });

    it("freezes and thaws twice as once, and thaws what is not there", async () => {
      await using subject = await factory();
      const { engines } = subject;
      await engines.start(await subject.prepare("web"), never);
      await engines.freeze("web");
      await engines.freeze("web");
      expect(await engines.api("web").containers()).toEqual([]);
      await engines.thaw("web");
      await engines.thaw("web");
      await engines.freeze("web");
      await engines.kill("web");
      expect(await engines.list()).toEqual([]);
      await engines.thaw("web");
    });

    it("is there without its dockerd after a detach, and whole again after a start or an adoption", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const reports = listen(engines);
      await engines.detach("web");
      const spec = await subject.prepare("web");
      await engines.start(spec, never);
      for (const back of [() => engines.start(spec, never), () => engines.adopt(spec)]) {
        await engines.detach("web");
        await engines.detach("web");
        expect(await engines.state("web")).toBe("running");
        await expect(engines.api("web").containers()).rejects.toMatchObject({ code: "not_ready" });
        await back();
        expect(await engines.api("web").containers()).toEqual([]);
      }
      await engines.detach("web");
      await engines.kill("web");
      expect(await engines.list()).toEqual([]);
      expect(reports.gone.given).toEqual([]);
    });

    it("holds a whole engine still and lets it go on, twice as once", async () => {
      await using subject = await factory();
      const { engines } = subject;
      await expect(engines.suspend("web")).rejects.toMatchObject({ code: "wrong_state" });
      await engines.resume("web");
      await engines.start(await subject.prepare("web"), never);
      await engines.suspend("web");
      await engines.suspend("web");
      expect(await engines.state("web")).toBe("running");
      const enough = new AbortController();
      const givenUp = engines.api("web").ping(enough.signal);
      const answered = engines.api("web").ping(never);
      enough.abort(new Error("enough"));
      await expect(givenUp).rejects.toThrow("enough");
      await engines.resume("web");
      await engines.resume("web");
      await answered;
      expect(await engines.api("web").containers()).toEqual([]);
      await engines.suspend("web");
      await engines.stop("web", never);
      expect(await engines.list()).toEqual([]);
      expect(await engines.use("web")).toBeUndefined();
    });

    it("takes up an engine that the last daemon held still, and lets it go on", async () => {
      await using subject = await factory();
      const spec = await subject.prepare("web");
      await subject.engines.start(spec, never);
      await subject.engines.suspend("web");
      await subject.engines.close();

      const next = subject.nextDaemon();
      expect(await next.state("web")).toBe("running");
      expect(await next.adopt(spec)).toBe(true);
      expect(await next.api("web").containers()).toEqual([]);
    });

    it("gives an engine another name, suspended or not, and reports under that from then on", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const [waiting, web] = [await subject.prepare("waiting"), await subject.prepare("web")];
      await engines.start(waiting, never);
      await engines.suspend("waiting");

      await engines.rename("waiting", web);
      await engines.rename("waiting", web);
      await engines.resume("web");

      const reports = listen(engines);
      expect(await engines.state("waiting")).toBe("stopped");
      expect(await engines.state("web")).toBe("running");
      expect(await engines.list()).toEqual(["web"]);
      await engines.kill("waiting");
      expect(await engines.api("web").containers()).toEqual([]);
      await subject.crash("web");
      expect(await reports.gone.next()).toMatchObject({ name: "web" });
      await engines.start(web, never);
      expect(await engines.state("web")).toBe("running");
      await engines.kill("web");
      expect(await engines.list()).toEqual([]);
    });

    it("finds a renamed engine again from the next daemon, and leaves nothing of it", async () => {
      await using subject = await factory();
      const [waiting, web] = [await subject.prepare("waiting"), await subject.prepare("web")];
      await subject.engines.start(waiting, never);
      await subject.engines.rename("waiting", web);
      await subject.engines.close();

      const next = subject.nextDaemon();
      expect(await next.list()).toEqual(["web"]);
      expect(await next.adopt(waiting)).toBe(false);
      expect(await next.adopt(web)).toBe(true);
      await next.stop("web", never);
      expect(await next.list()).toEqual([]);
    });

    it("renames no engine that is not there", async () => {
      await using subject = await factory();
      const other = await subject.prepare("other");
      await expect(subject.engines.rename("web", other)).rejects.toMatchObject({ code: "wrong_state" });
      expect(await subject.engines.list()).toEqual([]);
    });

    it("outlives its daemon, and is taken up by the next one", async () => {
      await using subject = await factory();
      const spec = await subject.prepare("web");
      await subject.engines.start(spec, never);
      await subject.engines.close();

      const next = subject.nextDaemon();
      const reports = listen(next);
      expect(await next.state("web")).toBe("running");
      expect(await next.list()).toEqual(["web"]);
      expect(await next.adopt(spec)).toBe(true);
      expect(await reports.changed.next()).toBe("web");
      expect(await next.adopt(spec)).toBe(true);
      expect(await next.api("web").containers()).toEqual([]);
      await next.stop("web", never);
      expect(await next.list()).toEqual([]);
    });

    it("reports an engine that ends without being asked, and starts it again", async () => {
      await using subject = await factory();
      const { engines } = subject;
      const reports = listen(engines);
      const spec = await subject.prepare("web");
      await engines.start(spec, never);
      await subject.crash("web");
      expect(await reports.gone.next()).toMatchObject({ name: "web" });
      expect(await engines.state("web")).toBe("dead");
      expect(await engines.list()).toEqual(["web"]);
      expect(await engines.adopt(spec)).toBe(false);
      await engines.start(spec, never);
      expect(await engines.state("web")).toBe("running");
    });
  });
}
