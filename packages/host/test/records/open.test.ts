import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { samples } from "@dockersnap/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate, migrations, schemaVersion } from "../../src/records/migrations.ts";
import { type OpenRecords, openRecords, viewRecords } from "../../src/records/open.ts";

let folder: string;
let path: string;
const opened: OpenRecords[] = [];

function open(): OpenRecords {
  const records = openRecords({ path });
  opened.push(records);
  return records;
}

function edit(sql: string): void {
  const connection = new DatabaseSync(path);
  connection.exec(sql);
  connection.close();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ds-open-"));
  path = join(folder, "state", "records.db");
});
afterEach(() => {
  for (const records of opened.splice(0)) records.close();
  rmSync(folder, { recursive: true });
});

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe("opening the records", () => {
  it("begins them where there are none, for the owner's eyes only", () => {
    const records = open();
    expect(records.instances.all()).toEqual([]);
    expect(mode(join(folder, "state"))).toBe("700");
    records.instances.insert(samples.instance("web", 0));
    for (const file of readdirSync(join(folder, "state"))) {
      expect([file, mode(join(folder, "state", file))]).toEqual([file, "600"]);
    }
    expect(mode(path)).toBe("600");
    expect(mode(`${path}-wal`)).toBe("600");
  });

  it("finds again what was written", () => {
    const records = open();
    records.instances.insert(samples.instance("web", 0));
    records.close();
    records.close();
    expect(open().instances.get("web")).toEqual(samples.instance("web", 0));
  });

  it("takes a file that others may read back to its owner", () => {
    open().close();
    chmodSync(path, 0o644);
    open();
    expect(mode(path)).toBe("600");
  });

  it("shows whoever looks beside the daemon what the daemon wrote since", () => {
    const records = open();
    records.instances.insert(samples.instance("web", 0));
    const view = viewRecords({ path });
    if (view === undefined) throw new Error("There are no records.");
    opened.push(view);
    expect(view.snapshots.of("web")).toEqual([]);
    records.snapshots.insert(samples.snapshot("web", "golden", 1));
    expect(view.snapshots.of("web")).toEqual([samples.snapshot("web", "golden", 1)]);
    records.snapshots.update("web", "golden", { protected: true });
    expect(view.snapshots.of("web")).toEqual([samples.snapshot("web", "golden", 1, { protected: true })]);
  });

  it("uses a write-ahead log, and begins anew after a begin that was cut short", () => {
    open().close();
    rmSync(path);
    writeFileSync(`${path}.new`, "half a file");
    const records = open();
    expect(records.instances.all()).toEqual([]);
    expect(readdirSync(join(folder, "state"))).not.toContain("records.db.new");
    expect(readdirSync(join(folder, "state"))).toContain("records.db-wal");
  });

  it("is for one daemon at a time, and the second is told who has them", () => {
    const first = open();
    const refused = () => openRecords({ path });
    expect(refused).toThrow(expect.objectContaining({ code: "busy" }));
    expect(refused).toThrow(`process ${process.pid}`);
    first.close();
    expect(open().instances.all()).toEqual([]);
  });
});

describe("records that cannot be read", () => {
  const refusal = (code: string) => expect.objectContaining({ code });

  function expectRefusedUntouched(message: RegExp): void {
    const before = readFileSync(path);
    expect(() => openRecords({ path })).toThrow(refusal("internal"));
    expect(() => openRecords({ path })).toThrow(message);
    expect(readFileSync(path).equals(before)).toBe(true);
  }

  it("are left as they are when the file is no database", () => {
    open().close();
    writeFileSync(path, "this was a database once ".repeat(500));
    expectRefusedUntouched(/records\.db cannot be read: file is not a database.*left as it is.*aside/);
  });

  it("are left as they are when the file is empty", () => {
    open().close();
    truncateSync(path, 0);
    expectRefusedUntouched(/the file is empty/);
  });

  it("are left as they are when pages of the file are damaged", () => {
    const records = open();
    for (let index = 0; index < 200; index += 1) {
      records.instances.insert(samples.instance(`web-${index}`, index, { labels: { text: "x".repeat(200) } }));
    }
    records.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 8192, bytes.length - 4096);
    writeFileSync(path, bytes);
    expectRefusedUntouched(/cannot be read/);
  });

  it("are left as they are when the end of the file is cut off", () => {
    const records = open();
    for (let index = 0; index < 100; index += 1) {
      records.instances.insert(samples.instance(`web-${index}`, index, { labels: { text: "x".repeat(500) } }));
    }
    records.close();
    truncateSync(path, 12_288);
    expectRefusedUntouched(/cannot be read/);
  });

  it("are left as they are when they belong to another program", () => {
    open().close();
    edit("PRAGMA application_id = 1");
    expectRefusedUntouched(/another program/);
  });

  it("are not begun anew beside writes of a file that is gone", () => {
    open();
    rmSync(path);
    for (const records of opened.splice(0)) records.close();
    writeFileSync(`${path}-wal`, "left over");
    expect(() => openRecords({ path })).toThrow(/the file is gone/);
    expect(() => statSync(path)).toThrow();
  });

  it("let go of the lock, so that a repaired file can be opened", () => {
    open().close();
    const whole = readFileSync(path);
    truncateSync(path, 0);
    expect(() => openRecords({ path })).toThrow();
    writeFileSync(path, whole);
    expect(open().instances.all()).toEqual([]);
  });

  it("name the table and the column of a damaged row", () => {
    open().instances.insert(samples.instance("web", 0));
    for (const records of opened.splice(0)) records.close();
    edit("UPDATE instances SET labels = '{\"a\": 1', desired = 'maybe'");
    const records = open();
    expect(() => records.instances.all()).toThrow(/table instances is damaged.*desired.*labels is not JSON/);
    expect(() => records.instances.get("web")).toThrow(refusal("internal"));
  });
});

describe("the schema", () => {
  it("of a newer daemon is refused with both versions named", () => {
    open().close();
    edit("PRAGMA user_version = 99");
    expect(() => openRecords({ path })).toThrow(/newer dockersnap \(schema 99; this one knows \d+\)/);
  });

  it("moves forward step by step, each wholly or not at all", () => {
    const connection = new DatabaseSync(":memory:");
    const first = "CREATE TABLE a (x)";
    migrate(connection, "test", [first]);
    expect(schemaVersion(connection)).toBe(1);
    const failing = () => migrate(connection, "test", [first, "CREATE TABLE b (x)", "CREATE TABLE c (x); broken"]);
    expect(failing).toThrow(/syntax error/);
    expect(schemaVersion(connection)).toBe(2);
    migrate(connection, "test", [first, "CREATE TABLE b (x)", "CREATE TABLE c (x)"]);
    const tables = connection.prepare("SELECT name FROM sqlite_schema ORDER BY name").all();
    expect(tables.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    connection.close();
  });

  it("takes what the first version wrote along", () => {
    const connection = new DatabaseSync(":memory:");
    migrate(connection, "test", migrations.slice(0, 1));
    connection.exec(`
      INSERT INTO instances (name, subnet_index, created_at, phase, desired, labels)
        VALUES ('web', 0, '2026-01-01T00:00:00.000Z', 'ready', 'running', '{}'),
          ('two', 1, '2026-01-01T00:00:00.000Z', 'ready', 'running', '{}');
      INSERT INTO snapshots (instance, label, created_at, mode, tags, protected, not_captured)
        VALUES ('web', 'golden', '2026-01-01T00:00:01.000Z', 'live', '{}', 0, '[]');
    `);
    migrate(connection, "test");
    expect(connection.prepare("SELECT instance, label FROM snapshots").all()).toEqual([
      { instance: "web", label: "golden" },
    ]);
    expect(connection.prepare("SELECT * FROM reverts").all()).toEqual([]);
    const ids = connection.prepare("SELECT engine_id FROM instances").all();
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(new Set(ids.map(({ engine_id }) => engine_id)).size).toBe(2);
    for (const { engine_id } of ids) expect(engine_id).toMatch(uuid);
    connection.close();
  });
});
