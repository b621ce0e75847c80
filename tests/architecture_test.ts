/** The rules of the house hold in the project, and each is shown to fail on a planted violation. */
import assert from "node:assert/strict";
import { checkArchitecture } from "./architecture_rules.ts";

const ROOT = new URL("../", import.meta.url);
const NOT_OURS = new Set([".data", ".git", "coverage", "dist", "node_modules"]);

Deno.test("the project keeps its import rules, file lengths, docstrings and injected clock", async () => {
  const sources = await readSources();
  assert.ok(sources.has("main.ts") && sources.has("services/ports.ts"), "the sources were not found");
  assert.deepEqual(checkArchitecture(sources), []);
});

/** What is planted (path, source), and the whole of what must be said of it, without the path. */
const PLANTED: [string, string, string[]][] = [
  // Every room: what it may import, and the nearest thing it may not.
  ["contract/a.ts", `import { z } from "zod";`, []],
  ["contract/a.ts", `import { z } from "hono";`, ["1 package: hono"]],
  ["contract/a.ts", `import type { Deps } from "../services/ports.ts";`, ["1 import: services/ports.ts"]],
  ["services/a.ts", `import { Party } from "../contract/parties.ts";`, []],
  ["services/a.ts", `import { open } from "../adapters/redis.ts";`, ["1 import: adapters/redis.ts"]],
  ["services/a.ts", `import { Hono } from "hono";`, ["1 package: hono"]],
  ["services/a.ts", `import postgres from "postgres";`, ["1 package: postgres"]],
  ["services/a.ts", `import type { Sql } from "postgres";`, ["1 package: postgres"]],
  ["services/ports.ts", `import type { Sql } from "postgres";`, []],
  ["services/ports.ts", `import postgres from "postgres";`, ["1 package: postgres"]],
  ["services/ports.ts", `import postgres, { type Sql } from "postgres";`, ["1 package: postgres"]],
  ["services/geo.ts", `import distance from "@turf/distance";`, []],
  ["services/nearby.ts", `import distance from "@turf/distance";`, ["1 package: @turf/distance"]],
  ["services/a.ts", `import { readFile } from "node:fs";`, ["1 package: node:fs"]],
  ["adapters/a.ts", `import type { Relay } from "../services/ports.ts";`, []],
  ["adapters/a.ts", `import { join } from "../services/parties.ts";`, ["1 import: services/parties.ts"]],
  ["adapters/a.ts", `import { Hono } from "hono";`, ["1 package: hono"]],
  ["adapters/a.ts", `import { app } from "../routes/app.ts";`, ["1 import: routes/app.ts"]],
  ["routes/a.ts", `import { Hono } from "hono";\nimport { cors } from "hono/cors";`, []],
  ["routes/a.ts", `import distance from "@turf/distance";`, ["1 package: @turf/distance"]],
  ["routes/a.ts", `import { open } from "../adapters/sql.ts";`, ["1 import: adapters/sql.ts"]],
  ["routes/a.ts", `import { start } from "../workers/outbox.ts";`, ["1 import: workers/outbox.ts"]],
  ["workers/a.ts", `import PQueue from "p-queue";`, []],
  ["workers/a.ts", `import { Hono } from "hono";`, ["1 package: hono"]],
  ["workers/a.ts", `import { read } from "../adapters/public_data.ts";`, ["1 import: adapters/public_data.ts"]],
  ["client/a.tsx", `import type { Party } from "../contract/parties.ts";`, []],
  ["client/a.tsx", `import { type Party } from "../contract/parties.ts";`, []],
  ["client/a.tsx", `import { Party } from "../contract/parties.ts";`, ["1 import: contract/parties.ts"]],
  ["client/a.tsx", `import { PROBLEMS } from "../contract/problems.ts";`, []],
  ["client/a.tsx", `import type { App } from "../routes/app.ts";`, ["1 import: routes/app.ts"]],
  ["client/a.tsx", `import { z } from "zod";`, ["1 package: zod"]],
  ["client/a.ts", `import type { Deps } from "../services/ports.ts";`, ["1 import: services/ports.ts"]],
  ["main.ts", `import "./workers/a.ts";\nimport "anything";`, []],
  ["services/a.ts", `import type { Service } from "../main.ts";`, ["1 import: main.ts is imported by tests alone"]],
  ["tests/a_test.ts", `import { startService } from "../main.ts";\nimport "anything";`, []],
  ["helpers/a.ts", `import "zod";`, ["1 room: helpers has no rules"]],

  // Every way to write an import.
  ["contract/a.ts", `import {\n  a,\n  b,\n} from "hono";`, ["1 package: hono"]],
  ["contract/a.ts", `\n\nimport "hono";`, ["3 package: hono"]],
  ["contract/a.ts", `export { a } from "../services/b.ts";`, ["1 import: services/b.ts"]],
  ["contract/a.ts", `export * from "../services/b.ts";`, ["1 import: services/b.ts"]],
  ["contract/a.ts", `export type { A } from "../services/b.ts";`, ["1 import: services/b.ts"]],
  ["contract/a.ts", `const a = await import("../services/b.ts");`, ["1 import: services/b.ts"]],
  ["contract/a.ts", `const a = await import(name());`, ["1 package: worked out at run time"]],
  ["contract/a.ts", `let a: import("../services/b.ts").B;`, ["1 import: services/b.ts"]],
  ["contract/a.ts", `import "npm:hono@4.13.19/cors";`, ["1 package: hono"]],
  ["contract/a.ts", `import "npm:@hono/zod-validator@0.9.1";`, ["1 package: @hono/zod-validator"]],
  ["contract/a.ts", `import "npm:zod@4.6.7";`, []],
  ["tests/a_test.ts", `import "https://example.com/mod.ts";`, ["1 package: https://example.com/mod.ts"]],
  ["main.ts", `import "jsr:@std/assert";`, ["1 package: jsr:@std/assert"]],
  ["contract/a.ts", `// import "hono";\n/* import "hono"; */\nconst text = \`\nimport "hono";\`;`, []],

  // What only one room may touch.
  ["services/a.ts", `const url = Deno.env.get("URL");`, [`1 environment: Deno.env`]],
  ["adapters/a.ts", `const { env } = Deno;`, [`1 environment: { env } = Deno`]],
  ["routes/a.ts", `const url = globalThis.Deno["env"].get("URL");`, [`1 environment: globalThis.Deno`]],
  ["main.ts", `const url = process.env.URL;`, [`1 environment: process.env`]],
  ["adapters/config.ts", `const url = Deno.env.get("URL");`, []],
  ["tests/a_test.ts", `const url = Deno.env.get("URL");`, []],
  ["services/a.ts", `console.log("x");`, ["1 console: console.log"]],
  ["adapters/a.ts", `globalThis.console.error("x");`, ["1 console: globalThis.console"]],
  ["main.ts", `const { log } = console;`, ["1 console: { log } = console"]],
  ["adapters/log_logtape.ts", `console.log("x");`, []],
  ["services/a.ts", `const text = "console.log(1)"; // console.log(2)\nconst a = sink.console;`, []],
  ["services/a.ts", `const at = Date.now();`, ["1 clock: Date.now"]],
  ["services/a.ts", `const now = Date.now;`, ["1 clock: Date.now"]],
  ["routes/a.ts", `const at = new Date();`, ["1 clock: new Date()"]],
  ["workers/a.ts", `const at = Date();`, ["1 clock: Date()"]],
  ["workers/a.ts", `const at = Temporal.Now.instant();`, ["1 clock: Temporal.Now"]],
  ["services/a.ts", `const at = new Date(clock.now().getTime() + 1);`, []],
  ["adapters/clock_system.ts", `const at = new Date();`, []],

  // Length and docstrings.
  ["services/a.ts", "const a = 1;\n".repeat(300), []],
  ["services/a.ts", "const a = 1;\n".repeat(301), ["301 length: over 300 lines is two files"]],
  ["services/a.ts", `export function open() {}`, ["1 docstring: open has none"]],
  ["services/a.ts", `// Opens.\nexport const open = 1;`, ["2 docstring: open has none"]],
  ["services/a.ts", `/** Opens. */\n// deno-lint-ignore x\nexport interface Open {}`, []],
  ["services/a.ts", `/** Such as https://*.example.com. */\nexport const open = 1;`, []],
  ["services/a.ts", `/** Closes. */\nfunction close() {}\nexport const open = 1;`, ["3 docstring: open has none"]],
  ["contract/a.ts", `/** A party. */\nexport const Party = 1;\nexport type Party = typeof Party;`, []],
  ["tests/a_test.ts", `export function open() {}`, []],
];

for (const [path, source, expected] of PLANTED) {
  const said = expected.length === 0 ? "lets pass" : `finds “${expected.join("”, “")}” in`;
  Deno.test(`the architecture check ${said} ${path}: ${source.slice(0, 80).replaceAll("\n", " ⏎ ")}`, () => {
    const found = checkArchitecture(new Map([[path, source]]));
    assert.deepEqual(found, expected.map((each) => `${path}:${each}`));
  });
}

Deno.test("the architecture check finds circles, of any length and of types too, and no circle where two roads meet", () => {
  const circles = checkArchitecture(
    new Map([
      ["services/a.ts", `import "./b.ts";`],
      ["services/b.ts", `import type { C } from "./c.ts";`],
      ["services/c.ts", `import "./a.ts";`],
      ["services/d.ts", `import "./d.ts";`],
    ]),
  );
  assert.deepEqual(circles, [
    "services/c.ts:1 cycle: services/a.ts → services/b.ts → services/c.ts → services/a.ts",
    "services/d.ts:1 cycle: services/d.ts → services/d.ts",
  ]);
  const diamond = checkArchitecture(
    new Map([
      ["services/a.ts", `import "./b.ts";\nimport "./c.ts";`],
      ["services/b.ts", `import "./d.ts";`],
      ["services/c.ts", `import "./d.ts";`],
      ["services/d.ts", ""],
    ]),
  );
  assert.deepEqual(diamond, []);
});

async function readSources(under = ROOT, path = ""): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(under)) {
    if (NOT_OURS.has(name)) continue;
    if (isDirectory) {
      for (const [each, source] of await readSources(new URL(`${name}/`, under), `${path}${name}/`)) {
        sources.set(each, source);
      }
    } else if (/\.tsx?$/.test(name)) sources.set(path + name, await Deno.readTextFile(new URL(name, under)));
  }
  return sources;
}
