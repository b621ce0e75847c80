/** Requests at random to every call that OpenAPI names. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { sendText } from "./chat_world.ts";
import { joinAccepted, openParty, signUp } from "./harness.ts";
import { type AnyRequest, type Known, requestTo } from "./openapi_arbitrary.ts";
import { OpenApi, operationsOf } from "./openapi_document.ts";
import { testService } from "./set_up.ts";

/** Of each call; the whole takes some seconds. */
const REQUESTS = 25;

const service = testService();

Deno.test("no request, however odd, makes any call answer 5xx, and the service goes on answering", async () => {
  const document = OpenApi.parse((await service.call("GET", "/openapi.json")).body);
  const succeeded = new Set<string>();
  for (const { method, path, operation } of operationsOf(document)) {
    const { known, callers } = await makeWorld(method, path);
    const request = requestTo(document, { path, operation }, known);
    await fc.assert(
      fc.asyncProperty(request, fc.constantFrom(...callers), async (request, token) => {
        const { status, text } = await send(method, request, token);
        assert.ok(status < 500, `${status}: ${text}`);
        assert.ok(status < 400 || JSON.parse(text).code, `${status} without a problem: ${text}`);
        if (status < 300) succeeded.add(`${method} ${path}`);
      }),
      { numRuns: REQUESTS },
    );
  }
  assert.ok(succeeded.size >= 22, `only these ever succeeded, so little was tried: ${[...succeeded].join(", ")}`);
  const [alive, ready] = [await service.call("GET", "/healthz"), await service.call("GET", "/readyz")];
  assert.deepEqual([alive.status, ready.status], [200, 200]);
  assert.ok((await signUp(service)).token, "people can still sign up");
});

/** A leader, a member, an applicant and their party for each call: some calls end what they work on. */
async function makeWorld(method: string, path: string): Promise<{ known: Known; callers: (string | undefined)[] }> {
  const [leader, member, applicant] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
  const party = await openParty(service, leader!, { title: "함께 사요" });
  await joinAccepted(service, party, leader!, member!);
  await service.call("POST", `/api/parties/${party.id}/join`, { token: applicant!.token, body: {} });
  await sendText(service, leader!, party.id, "어서 오세요");
  const hours = (count: number) => new Date(service.clock.now().getTime() + count * 3_600_000).toISOString();
  const bodies: Record<string, Record<string, unknown>> = {
    "POST /api/auth/signup": {
      email: `${crypto.randomUUID()}@example.com`,
      password: "nine lives of a cat",
      nickname: `고양이${crypto.randomUUID().slice(0, 8)}`,
      consents: { terms: true, privacy: true, location: false },
    },
    "POST /api/auth/signin": { email: leader!.email, password: leader!.password },
    "POST /api/auth/refresh": { refreshToken: leader!.refreshToken },
    "POST /api/parties": {
      marketId: party.market.id,
      itemId: party.item.id,
      title: "같이 나눠요",
      quantity: 10_000,
      unit: "g",
      priceKrw: 9_900,
      capacity: 4,
      startsAt: hours(24),
      endsAt: hours(25),
      joinUntil: hours(20),
    },
    "PATCH /api/parties/{id}": { title: "다른 이름", note: "둘째 줄\n까지", priceKrw: null, capacity: 5 },
    "POST /api/parties/{id}/join": { quantity: 100 },
    "PATCH /api/parties/{id}/members/{userId}": { status: "accepted" },
    "PUT /api/parties/{id}/members/{userId}/attendance": { attended: true },
    "POST /api/parties/{id}/penalties": { userIds: [member!.id], reason: "오지 않음" },
    "POST /api/parties/{id}/chat/entries": { clientMsgId: "one", text: "안녕하세요" },
    "PATCH /api/parties/{id}/chat/entries/{seq}": { text: "안녕히 가세요" },
    "PUT /api/parties/{id}/chat/read": { seq: 1 },
    "PATCH /api/me": { nickname: `새이름${crypto.randomUUID().slice(0, 6)}`, locale: "en" },
  };
  const id = path.includes("/items/") ? party.item.id : path.includes("/markets/") ? party.market.id : party.id;
  return {
    known: {
      ids: [party.id, party.market.id, party.item.id, leader!.id, member!.id, applicant!.id],
      // The entry is the leader's text, after the member's join.
      parts: { id: path.includes("/users/") ? member!.id : id, userId: applicant!.id, seq: "2" },
      body: bodies[`${method} ${path}`],
    },
    callers: [leader, leader, leader, member, applicant, undefined].map((person) => person?.token),
  };
}

/** Sends a request; of a stream only the head is read. */
async function send(method: string, { path, headers, body }: AnyRequest, token: string | undefined) {
  const hasBody = body !== undefined && method !== "GET";
  const response = await fetch(service.url + path, {
    method,
    headers: {
      ...headers,
      ...(hasBody && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(hasBody && { body }),
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  const text = isStream ? "" : await response.text();
  if (isStream) await response.body?.cancel();
  return { status: response.status, text };
}
