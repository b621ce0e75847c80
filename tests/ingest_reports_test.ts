/** GET /api/admin/ingest-runs and its rejects: what an admin sees of the ingest, and nobody else. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { IngestRejectList, IngestRunList } from "../contract/ingest.ts";
import { assertProblem, signUp } from "./harness.ts";
import { ingest, openCodeBook, sourcesAt } from "./ingest_world.ts";
import { testPeople, testService } from "./set_up.ts";
import { asAdmin } from "./trust_world.ts";

const service = testService();
const [admin] = testPeople(service, 1);
Deno.test.beforeAll(async () => void await asAdmin(service, admin));

const ask = (path: string, { token }: { token: string } = admin) =>
  service.call("GET", `/api/admin/ingest-runs${path}`, { token });

Deno.test("a run is listed with its state and counts, and a row that it kept aside with the reason and as it came", async () => {
  await using book = openCodeBook(1_002);
  book.rows[7]!.MIDNAME = "";
  const { last } = await ingest(service.deps, sourcesAt(book.url), "items");
  const runs = IngestRunList.parse((await ask("?limit=100")).body).items;
  const run = runs.find(({ source }) => source === "items")!;
  const { id, startedAt, finishedAt, ...told } = run;
  assert.deepEqual(told, {
    source: "items",
    state: "complete",
    reason: null,
    totalClaimed: 1_002,
    pages: 2,
    fetched: 1_002,
    inserted: 1_001,
    updated: 0,
    unchanged: 0,
    retired: 0,
    rejected: 1,
  });
  assert.equal(last.state, told.state);
  assert.ok(startedAt <= finishedAt!);
  const { items, nextCursor } = IngestRejectList.parse((await ask(`/${id}/rejects`)).body);
  assert.deepEqual([items.length, nextCursor], [1, null]);
  assert.deepEqual(items[0]!.raw, JSON.parse(JSON.stringify(book.rows[7])));
  assert.ok(items[0]!.key && Object.keys(last.rejectReasons).includes(items[0]!.reason));
});

Deno.test("runs come newest first, page by page, none twice and none left out", async () => {
  const ids: string[] = [];
  for (let epoch = 1; epoch <= 7; epoch++) {
    ids.unshift(await addRun(epoch, { state: "incomplete", reason: "HTTP 500" }));
  }
  const seen = await walk("?limit=2");
  const own = seen.filter(({ id }) => ids.includes(id as string));
  assert.deepEqual(own.map(({ id }) => id), ids);
  assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length);
  assert.deepEqual([own[0]!.reason, own[0]!.totalClaimed, own[0]!.finishedAt], ["HTTP 500", null, null]);
});

Deno.test("rejects come by key, page by page, whatever they hold, and those of other runs do not", async () => {
  const run = await addRun(11), other = await addRun(12);
  const rows = Array.from(
    { length: 5 },
    (_, n) => ({ key: `가게 ${n}, '%_`, reason: "no name", raw: [n, null, "\n"] }),
  );
  for (const { key, reason, raw } of rows) {
    await service.sql`
      insert into ingest_rejects (run_id, key, reason, raw)
      values (${run}, ${key}, ${reason}, ${service.sql.json(raw)}), (${other}, ${`other ${key}`}, ${reason}, 'null')`;
  }
  assert.deepEqual(await walk(`/${run}/rejects?limit=2`), rows);
});

Deno.test("a run without rejects has an empty list; what is no run is not found, and what is no page is refused", async () => {
  const run = await addRun(21);
  assert.deepEqual((await ask(`/${run}/rejects`)).body, { items: [], nextCursor: null });
  assertProblem(await ask(`/${v7()}/rejects`), 404, "not-found");
  assertProblem(await ask("/none/rejects"), 404, "not-found");
  for (const path of ["", `/${run}/rejects`]) {
    assertProblem(await ask(`${path}?limit=101`), 422, "invalid-input", "/query/limit");
    assertProblem(await ask(`${path}?cursor=x`), 422, "invalid-input", "/query/cursor");
  }
});

Deno.test("only who is an admin now may ask: a token issued before is good, and one kept after is not", async () => {
  const person = await signUp(service), run = await addRun(31);
  const answers = async () => [(await ask("", person)).status, (await ask(`/${run}/rejects`, person)).status];
  assertProblem(await ask("", person), 403, "forbidden");
  await service.sql`update users set role = 'admin' where id = ${person.id}`;
  assert.deepEqual(await answers(), [200, 200]);
  const signedIn = await service.call("POST", "/api/auth/signin", {
    body: { email: person.email, password: person.password },
  });
  person.token = signedIn.body.accessToken;
  await service.sql`update users set role = 'user' where id = ${person.id}`;
  assert.deepEqual(await answers(), [403, 403]);
  assertProblem(await service.call("GET", "/api/admin/ingest-runs"), 401, "unauthenticated");
});

/** Puts a run of the markets into the book. */
async function addRun(epoch: number, { state = "running", reason = null as string | null } = {}): Promise<string> {
  const id = v7();
  await service.sql`
    insert into ingest_runs (id, source, epoch, state, reason, started_at)
    values (${id}, 'markets', ${epoch}, ${state}, ${reason}, now())`;
  return id;
}

/** Follows a list's `Link` headers to its end. */
async function walk(first: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (let path: string | undefined = first; path !== undefined;) {
    const { status, body, headers } = await ask(path);
    assert.equal(status, 200);
    found.push(...body.items);
    path = /^<\/api\/admin\/ingest-runs(.*)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
    assert.equal(path === undefined, body.nextCursor === null);
  }
  return found;
}
