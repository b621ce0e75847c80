/** `/openapi.json`: that it is OpenAPI 3.1, whole, and says what the routes are. */
import assert from "node:assert/strict";
import { PROBLEMS } from "../contract/problems.ts";
import { SCREENS } from "../contract/screens.ts";
import { type AppDeps, createApp } from "../routes/app.ts";
import { assertProblem, signUp } from "./harness.ts";
import { OpenApi, operationsOf, pathToNothing } from "./openapi_document.ts";
import { testService } from "./set_up.ts";

const service = testService();
let document: OpenApi;
Deno.test.beforeAll(async () => {
  document = OpenApi.parse((await service.call("GET", "/openapi.json")).body);
});

/** What a client is promised. */
const PROMISED = `
  POST /api/auth/signup · POST /api/auth/signin · POST /api/auth/refresh · POST /api/auth/signout · POST /api/auth/tickets
  GET /api/me · PATCH /api/me · DELETE /api/me · PUT /api/me/password · GET /api/me/export · GET /api/users/{id}
  GET /api/items · GET /api/items/{id} · GET /api/markets · GET /api/markets/{id} · GET /api/regions
  GET /api/addresses · GET /api/favorites · PUT /api/favorites/items/{id} · DELETE /api/favorites/items/{id}
  PUT /api/favorites/markets/{id} · DELETE /api/favorites/markets/{id}
  POST /api/parties/{id}/offer
  POST /api/parties · GET /api/parties · GET /api/parties/{id} · PATCH /api/parties/{id} · GET /api/me/parties
  POST /api/parties/{id}/confirm · POST /api/parties/{id}/complete · POST /api/parties/{id}/cancel
  POST /api/parties/{id}/join · GET /api/parties/{id}/members · PATCH /api/parties/{id}/members/{userId}
  DELETE /api/parties/{id}/members/me · PUT /api/parties/{id}/members/{userId}/attendance
  POST /api/parties/{id}/penalties · POST /api/parties/{id}/leader-report · GET /api/me/penalties
  POST /api/penalties/{id}/appeal · GET /api/admin/appeals · PATCH /api/admin/appeals/{id}
  GET /api/parties/{id}/check-in · POST /api/parties/{id}/check-in · GET /api/parties/{id}/calendar.ics
  GET /api/parties/{id}/settlement · PUT /api/parties/{id}/settlement · GET /api/me/calendar.ics
  PUT /api/parties/{id}/settlement/lines/{userId}
  POST /api/parties/{id}/chat · GET /api/parties/{id}/chat/entries · POST /api/parties/{id}/chat/entries · GET /ws
  PATCH /api/parties/{id}/chat/entries/{seq} · DELETE /api/parties/{id}/chat/entries/{seq}
  PUT /api/parties/{id}/chat/read · GET /api/parties/{id}/chat/read · GET /api/chats
  GET /api/alerts · PATCH /api/alerts/{id} · DELETE /api/alerts/{id} · POST /api/alerts/read-all · GET /api/alerts/stream
  GET /api/push-key · POST /api/push-subscriptions · DELETE /api/push-subscriptions
  GET /api/me/alert-preferences · PUT /api/me/alert-preferences
  GET /api/admin/ingest-runs · GET /api/admin/ingest-runs/{id}/rejects
  GET /api/admin/dead-letters · POST /api/admin/dead-letters/replay · DELETE /api/admin/dead-letters/{eventId}
  GET /healthz · GET /readyz · GET /metrics · GET /asyncapi.json`.split(/·|\n/).map((each) => each.trim()).filter(
  Boolean,
);

/** Open to whoever has no account. */
const PUBLIC = `
  POST /api/auth/signup · POST /api/auth/signin · POST /api/auth/refresh · GET /api/items · GET /api/items/{id}
  GET /api/markets · GET /api/markets/{id} · GET /api/regions · GET /api/parties · GET /api/parties/{id} · GET /ws
  GET /api/push-key · GET /healthz · GET /readyz · GET /metrics · GET /asyncapi.json`.split(/·|\n/).map((each) =>
  each.trim()
).filter(
  Boolean,
);

/** For people and browsers, and the document itself. */
const PAGES: string[] = [
  ...Object.values(SCREENS),
  ...["/sw.js", "/manifest.webmanifest", "/client/:file"],
  ...["/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"],
];

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

Deno.test("the document holds every promised call", () => {
  const told = operationsOf(document).map(nameOf);
  assert.deepEqual(PROMISED.filter((each) => !told.includes(each)), []);
});

Deno.test("the document holds a row for every route of the application, and none that is no route", () => {
  // The routes are told when they are mounted; nothing is asked of the dependencies until a request comes.
  const routes = createApp({} as AppDeps).routes
    .filter(({ method, path }) => method !== "ALL" && !PAGES.includes(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual(operationsOf(document).map(nameOf).sort(), [...new Set(routes)].sort());
});

Deno.test("every row has its success, its refusals with the problem's schema, and an id of its own", () => {
  const operations = operationsOf(document);
  assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length);
  for (const { method, path, operation } of operations) {
    const name = `${method} ${path}`, statuses = Object.keys(operation.responses);
    assert.ok(statuses.some((status) => /^[12]/.test(status)), `${name} has no success`);
    if (["/healthz", "/readyz", "/metrics", "/asyncapi.json"].includes(path)) continue;
    const expected = ["429", "503", ...(operation.parameters.some((each) => each.in === "path") ? ["404"] : [])];
    if (method !== "GET") expected.push("413", "415");
    if (operation.requestBody || operation.parameters.some((each) => each.in === "query")) expected.push("422");
    if (!PUBLIC.includes(name)) expected.push("401");
    assert.deepEqual(expected.filter((status) => !statuses.includes(status)), [], `${name} leaves out refusals`);
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      if (Number(status) < 400) {
        assert.equal(content === undefined, status === "204" || status === "101", `${name} ${status}`);
        continue;
      }
      const schema = content?.["application/problem+json"]?.schema;
      assert.deepEqual(schema, { $ref: "#/components/schemas/Problem" }, `${name} ${status}`);
      for (const code of description.split(", ")) {
        assert.equal(PROBLEMS[code as keyof typeof PROBLEMS]?.status, Number(status), `${name}: ${code}`);
      }
    }
  }
});

Deno.test("the document says which calls are public, and they are the only ones that answer without a token", async () => {
  for (const { method, path, operation } of operationsOf(document)) {
    const name = `${method} ${path}`;
    const isPublic = operation.security.length === 0 ||
      operation.security.some((scheme) => Object.keys(scheme).length === 0);
    assert.equal(isPublic, PUBLIC.includes(name), `${name} is ${isPublic ? "" : "not "}told to be public`);
    for (const scheme of operation.security.flatMap((each) => Object.keys(each))) {
      assert.ok(scheme in document.components.securitySchemes, scheme);
    }
    const { body } = await service.call(method, pathToNothing(path), method === "GET" ? {} : { body: {} });
    assert.equal(
      body.detail?.startsWith("Cannot answer: no access token") ?? false,
      !isPublic,
      `${name} answers ${JSON.stringify(body)}`,
    );
  }
});

Deno.test("every call that may change something refuses fields it does not know, also where it takes no body", async () => {
  const { id, token } = await signUp(service);
  await service.sql`update users set role = 'admin' where id = ${id}`;
  for (const { method, path } of operationsOf(document).filter(({ method }) => method !== "GET")) {
    const ask = (body: unknown) => service.call(method, pathToNothing(path), { token, body });
    assertProblem(await ask({ unheardOf: 1 }), 422, "invalid-input", "/unheardOf");
    for (const body of ["{", "[]", "null"]) assertProblem(await ask(body), 422, "invalid-input", "");
  }
});

Deno.test("parameters of a path are in it, all of them, required; references lead to what there is", () => {
  for (const { method, path, operation } of operationsOf(document)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const told = operation.parameters.filter((each) => each.in === "path");
    assert.deepEqual(told.map(({ name }) => name).sort(), names.sort(), `${method} ${path}`);
    assert.ok(told.every(({ required }) => required), `${method} ${path}`);
  }
  const references = new Set(JSON.stringify(document).match(/#\/components\/schemas\/[\w.-]+/g));
  const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  assert.deepEqual([...references].sort(), named.sort(), "each is there, and none is there for nothing");
});

Deno.test("every route file says in a docstring which routes it holds", async () => {
  const folder = new URL("../routes/", import.meta.url);
  let files = 0;
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    const found = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport function \w+Routes\(/.exec(source);
    const routes = [...source.matchAll(/\.(get|post|put|patch|delete)\(\s*"(\/[^"]*)"/g)];
    if (name === "app.ts" || routes.length === 0) continue;
    files++;
    for (const [, method = "", path = ""] of routes) {
      const last = path.split("/").findLast((part) => part && !part.startsWith(":")) ?? "";
      assert.ok(found, `routes/${name} has no docstring`);
      assert.ok(
        found[1]!.includes(method.toUpperCase()),
        `routes/${name} does not say ${method}`,
      );
      assert.ok(found[1]!.includes(last), `routes/${name} does not tell of ${path}`);
    }
  }
  assert.ok(files >= 15, `${files} route files`);
});
