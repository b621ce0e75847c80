/** The image, the compose file, nginx and the workflow hold what they promise, and each check is shown on a planted fault. */
import assert from "node:assert/strict";
import { checkDeployment, type Files } from "./deploy_rules.ts";
import { parseNginx } from "./nginx_conf.ts";

const ROOT = new URL("../", import.meta.url);
const PATHS = [
  ".ci/run",
  ".dockerignore",
  ".env.example",
  ".github/workflows/ci.yml",
  "Dockerfile",
  "README.ko.md",
  "README.md",
  "deploy/nginx.conf",
  "deploy/postgres_init.sh",
  "docker-compose.yml",
];

async function readFiles(): Promise<Files> {
  return new Map(
    await Promise.all(PATHS.map(async (path) => [path, await Deno.readTextFile(new URL(path, ROOT))] as const)),
  );
}

Deno.test("the deployment files pass their linters and agree with each other and with the service", async () => {
  assert.deepEqual(await checkDeployment(await readFiles()), []);
});

/** What is planted: in which file, what is replaced by what, and what must be said. */
const PLANTED: [string, string, string, RegExp][] = [
  // The compose file.
  ["docker-compose.yml", "image: redis:8.2.1", "image: redis", /service-image-require-explicit-tag/],
  ["docker-compose.yml", "host_ip: ${HTTP_ADDRESS:-127.0.0.1}\n", "mode: host\n", /no-unbound-port-interfaces/],
  ["docker-compose.yml", "name: moajang\n", `version: "3"\nname: moajang\n`, /no-version-field/],
  ["docker-compose.yml", `test: ["CMD", "pg_isready"`, `tset: ["CMD", "pg_isready"`, /postgres: has no health check/],
  ["docker-compose.yml", `\n    healthcheck:\n      disable: true`, "", /migrate: ends and is checked for health/],
  ["docker-compose.yml", `limits: { cpus: "2", memory: 1280M, pids: 256 }`, "limits: {}", /app: has no limit of proc/],
  ["docker-compose.yml", `security_opt: ["no-new-privileges:true"]\n    networks`, "networks", /postgres: may gain/],
  [
    "docker-compose.yml",
    "  redis:\n    image",
    `  redis:\n    ports: ["127.0.0.1:1:1"]\n    image`,
    /redis: can be reached/,
  ],
  [
    "docker-compose.yml",
    "  stores:\n    internal: true",
    "  stores:\n    internal: false",
    /postgres: is a store with a w/,
  ],
  ["docker-compose.yml", "command: [worker]", "command: [workers]", /worker: is no command of main.ts/],
  ["docker-compose.yml", "app:\n        condition: service_healthy", "app: {}", /nginx: depends on app without/],
  ["docker-compose.yml", "./deploy/postgres_init.sh", "./deploy/init.sh", /postgres: mounts \.\/deploy\/init\.sh/],
  [
    "docker-compose.yml",
    "${JWT_SECRET:?must be set, see .env.example}",
    "${JWT_SECRET:-0123}",
    /JWT_SECRET: a secret is not/,
  ],
  [
    "docker-compose.yml",
    "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?must be set, see .env.example}",
    "POSTGRES_PASSWORD: postgres",
    /a secret in plain/,
  ],
  ["docker-compose.yml", "${LOG_LEVEL:-info}", "${LOGGING:-info}", /LOGGING: is not in \.env\.example/],
  [
    "docker-compose.yml",
    "ALLOWED_ORIGINS: ${",
    "ALLOWED_ORIGIN: https://a.example${",
    /app: the service knows no ALLOWED_ORIGIN$/m,
  ],
  ["docker-compose.yml", "redis://:", "http://:", /app: REDIS_URL: must be a URL with redis/],
  // What is handed to it.
  [".env.example", "SEOUL_API_KEY=\n", "", /SEOUL_API_KEY: is not in \.env\.example/],
  [
    ".env.example",
    "SEOUL_API_KEY=\n",
    "SEOUL_API_KEY=\nSEOUL_KEY=\n",
    /SEOUL_KEY: \.env\.example has it, the compose file/,
  ],
  [".env.example", "\nJWT_SECRET=\n", "\nJWT_SECRET=change-me\n", /JWT_SECRET: \.env\.example gives a secret away/],
  [
    ".env.example",
    "PUBLIC_ORIGIN=http://localhost:8080",
    "PUBLIC_ORIGIN=localhost",
    /app: PUBLIC_ORIGIN: must be an origin/,
  ],
  // The image.
  ["Dockerfile", "EXPOSE 8000", "EXPOSE eight", /Dockerfile:\d+: .*eight/],
  ["Dockerfile", "USER deno", "USER root", /Dockerfile: runs as root/],
  ["Dockerfile", "HEALTHCHECK", "# HEALTHCHECK", /app: has no health check[^]*Dockerfile: has no health check/],
  ["Dockerfile", "deno install --frozen", "deno install", /installs what the lock file does not hold/],
  ["Dockerfile", `"--allow-net"`, `"--allow-all"`, /may write, run processes or more/],
  ["Dockerfile", `"--cached-only", `, "", /may fetch packages at the start/],
  ["Dockerfile", "COPY workers workers\n", "", /Dockerfile: workers is not copied/],
  ["Dockerfile", "COPY --from=client /app/client/dist client/dist\n", "", /Dockerfile: the client is not copied/],
  [".dockerignore", "!client\n", "", /\.dockerignore: keeps client\/deno\.json from the build/],
  [".dockerignore", "!migrations\n", "", /\.dockerignore: keeps migrations from the build/],
  ["Dockerfile", "deno:2.9.6 AS", "deno:2.9.5 AS", /Dockerfile: deno 2\.9\.5, .* has 2\.9\.6/],
  ["README.md", "deno@2.9.6", "deno@2.9.7", /README\.md: deno 2\.9\.7, .* has 2\.9\.6/],
  // nginx.
  ["deploy/nginx.conf", "events {", "events {{", /nginx: the block of events does not end/],
  ["deploy/nginx.conf", "http {", "http {}}", /nginx: a } too many before/],
  ["deploy/nginx.conf", "502 504 =503 @", "502 504 @", /answers 502 or 504 where/],
  ["deploy/nginx.conf", "return 413 '", "} return '", /nginx: a } too many before/],
  ["deploy/nginx.conf", "server app:8000", "server web:8000", /asks another service/],
  ["deploy/nginx.conf", "listen 8080;", "listen 80;", /does not listen on 8080/],
  ["deploy/nginx.conf", `"path":"$uri"`, `"path":"$request_uri"`, /logs the query/],
  ["deploy/nginx.conf", "proxy_set_header Upgrade $http_upgrade;", "", /does not pass an upgrade on/],
  ["deploy/nginx.conf", "$proxy_add_x_forwarded_for", "unknown", /hides the client's address/],
  ["deploy/nginx.conf", "proxy_http_version 1.1;", "", /speaks HTTP\/1\.0/],
  [
    "deploy/nginx.conf",
    "proxy_next_upstream error timeout;",
    "proxy_next_upstream error non_idempotent;",
    /tries again/,
  ],
  [
    "deploy/nginx.conf",
    "client_max_body_size 128k;",
    "client_max_body_size 64k;",
    /refuses bodies that the service takes/,
  ],
  ["deploy/nginx.conf", "client_header_timeout 10s;", "", /has no client_header_timeout/],
  ["deploy/nginx.conf", "client_body_timeout 10s;", "", /has no client_body_timeout/],
  ["deploy/nginx.conf", "send_timeout 30s;\n  keepalive_timeout 65s;", "send_timeout 30s;", /has no keepalive_timeout/],
  [
    "deploy/nginx.conf",
    "proxy_buffering off;\n      proxy_read_timeout 45s;",
    "proxy_read_timeout 45s;",
    /buffers \/api\/alerts\/stream/,
  ],
  ["deploy/nginx.conf", "proxy_read_timeout 90s;", "proxy_read_timeout 15s;", /lets \/ws wait too short/],
  ["deploy/nginx.conf", "location = /ws {", "location = /ws {\n proxy_set_header A b;", /hides headers of \/ws/],
  ["deploy/nginx.conf", "return 413 '", "return 400 '", /answers too-large unlike the service/],
  // The workflow.
  [".github/workflows/ci.yml", "runs-on: ubuntu-latest", "runs_on: ubuntu-24.04", /ci\.yml:\d+: .*runs_on/],
  [".github/workflows/ci.yml", "${{ matrix.postgres }}", "${{ matrix.postgre }}", /ci\.yml:\d+: .*postgre/],
];

for (const [path, from, to, said] of PLANTED) {
  Deno.test(`the deployment check finds ${JSON.stringify(to)} for ${JSON.stringify(from)} in ${path}`, async () => {
    const files = await readFiles();
    const source = files.get(path)!;
    assert.ok(source.includes(from), "the place of the fault was not found");
    const found = await checkDeployment(files.set(path, source.replace(from, () => to)));
    assert.match(found.join("\n"), said);
  });
}

Deno.test("nginx takes its configuration and refuses one with a brace too many", async () => {
  const source = (await readFiles()).get("deploy/nginx.conf")!;
  assert.equal(await isTaken(source), true);
  assert.equal(await isTaken(source + "}\n"), false);
});

const NGINX = "/usr/sbin/nginx";

/** By nginx itself where there is one; by its grammar alone elsewhere. */
async function isTaken(source: string): Promise<boolean> {
  if (!await Deno.stat(NGINX).then(() => true, () => false)) {
    try {
      return parseNginx(source).length > 0;
    } catch {
      return false; // It says so by throwing.
    }
  }
  // Names of containers mean nothing here, and `resolve` is not known before nginx 1.27.3.
  const here = source.replace("app:8000 resolve", "127.0.0.1:8000").replace("mime.types", "/etc/nginx/mime.types");
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, here);
    const { success } = await new Deno.Command(NGINX, { args: ["-t", "-c", path], stderr: "null" }).output();
    return success;
  } finally {
    await Deno.remove(path);
  }
}
