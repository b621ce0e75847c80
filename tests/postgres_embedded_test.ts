/** The embedded database over its life: processes that come, go and are killed in any order, on folders of every kind. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { placeBinaries } from "../adapters/postgres_binaries.ts";
import { openEmbeddedPostgres } from "../adapters/postgres_embedded.ts";
import { copyFor, kill, makeDataDir, query, serverProcesses, start } from "./embedded_world.ts";
import { poll } from "./poll.ts";
import { quietLog } from "./quiet_log.ts";

const open = (dataDir: string, log = quietLog) => openEmbeddedPostgres({ dataDir, log });

Deno.test("data are there again at the next start, and the last to leave stops the server", async () => {
  await using dir = await makeDataDir();
  {
    await using embedded = await open(dir.path);
    assert.equal(embedded.reused, false);
    await query(embedded.connection, "create table t as select 'kept' as word");
  }
  assert.deepEqual(await serverProcesses(dir.home), []);
  await using embedded = await open(dir.path);
  assert.equal(embedded.reused, false);
  assert.deepEqual((await query(embedded.connection, "select word from t"))[0]!.word, "kept");
});

Deno.test("a service killed leaves its server running: the next start takes it over, and leaving it stops it", async () => {
  await using dir = await makeDataDir();
  await using first = start(dir.path);
  const { connection } = await first.words();
  await query(connection!, "create table t as select 'kept' as word");
  await first.kill("SIGKILL");
  const before = await serverProcesses(dir.home);
  assert.ok(before.length > 0);
  {
    await using embedded = await open(dir.path);
    assert.equal(embedded.reused, true);
    assert.equal((await serverProcesses(dir.home))[0], before[0]);
    assert.equal((await query(embedded.connection, "select word from t"))[0]!.word, "kept");
  }
  assert.deepEqual(await serverProcesses(dir.home), []);
});

Deno.test("of four processes starting at once one starts the server, and it runs until the last has left", async () => {
  await using dir = await makeDataDir();
  await using stack = new AsyncDisposableStack();
  const all = Array.from({ length: 4 }, () => stack.use(start(dir.path)));
  const words = await Promise.all(all.map((each) => each.words()));
  assert.equal(words.filter(({ reused }) => reused === false).length, 1, JSON.stringify(words));
  for (const [i, each] of all.entries()) {
    assert.ok((await serverProcesses(dir.home)).length > 0);
    kill(each.pid, "SIGTERM");
    assert.deepEqual(await each.words(), { left: true, answered: 1 }, `process ${i}`);
  }
  assert.deepEqual(await serverProcesses(dir.home), []);
});

Deno.test("whoever comes while the last one leaves finds a server that stays, however they interleave", async () => {
  await using dir = await makeDataDir();
  const warnings: unknown[] = [];
  const log = { ...quietLog, warn: (...words: unknown[]) => void warnings.push(words) };
  let count = 0;
  await Promise.all(Array.from({ length: 3 }, async (_, i) => {
    for (let round = 0; round < 6; round++) {
      await using embedded = await open(dir.path, log);
      await query(embedded.connection, "select 1");
      if ((round + i) % 2) await query(embedded.connection, "select pg_sleep(0.05)");
      count++;
    }
  }));
  assert.equal(count, 18);
  assert.deepEqual(warnings, []);
  assert.deepEqual(await serverProcesses(dir.home), []);
});

Deno.test("a start killed at any point harms nobody: the next one works", async () => {
  await using dir = await makeDataDir();
  for (const afterMs of [250, 450, 700, 1_000, 1_400]) {
    await using one = start(dir.path);
    const early = one.words().catch(() => {});
    await Promise.race([early, new Promise((resolve) => setTimeout(resolve, afterMs))]);
    await one.kill("SIGKILL");
    await early;
  }
  await (await open(dir.path))[Symbol.asyncDispose]();
  await using embedded = await open(dir.path);
  await query(embedded.connection, "select 1");
  const names = await Array.fromAsync(Deno.readDir(dir.home), ({ name }) => name);
  assert.deepEqual(names.filter((name) => name.startsWith("draft-")), []);
});

Deno.test("Ctrl-C reaches the service and not its server, which is then stopped in order", async () => {
  await using dir = await makeDataDir();
  await using one = start(dir.path);
  assert.equal((await one.words()).reused, false);
  kill(-one.pid, "SIGINT");
  // It answered a query after the signal.
  assert.deepEqual(await one.words(), { left: true, answered: 1 });
  assert.deepEqual(await serverProcesses(dir.home), []);
  assert.match(await Deno.readTextFile(join(dir.home, "data/server.log")), /database system is shut down/);
});

Deno.test("after a crash of the machine, with its number given to another process, the server starts and has all that was committed", async () => {
  await using dir = await makeDataDir();
  const one = await open(dir.path);
  await query(one.connection, "create table t as select generate_series(1, 1000) as n");
  for (const pid of await serverProcesses(dir.home)) kill(pid, "SIGKILL");
  await one[Symbol.asyncDispose]();
  const { uid, gid } = await Deno.stat(join(dir.home, "data"));
  const stranger = new Deno.Command("sleep", {
    args: ["60"],
    cwd: "/",
    ...(Deno.uid() === 0 ? { uid: uid!, gid: gid! } : {}),
  })
    .spawn();
  try {
    for (const path of [join(dir.home, "data/postmaster.pid"), join(dir.home, "socket/.s.PGSQL.5432.lock")]) {
      const lines = (await Deno.readTextFile(path)).split("\n");
      await Deno.writeTextFile(path, [stranger.pid, ...lines.slice(1)].join("\n"));
    }
    await using embedded = await open(dir.path);
    assert.equal(embedded.reused, false);
    assert.equal((await query(embedded.connection, "select count(*) as n from t"))[0]!.n, 1000);
  } finally {
    stranger.kill("SIGKILL");
    await stranger.status;
  }
});

Deno.test("a server killed while in use is started again within 5 s, again and again, with all that was committed", async () => {
  await using dir = await makeDataDir();
  await using first = await open(dir.path);
  await using second = await open(dir.path);
  await query(first.connection, "create table t (n int)");
  for (let round = 1; round <= 3; round++) {
    await query(first.connection, `insert into t values (${round})`);
    const [server] = await serverProcesses(dir.home);
    kill(server!, "SIGKILL");
    const [counted] = await poll(() => query(second.connection, "select count(*)::int as n from t").catch(() => null), {
      timeoutMs: 5_000,
    });
    assert.equal(counted!.n, round);
  }
});

Deno.test("a server that crashed while in use is started again once its last process is gone", async () => {
  await using dir = await makeDataDir();
  await using first = await open(dir.path);
  await query(first.connection, "create table t as select 1 as n");
  const [server, lingering] = await serverProcesses(dir.home);
  kill(lingering!, "SIGSTOP");
  kill(server!, "SIGKILL");
  const opening = open(dir.path);
  await poll(async () =>
    (await Deno.readTextFile(join(dir.home, "data/server.log"))).includes("pre-existing shared memory")
  );
  kill(lingering!, "SIGCONT");
  await using _second = await opening;
  assert.equal((await query(first.connection, "select n from t"))[0]!.n, 1);
});

for (const name of ["long".repeat(40), "with 'quotes', spaces and 한글"]) {
  Deno.test(`a folder named ${name.slice(0, 24)}… will do, and two processes meet there`, async () => {
    await using dir = await makeDataDir(name);
    await using embedded = await open(dir.path);
    await query(embedded.connection, "select 1");
    await using other = start(dir.path);
    assert.equal((await other.words()).reused, true);
  });
}

Deno.test("what keeps the server from starting is said in the error", async () => {
  await using dir = await makeDataDir();
  await (await open(dir.path))[Symbol.asyncDispose]();
  await Deno.writeTextFile(join(dir.home, "data/postgresql.auto.conf"), "no_such_setting = 1\n");
  await assert.rejects(
    open(dir.path),
    /^Error: Cannot use the embedded PostgreSQL in .*: the server ended at once:\n.*no_such_setting/,
  );
  await Deno.writeTextFile(join(dir.home, "data/PG_VERSION"), "17\n");
  await assert.rejects(open(dir.path), /was written by PostgreSQL 17, and this is 18; move it away, or set DATA_DIR/);
});

Deno.test("a platform without a server of its own is named, with what to do", async () => {
  await using dir = await makeDataDir();
  await assert.rejects(
    placeBinaries(dir.path, { os: "solaris", arch: "aarch64" }),
    /there is none for solaris on aarch64; set DATABASE_URL/,
  );
});

const isRoot = Deno.uid() === 0;

/** Users that are neither root nor nobody and that every system has: initdb looks its user up. */
const [STRANGER, OTHER] = [1, 2];

Deno.test("root serves on a folder of its own as nobody, another user joins, and stops what root leaves behind", {
  ignore: !isRoot,
}, async () => {
  await using dir = await makeDataDir();
  await using copy = await copyFor(STRANGER);
  await using mine = await open(dir.path);
  assert.equal((await Deno.stat(join(dir.home, "data"))).uid, 65534);
  await using theirs = start(dir.path, { uid: STRANGER, copy });
  assert.equal((await theirs.words()).reused, true);
  await mine[Symbol.asyncDispose]();
  await query(mine.connection, "select 1");
  kill(theirs.pid, "SIGTERM");
  assert.deepEqual(await theirs.words(), { left: true, answered: 1 });
  // This user cannot see the other one's process go: it knows only that the socket is closed.
  await poll(async () => (await serverProcesses(dir.home)).length === 0);
  await using again = start(dir.path, { uid: STRANGER, copy });
  assert.match((await again.words()).error!, /only user 65534, to whom its data belong, or root can start it/);
});

Deno.test("root joins a user's server and starts it as that user; to strangers the socket is closed", {
  ignore: !isRoot,
}, async () => {
  await using dir = await makeDataDir();
  await using copy = await copyFor(STRANGER);
  await Deno.chown(dir.path, STRANGER, STRANGER);
  {
    await using theirs = start(dir.path, { uid: STRANGER, copy });
    assert.equal((await theirs.words()).reused, false);
    await using mine = await open(dir.path);
    assert.equal(mine.reused, true);
    await query(mine.connection, "create table t as select 1 as n");
    await theirs.kill("SIGKILL");
  }
  await using mine = await open(dir.path);
  assert.equal(mine.reused, false);
  assert.equal((await query(mine.connection, "select n from t"))[0]!.n, 1);
  assert.equal((await Deno.stat(join(dir.home, "data"))).uid, STRANGER);
  await using other = start(dir.path, { uid: OTHER, copy });
  assert.match((await other.words()).error!, /belongs to another user|ermission denied/);
});

Deno.test(
  "root's data that its server's user could not reach lie elsewhere, and stay there",
  { ignore: !isRoot },
  async () => {
    await using dir = await makeDataDir("inner");
    await Deno.mkdir(dir.path);
    const parent = join(dir.path, "..");
    await Deno.chmod(parent, 0o700);
    {
      await using both = new AsyncDisposableStack();
      const [first] = await Promise.all([open(dir.path), open(dir.path)].map(async (each) => both.use(await each)));
      await query(first!.connection, "create table t as select 1 as n");
    }
    const elsewhere = await Deno.readLink(dir.home);
    await using _ = { [Symbol.asyncDispose]: () => Deno.remove(elsewhere, { recursive: true }) };
    assert.match(elsewhere, /^\/var\/lib\/moajang\//);
    await Deno.chmod(parent, 0o755);
    await using again = await open(dir.path);
    assert.equal((await query(again.connection, "select n from t"))[0]!.n, 1);
  },
);
