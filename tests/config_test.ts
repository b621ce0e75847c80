/** The environment: read once, refused by the name of what is wrong. */
import assert from "node:assert/strict";
import { ConfigError, readConfig, signingSecret, vapidKeys } from "../adapters/config.ts";
import { isVapidPair, newVapidPair } from "../adapters/vapid.ts";

const SECRET = "a secret of thirty-two bytes, or more";

Deno.test("an empty environment is enough: everything embedded, on port 8000", () => {
  for (const environment of [{}, { PORT: "", DATABASE_URL: " ", JWT_SECRET: "", ALLOWED_ORIGINS: "" }]) {
    const config = readConfig(environment);
    assert.deepEqual(
      [config.PORT, config.DATABASE_URL, config.REDIS_URL, config.AMQP_URL, config.DATA_DIR, config.JWT_SECRET],
      [8000, undefined, undefined, undefined, "./.data", undefined],
    );
    assert.deepEqual([config.ALLOWED_ORIGINS, config.TRUSTED_PROXIES, config.RATE_LIMIT_FACTOR], [[], [], 1]);
    assert.equal(config.MAFRA_API_URL, "http://211.237.50.150:7080/openapi");
    assert.equal(config.DATA_GO_KR_API_URL, "https://api.data.go.kr/openapi");
    assert.equal(config.SEOUL_API_URL, "http://openapi.seoul.go.kr:8088");
    assert.deepEqual([config.KAKAO_API_URL, config.KAKAO_REST_API_KEY], ["https://dapi.kakao.com", undefined]);
  }
});

Deno.test("right values of every kind are taken", () => {
  const config = readConfig({
    PORT: "0",
    DATABASE_URL: "postgresql://user:pass@db:5432/moajang?sslmode=require",
    REDIS_URL: "rediss://:pass@cache:6379/1",
    AMQP_URL: "amqps://user:pass@queue/%2f",
    JWT_SECRET: SECRET,
    PUBLIC_ORIGIN: "https://moajang.example",
    ALLOWED_ORIGINS: " https://a.example , http://localhost:5173,https://*.b.example:8443,, ",
    TRUSTED_PROXIES: "10.0.0.0/8, ::1, fd00::/8,127.0.0.1,0.0.0.0/0",
    RATE_LIMIT_FACTOR: "0.5",
    LOG_LEVEL: "debug",
    SOMETHING_ELSE: "is nobody's business here",
  });
  assert.deepEqual(config.ALLOWED_ORIGINS, ["https://a.example", "http://localhost:5173", "https://*.b.example:8443"]);
  assert.deepEqual(config.TRUSTED_PROXIES, ["10.0.0.0/8", "::1", "fd00::/8", "127.0.0.1", "0.0.0.0/0"]);
  assert.deepEqual([config.PORT, config.RATE_LIMIT_FACTOR, config.LOG_LEVEL], [0, 0.5, "debug"]);
});

Deno.test("every wrong variable ends the start with its name, and never with its value", () => {
  const wrong: Record<string, string[]> = {
    PORT: ["-1", "65536", "80.5", "http"],
    DATABASE_URL: ["mysql://db/x", "localhost:5432", "not a url"],
    DATABASE_POOL: ["1", "201", "many"],
    REDIS_URL: ["http://cache", "cache:6379"],
    AMQP_URL: ["redis://queue", "queue"],
    NAMESPACE: ["Moa", "a_b", "-a", "a".repeat(41), "a.b"],
    JWT_SECRET: ["too-short", "x".repeat(31)],
    PUBLIC_ORIGIN: ["moajang.example", "https://moajang.example/", "ftp://moajang.example", "*"],
    ALLOWED_ORIGINS: [
      "*",
      "https://*",
      "https://a.*.example",
      "https://a.example/",
      "a.example",
      "null",
      "https://A.b",
    ],
    TRUSTED_PROXIES: [
      "proxy",
      "10.0.0",
      "10.0.0.256",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0.0/-1",
      "::1/129",
      "fd00:::1",
      "1",
      "127.0.0.1, nowhere",
    ],
    RATE_LIMIT_FACTOR: ["0", "-1", "NaN", "Infinity", "fast"],
    LOG_LEVEL: ["loud", "INFO"],
    MAFRA_API_URL: ["ftp://x", "x"],
    MAFRA_ITEM_GRID: ["Grid", "Grid_1_1/../x"],
    DATA_GO_KR_API_URL: ["x"],
    SEOUL_API_URL: ["file:///x"],
    KAKAO_API_URL: ["dapi.kakao.com"],
    KAKAO_REST_API_KEY: ["two words", "열쇠", "a\nb"],
    MAP_TILE_URL: ["https://tiles.example/{z}/{x}.png", "tiles.example/{z}/{x}/{y}.png", "file:///{z}/{x}/{y}"],
    VAPID_PUBLIC_KEY: ["short", "A".repeat(87), `B${"A".repeat(87)}`],
    VAPID_PRIVATE_KEY: ["short", "A".repeat(44)],
    VAPID_SUBJECT: ["me@moajang.example", "mailto:me", "http://moajang.example"],
    PUSH_LOCAL_HOSTS: ["https://push.lan", "push lan"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const error = refused({ JWT_SECRET: SECRET, [name]: value });
      assert.ok(error.message.startsWith(`${name}: `), `${name}=${value}: ${error.message}`);
      if (/SECRET|_URL|_KEY/.test(name)) assert.ok(!error.message.includes(value), `${error.message} tells the value`);
    }
  }
});

Deno.test("all wrong variables are named at once", () => {
  const { message } = refused({ PORT: "x", REDIS_URL: "x", TRUSTED_PROXIES: "x", JWT_SECRET: SECRET });
  for (const name of ["PORT", "REDIS_URL", "TRUSTED_PROXIES"]) assert.match(message, new RegExp(`(^|; )${name}: `));
});

Deno.test("JWT_SECRET must be set as soon as any of the three stores is a real one, and counts bytes, not letters", () => {
  const urls = { DATABASE_URL: "postgres://db/x", REDIS_URL: "redis://cache", AMQP_URL: "amqp://queue" };
  for (const [name, url] of Object.entries(urls)) {
    assert.match(refused({ [name]: url }).message, /^JWT_SECRET: must be set/);
    assert.match(refused({ [name]: url, JWT_SECRET: "  " }).message, /^JWT_SECRET: must be set/);
    assert.equal(readConfig({ [name]: url, JWT_SECRET: SECRET }).JWT_SECRET, SECRET);
  }
  const hangul = "가".repeat(11);
  assert.equal(readConfig({ JWT_SECRET: hangul }).JWT_SECRET, hangul);
});

Deno.test("a secret of its own is made once, readable by its owner alone, and the same for all who start at once", async () => {
  const DATA_DIR = await Deno.makeTempDir();
  try {
    const secrets = await Promise.all(Array.from({ length: 8 }, () => signingSecret({ DATA_DIR: `${DATA_DIR}/new` })));
    assert.equal(new Set(secrets).size, 1);
    assert.ok(secrets[0]!.length >= 32);
    assert.equal(await signingSecret({ DATA_DIR: `${DATA_DIR}/new` }), secrets[0]);
    const files = (await Array.fromAsync(Deno.readDir(`${DATA_DIR}/new`))).map(({ name }) => name);
    assert.deepEqual(files, ["jwt_secret"]);
    assert.equal((await Deno.stat(`${DATA_DIR}/new/jwt_secret`)).mode! & 0o777, 0o600);
    assert.equal(await signingSecret({ DATA_DIR, JWT_SECRET: SECRET }), SECRET);
  } finally {
    await Deno.remove(DATA_DIR, { recursive: true });
  }
});

Deno.test("keys for Web Push: all three or none, of one pair, and none of one's own beside real stores", async () => {
  const pair = await newVapidPair(), other = await newVapidPair();
  const keys = {
    VAPID_PUBLIC_KEY: pair.publicKey,
    VAPID_PRIVATE_KEY: pair.privateKey,
    VAPID_SUBJECT: "mailto:me@b.kr",
  };
  for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
    const { [name]: _, ...rest } = keys;
    assert.ok(refused(rest).message.startsWith(`${name}: must be set`));
  }
  assert.deepEqual(await vapidKeys(readConfig(keys)), { ...pair, subject: "mailto:me@b.kr" });
  const mixed = readConfig({ ...keys, VAPID_PRIVATE_KEY: other.privateKey });
  await assert.rejects(vapidKeys(mixed), /^ConfigError: VAPID_PRIVATE_KEY: is not that of VAPID_PUBLIC_KEY$/);
  const real = readConfig({ REDIS_URL: "redis://cache", JWT_SECRET: SECRET });
  assert.equal(await vapidKeys(real), null);
});

Deno.test("embedded, keys for Web Push are made once, readable by their owner alone", async () => {
  const DATA_DIR = await Deno.makeTempDir();
  try {
    const config = readConfig({ DATA_DIR });
    const [keys, ...others] = await Promise.all(Array.from({ length: 8 }, () => vapidKeys(config)));
    for (const each of [...others, await vapidKeys(config)]) assert.deepEqual(each, keys);
    assert.ok(await isVapidPair(keys!));
    assert.equal((await Deno.stat(`${DATA_DIR}/vapid_keys`)).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(DATA_DIR, { recursive: true });
  }
});

Deno.test("main.ts vapid prints a new pair as lines of an environment", async () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const args = ["run", "--no-check", "--allow-all", main, "vapid"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.split("="));
  const config = readConfig({ ...Object.fromEntries(lines), VAPID_SUBJECT: "https://moajang.example" });
  assert.ok(await isVapidPair((await vapidKeys(config))!));
});

function refused(environment: Record<string, string>): ConfigError {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  assert.fail(`${JSON.stringify(environment)} was taken`);
}
