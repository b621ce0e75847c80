/** Requests at random to every call that OpenAPI names. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { joinAccepted, openParty, type Person, signUp, startTestService, type TestService } from "./harness.ts";
import { requestTo } from "./openapi_arbitrary.ts";
import { OpenApi, operationsOf } from "./openapi_document.ts";

/** Of each call; the whole takes some seconds. */
const REQUESTS = 40;

let service: TestService;
Deno.test.beforeAll(async () => void (service = await startTestService()));
Deno.test.afterAll(async () => await service[Symbol.asyncDispose]());

Deno.test("no request, however odd, makes any call answer 5xx, and the service goes on answering", async () => {
  const document = OpenApi.parse((await service.call("GET", "/openapi.json")).body);
  for (const { method, path, operation } of operationsOf(document)) {
    // Each call has a leader, a member, a stranger and a party of its own: some calls end what they work on.
    const [leader, member, stranger] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
    const party = await openParty(service, leader!);
    await joinAccepted(service, party, leader!, member!);
    await service.call("POST", `/api/parties/${party.id}/join`, { token: stranger!.token, body: {} });
    const ids = [party.id, party.market.id, party.item.id, leader!.id, member!.id, stranger!.id];
    const callers: (Person | undefined)[] = [leader, leader, member, stranger, undefined];
    await fc.assert(
      fc.asyncProperty(
        requestTo(document, { path, operation }, ids),
        fc.constantFrom(...callers),
        async (request, caller) => {
          const { status, text } = await send(method, request.path, {
            ...request.headers,
            ...(caller && { authorization: `Bearer ${caller.token}` }),
          }, request.body);
          assert.ok(status < 500, `${status}: ${text}`);
          assert.ok(status < 400 || JSON.parse(text).code, `${status} without a problem: ${text}`);
        },
      ),
      { numRuns: REQUESTS },
    );
  }
  const [alive, ready] = [await service.call("GET", "/healthz"), await service.call("GET", "/readyz")];
  assert.deepEqual([alive.status, ready.status], [200, 200]);
  assert.equal((await signUp(service)).nickname.length > 0, true, "people can still sign up");
});

/** Sends a request; of a stream only the head is read. */
async function send(method: string, path: string, headers: Record<string, string>, body: string | undefined) {
  const response = await fetch(service.url + path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && method !== "GET" && { body }),
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  const text = isStream ? "" : await response.text();
  await response.body?.cancel().catch(() => {});
  return { status: response.status, text };
}
