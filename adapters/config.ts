/** The environment, read once and nowhere else. A wrong variable ends the start with its name. */
import { isIP } from "node:net";
import { dirname } from "node:path";
import { z } from "zod";
import { isVapidPair, newVapidPair, type VapidKeys, type VapidPair } from "./vapid.ts";

const text = z.string().trim().min(1);
const url = (...protocols: string[]) =>
  text.refine((value) => {
    const parsed = URL.parse(value);
    return parsed !== null && protocols.includes(parsed.protocol.slice(0, -1));
  }, `must be a URL with ${protocols.join(" or ")}://`);

const originPattern = /^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/;
const list = (of: z.ZodType<string, string>) =>
  z.string().transform((value) => value.split(",").map((each) => each.trim()).filter(Boolean)).pipe(z.array(of))
    .default([]);

function isAddressBlock(value: string): boolean {
  const [address = "", bits = "0", ...rest] = value.split("/");
  const bitsMax = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax && rest.length === 0;
}

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8000),
  HOST: text.default("0.0.0.0"),
  DATABASE_URL: url("postgres", "postgresql").optional(),
  DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  REDIS_URL: url("redis", "rediss").optional(),
  AMQP_URL: url("amqp", "amqps").optional(),
  DATA_DIR: text.default("./.data"),
  NAMESPACE: text.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be 1-40 of a-z, 0-9 and -").default("moajang"),
  JWT_SECRET: z.string().refine((value) => new TextEncoder().encode(value).length >= 32, "must have at least 32 bytes")
    .optional(),
  PUBLIC_ORIGIN: text.regex(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/, "must be an origin such as https://moajang.example")
    .optional(),
  ALLOWED_ORIGINS: list(
    z.string().regex(originPattern, "must list exact origins or patterns such as https://*.example.com"),
  ),
  TRUSTED_PROXIES: list(z.string().refine(isAddressBlock, "must list addresses or CIDR blocks such as 10.0.0.0/8")),
  RATE_LIMIT_FACTOR: z.coerce.number().positive().max(1_000_000).default(1),
  MAP_TILE_URL: url("https", "http").refine(
    (value) => ["{z}", "{x}", "{y}"].every((each) => value.includes(each)),
    "must have {z}, {x} and {y} in it",
  ).optional(),
  LOG_LEVEL: z.enum(["debug", "info", "warning", "error"]).default("info"),
  MAFRA_API_URL: url("http", "https").default("http://211.237.50.150:7080/openapi"),
  MAFRA_API_KEY: text.optional(),
  MAFRA_ITEM_GRID: text.regex(/^Grid_\d+_\d+$/, "must look like Grid_20240626000000000668_1")
    .default("Grid_20240626000000000668_1"),
  DATA_GO_KR_API_URL: url("http", "https").default("https://api.data.go.kr/openapi"),
  DATA_GO_KR_API_KEY: text.optional(),
  SEOUL_API_URL: url("http", "https").default("http://openapi.seoul.go.kr:8088"),
  SEOUL_API_KEY: text.optional(),
  KAKAO_API_URL: url("http", "https").default("https://dapi.kakao.com"),
  VAPID_PUBLIC_KEY: text.regex(/^B[\w-]{86}$/, "must be a public key as deno task vapid prints it").optional(),
  VAPID_PRIVATE_KEY: text.regex(/^[\w-]{43}$/, "must be a private key as deno task vapid prints it").optional(),
  VAPID_SUBJECT: text.regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, "must be mailto: or https://").optional(),
  PUSH_LOCAL_HOSTS: list(z.string().regex(/^[a-z0-9.-]+(:\d{1,5})?$/, "must list hosts such as push.lan:8080")),
  // It travels in a header.
  KAKAO_REST_API_KEY: text.regex(/^[\x21-\x7e]+$/, "must be visible ASCII").optional(),
});

/** What the environment says, checked, with defaults. Each of the three store URLs may be missing: embedded then. */
export type Config = z.infer<typeof Environment>;

/** A variable that is missing or wrong. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Reads the environment. Empty variables count as unset. Throws {@link ConfigError} naming every wrong variable. */
export function readConfig(environment: Record<string, string | undefined> = Deno.env.toObject()): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const result = Environment.safeParse(set);
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map((issue) => `${issue.path[0]?.toString()}: ${issue.message}`).join("; "),
    );
  }
  const config = result.data;
  if (!config.JWT_SECRET && !isEmbedded(config)) {
    throw new ConfigError(
      "JWT_SECRET: must be set when DATABASE_URL, REDIS_URL or AMQP_URL is, the same on every node",
    );
  }
  const vapid = ["VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY", "VAPID_SUBJECT"] as const;
  const missing = vapid.filter((name) => !config[name]);
  if (missing.length > 0 && (config.VAPID_PUBLIC_KEY || config.VAPID_PRIVATE_KEY)) {
    throw new ConfigError(`${missing.join(", ")}: must be set with the other two of ${vapid.join(", ")}`);
  }
  return config;
}

function isEmbedded({ DATABASE_URL, REDIS_URL, AMQP_URL }: Pick<Config, "DATABASE_URL" | "REDIS_URL" | "AMQP_URL">) {
  return !DATABASE_URL && !REDIS_URL && !AMQP_URL;
}

/** The signing secret: given, or made once and kept in `DATA_DIR`, readable by its owner alone. */
export async function signingSecret(config: Pick<Config, "JWT_SECRET" | "DATA_DIR">): Promise<string> {
  if (config.JWT_SECRET) return config.JWT_SECRET;
  return await keptSecret(
    { path: `${config.DATA_DIR}/jwt_secret`, variable: "JWT_SECRET" },
    () => crypto.getRandomValues(new Uint8Array(48)).toBase64(),
  );
}

/**
 * The keys for Web Push: given, or, with everything embedded, made once and kept in `DATA_DIR`; else `null`, and nothing is
 * pushed. Throws {@link ConfigError} for two that are not of one pair.
 */
export async function vapidKeys(config: Config): Promise<VapidKeys | null> {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey, VAPID_SUBJECT: subject } = config;
  if (publicKey && privateKey && subject) {
    if (await isVapidPair({ publicKey, privateKey })) return { publicKey, privateKey, subject };
    throw new ConfigError("VAPID_PRIVATE_KEY: is not that of VAPID_PUBLIC_KEY");
  }
  if (!isEmbedded(config)) return null;
  const kept = await keptSecret(
    { path: `${config.DATA_DIR}/vapid_keys`, variable: "VAPID_PRIVATE_KEY" },
    async () => JSON.stringify(await newVapidPair()),
  );
  const pair: VapidPair = JSON.parse(kept);
  return { ...pair, subject: subject ?? "mailto:moajang@moajang.example" };
}

async function keptSecret(
  { path, variable }: { path: string; variable: string },
  make: () => string | Promise<string>,
): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return await keepSecret(path, await make());
    throw new ConfigError(`${variable}: must be set, because ${path} cannot be read by this user`, { cause });
  }
}

async function keepSecret(path: string, made: string): Promise<string> {
  const draft = `${path}.${crypto.randomUUID()}`;
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(draft, made, { mode: 0o600, createNew: true });
  // A link appears whole or not at all, and only the first one does: two processes starting at once agree.
  await Deno.link(draft, path).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  await Deno.remove(draft);
  return await Deno.readTextFile(path);
}
