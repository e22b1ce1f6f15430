import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { Database } from "../../src/records/database.ts";
import { RecordsDisk } from "../../src/records/disk.ts";
import { openRecords } from "../../src/records/open.ts";

function folder() {
  const path = mkdtempSync(join(tmpdir(), "ds-records-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

it("keeps space in reserve beside the records, and tells which disk they are on", () => {
  using place = folder();
  const path = join(place.path, "records.db");
  const records = openRecords({ path });
  expect(statSync(`${path}.reserve`).size).toBe(16 * 1024 * 1024);
  const room = records.room();
  expect(room).toMatchObject({ path, state: "ok" });
  expect(room.free_bytes).toBeLessThanOrEqual(room.total_bytes);
  expect(place.path.startsWith(room.mountpoint)).toBe(true);
  rmSync(`${path}.reserve`);
  records.keepReserve();
  expect(existsSync(`${path}.reserve`)).toBe(true);
  records.close();
});

it("gives the reserve back piece by piece, for others write to the disk too", () => {
  using place = folder();
  const path = join(place.path, "records.db");
  const disk = new RecordsDisk(path);
  disk.keep();
  const left = [];
  while (disk.release()) left.push(statSync(`${path}.reserve`, { throwIfNoEntry: false })?.size ?? 0);
  expect(left.map((bytes) => bytes / 1024 / 1024)).toEqual([12, 8, 4, 0]);
  disk.keep();
  expect(statSync(`${path}.reserve`).size).toBe(16 * 1024 * 1024);
});

/** A database that can have no more than so many pages, until its reserve gives some back. */
function bounded(connection: DatabaseSync, pages: number) {
  let left = 1;
  connection.exec("CREATE TABLE words (word TEXT) STRICT");
  connection.exec(`PRAGMA max_page_count = ${pages}`);
  return {
    release() {
      if (left === 0) return false;
      left -= 1;
      connection.exec(`PRAGMA max_page_count = ${pages * 100}`);
      return true;
    },
  };
}

const long = "x".repeat(100_000);

it("does what met a full disk again in the space that was kept: a transaction as a whole, a statement by itself", () => {
  using connection = new DatabaseSync(":memory:");
  const database = new Database(":memory:", connection, bounded(connection, 10));
  const insert = (word: string) => database.run("INSERT INTO words VALUES (:word)", { word });
  const count = () => database.row("SELECT count(*) AS n FROM words")?.n;
  let runs = 0;
  database.transaction(() => {
    runs += 1;
    insert("first");
    database.transaction(() => insert(long));
  });
  expect([runs, count()]).toEqual([2, 2]);
});

it("says which disk is full where nothing is kept any more, and has written nothing", () => {
  using place = folder();
  using connection = new DatabaseSync(join(place.path, "db"));
  const reserve = bounded(connection, 10);
  reserve.release();
  connection.exec("PRAGMA max_page_count = 10");
  const database = new Database(join(place.path, "db"), connection, reserve);
  expect(() =>
    database.transaction(() => {
      database.run("INSERT INTO words VALUES ('first')");
      database.run("INSERT INTO words VALUES (:long)", { long });
    }),
  ).toThrow(expect.objectContaining({ code: "no_space", details: expect.objectContaining({ what: "records" }) }));
  expect(database.row("SELECT count(*) AS n FROM words")?.n).toBe(0);
});
