/** What every answer carries: a request id, security headers, CORS for the allowed origins; and the API reference. */
import assert from "node:assert/strict";
import { addItem, assertProblem, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const ALLOWED = ["https://app.example.com", "http://localhost:5173", "https://*.moajang.example"];

const service = testService({
  environment: { ALLOWED_ORIGINS: ALLOWED.join(", "), PUBLIC_ORIGIN: "https://moajang.test" },
});

Deno.test("every answer carries the security headers, whatever its status", async () => {
  const item = await addItem(service), { token } = await signUp(service);
  const json = { "content-type": "application/json" };
  const answers: [number, string, string, RequestInit?][] = [
    [200, "GET", "/api/items"],
    [200, "GET", "/docs"],
    [200, "GET", "/docs/swagger-ui.css"],
    [200, "GET", "/openapi.json"],
    [200, "GET", "/healthz"],
    [200, "GET", "/readyz"],
    [204, "PUT", `/api/favorites/items/${item.id}`, { headers: { authorization: `Bearer ${token}` } }],
    [204, "OPTIONS", "/api/items", { headers: { origin: ALLOWED[0]!, "access-control-request-method": "GET" } }],
    [401, "GET", "/api/favorites"],
    [404, "GET", "/api/nowhere"],
    [405, "DELETE", "/api/items"],
    [413, "POST", "/api/auth/signin", { headers: json, body: " ".repeat(70_000) }],
    [415, "POST", "/api/auth/signin", { body: "a=b" }],
    [422, "POST", "/api/auth/signin", { headers: json, body: "{" }],
    [426, "GET", "/ws"],
  ];
  for (const [status, method, path, init] of answers) {
    const response = await fetch(service.url + path, { method, ...init });
    await response.body?.cancel();
    const { headers } = response;
    assert.equal(response.status, status, `${method} ${path}`);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.match(headers.get("strict-transport-security") ?? "", /^max-age=\d{8}/);
    assert.match(headers.get("x-request-id") ?? "", /^[\w-]{8,64}$/);
    assert.match(headers.get("vary") ?? "", /origin/i, `${method} ${path}: a shared cache must tell origins apart`);
    assert.equal(headers.get("cache-control"), path.endsWith(".css") ? "public, max-age=86400" : "no-store");
    const isPage = path === "/docs";
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers.get("content-security-policy")?.includes("script-src"), isPage, `${method} ${path}`);
    for (const name of ["server", "x-powered-by"]) assert.equal(headers.get(name), null);
  }
});

Deno.test("X-Request-Id is taken over when it is a decent one, and made when it is not", async () => {
  for (const id of ["abcdefgh", "0199d1a0-0000-7000-8000-000000000000", "A_b-9".repeat(12)]) {
    const { headers } = await service.call("GET", "/healthz", { headers: { "x-request-id": id } });
    assert.equal(headers.get("x-request-id"), id);
  }
  const made = new Set<string>();
  for (const id of [undefined, "", "short", "x".repeat(65), "with space 1", "{inject}\\n1", "ünïcode-id"]) {
    const answer = await service.call("GET", "/api/nowhere", {
      headers: id === undefined ? {} : { "x-request-id": id },
    });
    assertProblem(answer, 404, "not-found");
    assert.match(answer.body.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    made.add(answer.body.requestId);
  }
  assert.equal(made.size, 7);
});

Deno.test("CORS answers an allowed origin by its name, with credentials, on successes and on problems", async () => {
  const origins = [
    ...ALLOWED.slice(0, 2),
    "https://a.moajang.example",
    "https://a-1.b.moajang.example",
    "https://moajang.test",
  ];
  for (const origin of origins) {
    for (const [path, status] of [["/api/items", 200], ["/api/favorites", 401], ["/api/nowhere", 404]] as const) {
      const answer = await service.call("GET", path, { headers: { origin } });
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get("access-control-allow-origin"), origin);
      assert.equal(answer.headers.get("access-control-allow-credentials"), "true");
      for (const name of ["link", "etag", "retry-after", "x-request-id"]) {
        assert.ok(answer.headers.get("access-control-expose-headers")?.includes(name), name);
      }
    }
  }
});

Deno.test("CORS gives any other origin not one header, on requests or preflights", async () => {
  const foreign = [
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://moajang.example",
    "https://evilmoajang.example",
    "https://evil.example/.moajang.example",
    "https://evil.example?.moajang.example",
    "https://evil.example#.moajang.example",
    "https://evil@a.moajang.example",
    "https://.moajang.example",
    "http://a.moajang.example",
    "https://a.moajang.example:1",
    "http://localhost:5174",
    "https://*.moajang.example",
    "null",
    "*",
    "",
  ];
  for (const origin of foreign) {
    const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
    const answers = [
      await service.call("GET", "/api/items", { headers: { origin } }),
      await service.call("GET", "/api/favorites", { headers: { origin } }),
      await service.call("OPTIONS", "/api/items", { headers: { origin, ...preflight } }),
    ];
    for (const { headers } of answers) {
      const given = [...headers.keys()].filter((name) => name.startsWith("access-control-"));
      assert.deepEqual(given, [], `${origin} is given ${given}`);
    }
  }
});

Deno.test("a preflight of an allowed origin is told every method and header that a client needs", async () => {
  const headers = {
    "origin": ALLOWED[0]!,
    "access-control-request-method": "PATCH",
    "access-control-request-headers": "authorization,content-type,idempotency-key,if-match",
  };
  for (const path of ["/api/items", "/api/parties/x", "/api/nowhere"]) {
    const answer = await service.call("OPTIONS", path, { headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get("access-control-allow-origin"), ALLOWED[0]);
    const methods = answer.headers.get("access-control-allow-methods")?.split(",").map((each) => each.trim()) ?? [];
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) assert.ok(methods.includes(method), method);
    const allowed = answer.headers.get("access-control-allow-headers")?.split(",").map((each) => each.trim()) ?? [];
    for (const name of headers["access-control-request-headers"].split(",")) assert.ok(allowed.includes(name), name);
  }
});

Deno.test("the API reference is whole: everything it names is served from here, and nothing comes from elsewhere", async () => {
  const page = await service.call("GET", "/docs");
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type") ?? "", /^text\/html; charset=utf-8/i);
  assert.match(page.body, /<title>[^<]*Moajang API/);
  assert.doesNotMatch(page.headers.get("content-security-policy") ?? "", /http|\*|script-src[^;]*unsafe/);
  const named = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
  assert.ok(named.length >= 3, `it names ${named}`);
  for (const name of named) {
    assert.match(name, /^\/(?!\/)/);
    const asset = await service.call("GET", name);
    assert.equal(asset.status, 200, name);
    assert.match(asset.headers.get("content-type") ?? "", name.endsWith(".js") ? /^text\/javascript/ : /^text\/css/);
  }
  assert.doesNotMatch(page.body, /<script(?![^>]*\bsrc=)|\son\w+="/, "the policy would stop a script in the page");
  assert.ok((await service.call("GET", "/docs/swagger-ui-bundle.js")).body.length > 100_000);
  assert.match((await service.call("GET", "/docs/start.js")).body, /\/openapi\.json/);
  for (const path of ["/docs/package.json", "/docs/..%2fdeno.json", "/docs/../deno.json", "/docs/%2e%2e/deno.json"]) {
    assertProblem(await service.call("GET", path), 404, "not-found");
  }
});

Deno.test("/healthz and /readyz answer without a token, and say that all is well when it is", async () => {
  const health = await service.call("GET", "/healthz"), ready = await service.call("GET", "/readyz");
  assert.deepEqual([health.status, health.body], [200, { status: "alive" }]);
  assert.deepEqual([ready.status, ready.body], [200, { status: "ready", down: [] }]);
});
