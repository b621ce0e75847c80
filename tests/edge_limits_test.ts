/** How much one may ask, and who counts as one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { peerAddress } from "../adapters/peer_address.ts";
import { LIMITS } from "../services/limits.ts";
import { type Answer, assertProblem, signUp, startTestService, type TestService } from "./harness.ts";
import { testService } from "./set_up.ts";

/** Leaves three requests a minute. */
const FACTOR = 3 / LIMITS.requests.points;

const service = testService();

/** Another node on the same database, that allows little, with allowances of its own. */
function startStrict(environment: Record<string, string> = {}): Promise<TestService> {
  return startTestService({
    database: service.database,
    environment: { RATE_LIMIT_FACTOR: String(FACTOR), ...environment },
  });
}

Deno.test("whoever asks too much gets 429 with Retry-After, and the allowance is each person's and each address's own", async () => {
  await using strict = await startStrict();
  const [first, second] = [await signUp(service), await signUp(service)];
  const ask = (token?: string) => strict.call("GET", "/api/items", token === undefined ? {} : { token });
  for (const token of [first.token, undefined, second.token]) {
    for (let i = 0; i < 3; i++) assert.equal((await ask(token)).status, 200);
    const refused = await ask(token);
    assertProblem(refused, 429, "rate-limited");
    const retryAfterS = Number(refused.headers.get("retry-after"));
    assert.ok(Number.isInteger(retryAfterS) && retryAfterS >= 1 && retryAfterS <= 60, `after ${retryAfterS} s`);
  }
  assert.equal((await strict.call("GET", "/healthz")).status, 200, "probes are not counted");
});

Deno.test("of requests that come at once no more than the allowance pass", async () => {
  await using strict = await startStrict();
  const answers = await Promise.all(Array.from({ length: 30 }, () => strict.call("GET", "/api/items")));
  assert.equal(answers.filter(({ status }) => status === 200).length, 3);
  assert.equal(answers.filter(({ status }) => status === 429).length, 27);
});

Deno.test("X-Forwarded-For of somebody who is no trusted proxy changes nothing", async () => {
  await using strict = await startStrict();
  const statuses = await statusesFrom(strict, ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"]);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
});

Deno.test("behind trusted proxies an address is the last one that they did not write themselves", async () => {
  await using strict = await startStrict({ TRUSTED_PROXIES: "127.0.0.1/32, 10.0.0.0/8" });
  // The client writes what it likes in front.
  const spoofed = [1, 2, 3, 4].map((i) => `198.51.100.${i}, 203.0.113.9, 10.1.2.3`);
  assert.deepEqual(await statusesFrom(strict, spoofed), [200, 200, 200, 429]);
  assert.deepEqual(await statusesFrom(strict, ["203.0.113.10", "203.0.113.11"]), [200, 200]);
});

Deno.test("peerAddress never takes an address that no trusted proxy vouches for", () => {
  const addressOf = peerAddress(["10.0.0.0/8", "2001:db8::/32"]);
  const ask = (peer: string, forwarded?: string) =>
    addressOf(
      new Request("http://a/", { headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } }),
      { transport: "tcp", hostname: peer, port: 1 },
    );
  const trusted = fc.constantFrom("10.0.0.1", "10.255.0.7", "2001:db8::5");
  const client = fc.oneof(fc.ipV4().filter((address) => !address.startsWith("10.")), fc.constant("2001:db9::1"));
  const written = fc.array(fc.oneof(client, trusted, fc.constantFrom("unknown", "_x", "1.2.3")), { maxLength: 4 });
  fc.assert(fc.property(written, client, fc.array(trusted, { maxLength: 3 }), trusted, (front, from, proxies, peer) => {
    assert.equal(ask(peer, [...front, from, ...proxies].join(", ")), from);
    assert.equal(ask(from, [...front, ...proxies].join(",")), from, "straight from the client");
  }));
  assert.equal(ask("10.0.0.1"), "10.0.0.1");
  assert.equal(ask("10.0.0.1", " , ,"), "10.0.0.1");
  assert.equal(ask("10.0.0.1", "10.0.0.9, 10.0.0.8"), "10.0.0.9", "one of our own asks");
});

async function statusesFrom(strict: TestService, forwarded: string[]): Promise<number[]> {
  const answers: Answer[] = [];
  for (const header of forwarded) {
    answers.push(await strict.call("GET", "/api/items", { headers: { "x-forwarded-for": header } }));
  }
  return answers.map(({ status }) => status);
}
