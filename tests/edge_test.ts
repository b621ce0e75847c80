/** What every route has in common: how a request is read, and how a refusal is told. */
import assert from "node:assert/strict";
import { type Answer, assertProblem, signUp, startTestService } from "./harness.ts";
import { sendRaw } from "./raw_http.ts";
import { testService } from "./set_up.ts";

const service = testService();

Deno.test("a problem is application/problem+json with type, title, status, detail, code and request id, no more", async () => {
  const answer = await service.call("GET", "/api/nowhere");
  assertProblem(answer, 404, "not-found");
  assert.deepEqual(answer.body, {
    type: "urn:moajang:problem:not-found",
    title: "찾을 수 없습니다",
    status: 404,
    detail: "Cannot find /api/nowhere: no such route",
    code: "not-found",
    requestId: answer.headers.get("x-request-id"),
  });
});

Deno.test("titles follow Accept-Language: Korean or English, whichever is wanted more, Korean when neither is", async () => {
  const wanted: [string | undefined, "ko" | "en"][] = [
    [undefined, "ko"],
    ["", "ko"],
    ["en", "en"],
    ["en-GB", "en"],
    ["EN-us,en;q=0.8", "en"],
    ["ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"],
    ["en;q=0.1, ko", "ko"],
    ["ko;q=0.1, en;q=0.2", "en"],
    ["fr-FR, fr;q=0.9, en;q=0.5", "en"],
    ["fr", "ko"],
    ["*", "ko"],
    ["en;q=0", "ko"],
    ["english", "ko"],
    [";;,q=,".repeat(50), "ko"],
  ];
  const titles = { ko: "찾을 수 없습니다", en: "Not found" };
  for (const [header, language] of wanted) {
    const headers: Record<string, string> = header === undefined ? {} : { "accept-language": header };
    const answer = await service.call("GET", "/api/nowhere", { headers });
    assert.equal(answer.body.title, titles[language], header);
    assert.equal(answer.headers.get("content-language"), language);
    assert.match(answer.headers.get("vary") ?? "", /accept-language/i);
  }
});

Deno.test("what is no route is not found, whatever the method and however it is written", async () => {
  for (const path of ["/api", "/api/", "/api/items/", "/api/Items", "//api/items", "/api/items/x/y", "/favicon.ico"]) {
    for (const method of ["GET", "POST", "DELETE"]) {
      assertProblem(await service.call(method, path), 404, "not-found");
    }
  }
});

Deno.test("a body that is not JSON is a 422 that points at the whole of it", async () => {
  for (const body of ["{", "}", "nul", '{"email":}', '{"email":"a"', "{'email':'a'}", "\u0000", "[1,]", '"a', "NaN"]) {
    assertProblem(await post("/api/auth/signin", body), 422, "invalid-input", "");
  }
});

Deno.test("JSON that is no object is a 422 that points at the whole of it", async () => {
  for (const body of ["[]", '"text"', "1", "null", "true", "[[[[[]]]]]"]) {
    assertProblem(await post("/api/auth/signin", body), 422, "invalid-input", "");
  }
  assertProblem(await post("/api/auth/signin", "[".repeat(60_000)), 422, "invalid-input", "");
});

Deno.test("no body at all is read as {}, with or without a content type", async () => {
  const contentTypes: Record<string, string>[] = [{}, { "content-type": "application/json" }];
  for (const headers of contentTypes) {
    const answer = await service.call("POST", "/api/auth/signin", { headers });
    assertProblem(answer, 422, "invalid-input", "/email");
    assertProblem(answer, 422, "invalid-input", "/password");
  }
});

Deno.test("an unknown key in a body is a 422 that names it by a JSON pointer", async () => {
  const known = { email: "a@example.com", password: "a password" };
  const pointers = { role: "/role", "a/b~c": "/a~1b~0c", "": "/", "0": "/0", constructor: "/constructor" };
  for (const [key, pointer] of Object.entries(pointers)) {
    const answer = await post("/api/auth/signin", JSON.stringify({ ...known, [key]: 1 }));
    assertProblem(answer, 422, "invalid-input", pointer);
  }
  const nested = { roadAddress: "서울", lat: 37, lng: 127, floor: 2 };
  assertProblem(await post("/api/auth/signup", JSON.stringify({ home: nested })), 422, "invalid-input", "/home/floor");
  assertProblem(
    await post("/api/auth/signin", '{"__proto__":{"email":"a@example.com"}}'),
    422,
    "invalid-input",
    "/email",
  );
  const person = await signUp(service);
  const polluted = await service.call("PATCH", "/api/me", {
    token: person.token,
    body: '{"nickname":"이름","__proto__":{"role":"admin"}}',
  });
  assert.notEqual(polluted.body.role, "admin");
});

Deno.test("a body of nothing but wrong keys is answered with at most fifty of them", async () => {
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`key${i}`, i])));
  const answer = await post("/api/auth/signin", body);
  assertProblem(answer, 422, "invalid-input");
  assert.equal(answer.body.errors.length, 50);
});

Deno.test("a body of another type than JSON is a 415, and every spelling of JSON is none", async () => {
  const body = JSON.stringify({ email: "a@example.com", password: "a password" });
  for (
    const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", "json", ""]
  ) {
    assertProblem(await post("/api/auth/signin", body, { "content-type": type }), 415, "unsupported-media-type");
  }
  const bytes = new TextEncoder().encode(body);
  const untyped = await fetch(`${service.url}/api/auth/signin`, { method: "POST", body: bytes });
  assert.equal(untyped.status, 415);
  await untyped.body?.cancel();
  for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]) {
    assertProblem(await post("/api/auth/signin", body, { "content-type": type }), 401, "bad-credentials");
  }
});

Deno.test("a body over 64 KiB is a 413, declared or streamed, and one of just 64 KiB is read", async () => {
  for (const streamed of [false, true]) {
    assertProblem(await postSized(64 * 1024 + 1, streamed), 413, "too-large");
    assertProblem(await postSized(64 * 1024, streamed), 422, "invalid-input", "/email");
  }
  const declared = await sendRaw(
    service.url,
    "POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n" +
      "Connection: close\r\n\r\n{",
  );
  assert.equal(declared.status, 413, "before any of it is waited for");
});

Deno.test("a method that a path does not know is a 405 that lists those it does", async () => {
  const wrong: [string, string, string][] = [
    ["DELETE", "/api/items", "GET, HEAD"],
    ["POST", "/api/items/0199d1a0-0000-7000-8000-000000000000", "GET, HEAD"],
    ["OPTIONS", "/api/regions", "GET, HEAD"],
    ["GET", "/api/auth/signin", "POST"],
    ["GET", "/api/favorites/items/x", "PUT, DELETE"],
    ["POST", "/", "GET, HEAD"],
    ["BREW", "/healthz", "GET, HEAD"],
  ];
  for (const [method, path, allow] of wrong) {
    const answer = await service.call(method, path);
    assertProblem(answer, 405, "method-not-allowed");
    assert.equal(answer.headers.get("allow"), allow, `${method} ${path}`);
  }
});

Deno.test("HEAD answers as GET does, without the body", async () => {
  for (const path of ["/api/items", "/api/nowhere", "/", "/healthz", "/openapi.json"]) {
    const [get, head] = [await service.call("GET", path), await fetch(service.url + path, { method: "HEAD" })];
    assert.equal(head.status, get.status);
    assert.equal(head.headers.get("content-type"), get.headers.get("content-type"));
    assert.equal(await head.text(), "");
  }
});

Deno.test("no path and no query makes it a 500: bad escapes, NUL, lone surrogates, other encodings, great length", async () => {
  const nasty = [
    "%",
    "%zz",
    "%00",
    "%ff",
    "%c3%28",
    "%ed%a0%80",
    "%F0%9F%92%A9",
    "..%2f..%2f",
    "%2e%2e/",
    "a%0d%0ab:c",
    "'--",
  ];
  const id = "0199d1a0-0000-7000-8000-000000000000";
  for (const each of [...nasty, "x".repeat(20_000), "%EA%B0%80".repeat(2_000)]) {
    const paths = [`/${each}`, `/api/${each}`, `/api/items/${each}`, `/api/parties/${each}/members`, `/docs/${each}`];
    const names = ["q", "category", "cursor", "limit", "lat", "ticket", each.slice(0, 50)];
    const lists = ["items", "markets", "parties", `items/${id}`];
    const queries = lists.flatMap((list) => names.map((name) => `/api/${list}?${name}=${each}`));
    for (const path of [...paths, ...queries]) {
      const answer = await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.ok(
        answer.status >= 200 && answer.status < 500,
        `${answer.status} for ${path.slice(0, 80)}: ${answer.body}`,
      );
    }
  }
});

Deno.test("no way of writing a request makes it a 500, and the service goes on answering", async () => {
  const end = "Connection: close\r\n\r\n";
  const requests = [
    `GET /api/items?limit=1 HTTP/1.0\r\n\r\n`,
    `GET http://other.example/api/items?limit=1 HTTP/1.1\r\nHost: a\r\n${end}`,
    `GET /api/items?limit=1 HTTP/1.1\r\nHost: a b<>"\r\n${end}`,
    `GET /api/items?limit=1 HTTP/1.1\r\nHost: \r\n${end}`,
    `GET /api/items?limit=1 HTTP/1.1\r\n${end}`,
    `GET /api/items HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n${end}{}`,
    `GET /api/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${end}2\r\n{}\r\n0\r\n\r\n`,
    `TRACE /api/items HTTP/1.1\r\nHost: a\r\n${end}`,
    `TRACE /api/items HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${end}2\r\n{}\r\n0\r\n\r\n`,
    `CONNECT a:1 HTTP/1.1\r\nHost: a\r\n${end}`,
    `OPTIONS * HTTP/1.1\r\nHost: a\r\n${end}`,
    `DELETE /api/favorites/items/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n`,
    `POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n` +
    `Transfer-Encoding: chunked\r\n${end}2\r\n{}\r\n0\r\n\r\n`,
    `POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: -1\r\n${end}`,
    `GET /api/favorites HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${"x".repeat(5_000)}\r\n${end}`,
    `GET /api/favorites HTTP/1.1\r\nHost: a\r\nAuthorization: \x80\xff\r\nCookie: =;;=\r\n${end}`,
    `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 90 }, (_, i) => `X-${i}: ${i}\r\n`).join("")}${end}`,
  ];
  for (const request of requests) {
    const { status, body } = await sendRaw(service.url, request);
    assert.ok(status >= 200 && status < 500, `${status} for ${request.slice(0, 100)}: ${body}`);
    assert.equal((await service.call("GET", "/healthz")).status, 200);
  }
});

Deno.test("a bug is a 500 with a request id, and nothing of the error", async () => {
  await using broken = await startTestService();
  await broken.sql`alter table items rename to elsewhere`;
  const answer = await broken.call("GET", "/api/items");
  assertProblem(answer, 500, "internal");
  assert.doesNotMatch(JSON.stringify(answer.body), /items|relation|select|42P01|\.ts|at /);
  await broken.sql`alter table elsewhere rename to items`;
  assert.equal((await broken.call("GET", "/api/items")).status, 200);
});

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return service.call("POST", path, { body, headers });
}

/** Posts an object of so many bytes, in one piece or in many. */
async function postSized(size: number, streamed: boolean): Promise<Answer> {
  const body = `{${" ".repeat(size - 2)}}`;
  if (!streamed) return await post("/api/auth/signin", body);
  const response = await fetch(`${service.url}/api/auth/signin`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new Blob([body]).stream(),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}
