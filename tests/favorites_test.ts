/** What a person wants to be told about. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { FAVORITES_MAX } from "../services/favorites.ts";
import { addItem, addMarket, assertProblem, type Person, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

Deno.test("GET /api/favorites lists the caller's own items and markets, newest first", async () => {
  const person = await signUp(service), other = await signUp(service);
  assert.deepEqual(await favoritesOf(person), { items: [], markets: [] });
  const apple = await addItem(service), onion = await addItem(service), mart = await addMarket(service);
  for (const path of [`items/${onion.id}`, `markets/${mart.id}`, `items/${apple.id}`]) {
    const answer = await put(person, path);
    assert.deepEqual([answer.status, answer.body], [204, ""]);
    service.clock.advance(1);
  }
  const market = (await service.call("GET", `/api/markets/${mart.id}`)).body;
  assert.deepEqual(await favoritesOf(person), { items: [apple, onion], markets: [market] });
  assert.deepEqual(await favoritesOf(other), { items: [], markets: [] });
});

Deno.test("PUT and DELETE of a favourite may be repeated, also at once, and what is none can be deleted", async () => {
  const person = await signUp(service);
  const paths = [`items/${(await addItem(service)).id}`, `markets/${(await addMarket(service)).id}`];
  for (const path of paths) {
    const puts = await Promise.all(Array.from({ length: 10 }, () => put(person, path)));
    assert.deepEqual(puts.map(({ status }) => status), Array(10).fill(204));
  }
  const { items, markets } = await favoritesOf(person);
  assert.deepEqual([items.length, markets.length], [1, 1]);
  for (const path of [...paths, ...paths, `items/${v7()}`, `markets/${v7()}`]) {
    assert.equal((await remove(person, path)).status, 204);
  }
  assert.deepEqual(await favoritesOf(person), { items: [], markets: [] });
});

Deno.test("a repeated PUT leaves a favourite where it was in the list", async () => {
  const person = await signUp(service), first = await addItem(service), second = await addItem(service);
  for (const { id } of [first, second, first]) {
    await put(person, `items/${id}`);
    service.clock.advance(1);
  }
  assert.deepEqual((await favoritesOf(person)).items, [second, first]);
});

Deno.test("PUT of a favourite refuses what is not in the catalogue, a party's own place too", async () => {
  const person = await signUp(service), place = await addMarket(service), item = await addItem(service);
  await service.sql`update markets set source = 'place' where id = ${place.id}`;
  for (const path of [`items/${v7()}`, `markets/${v7()}`, `markets/${place.id}`, `markets/${item.id}`, "items/1"]) {
    assertProblem(await put(person, path), 404, "not-found");
  }
  assert.deepEqual(await favoritesOf(person), { items: [], markets: [] });
});

Deno.test("a favourite that has been retired stays one, and is still shown", async () => {
  const person = await signUp(service), item = await addItem(service);
  await put(person, `items/${item.id}`);
  await service.sql`update items set retired_at = now() where id = ${item.id}`;
  assert.equal((await put(person, `items/${item.id}`)).status, 204);
  assert.deepEqual((await favoritesOf(person)).items, [item]);
});

Deno.test("nobody has more than 500 favourite items or markets, even when many PUTs come at once", async () => {
  const person = await signUp(service);
  for (const kind of ["item", "market"] as const) {
    const add = () => kind === "item" ? addItem(service) : addMarket(service);
    const all = await Promise.all(Array.from({ length: FAVORITES_MAX + 7 }, add));
    const already = all.slice(0, FAVORITES_MAX - 3).map(({ id }) => ({ [`${kind}_id`]: id }));
    await service.sql`
      insert into ${service.sql(`favorite_${kind}s`)} ${
      service.sql(already.map((row) => ({ ...row, user_id: person.id, created_at: new Date() })))
    }`;
    const answers = await Promise.all(all.slice(FAVORITES_MAX - 3).map(({ id }) => put(person, `${kind}s/${id}`)));
    const refused = answers.filter(({ status }) => status !== 204);
    assert.equal(refused.length, 7);
    for (const answer of refused) assertProblem(answer, 409, "too-many-favorites");
    assert.equal((await favoritesOf(person))[`${kind}s`].length, FAVORITES_MAX);
    // What is one already is none more.
    assert.equal((await put(person, `${kind}s/${all[0]!.id}`)).status, 204);
    await remove(person, `${kind}s/${all[0]!.id}`);
    assert.equal((await put(person, `${kind}s/${all.at(-1)!.id}`)).status, 204);
  }
});

Deno.test("every favourite route is for signed-in people", async () => {
  const item = await addItem(service), market = await addMarket(service);
  const routes: [string, string][] = [
    ["GET", ""],
    ["PUT", `/items/${item.id}`],
    ["DELETE", `/items/${item.id}`],
    ["PUT", `/markets/${market.id}`],
    ["DELETE", `/markets/${market.id}`],
  ];
  for (const [method, path] of routes) {
    assertProblem(await service.call(method, `/api/favorites${path}`), 401, "unauthenticated");
    assertProblem(await service.call(method, `/api/favorites${path}`, { token: "x.y.z" }), 401, "unauthenticated");
  }
  const [count] = await service.sql`select count(*)::int as "count" from favorite_items where item_id = ${item.id}`;
  assert.equal(count!.count, 0);
});

const put = (person: Person, path: string) => service.call("PUT", `/api/favorites/${path}`, { token: person.token });
const remove = (person: Person, path: string) =>
  service.call("DELETE", `/api/favorites/${path}`, { token: person.token });

async function favoritesOf(person: Person) {
  const { status, body } = await service.call("GET", "/api/favorites", { token: person.token });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}
