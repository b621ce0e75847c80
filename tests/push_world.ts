/** A push service on this machine, and browsers that subscribe to it: they decrypt by hand, from RFC 8291, what arrives. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Neighbour, World } from "./alert_world.ts";
import { movableClock, type TestClock, type TestService } from "./harness.ts";

/** What has come for a browser, decrypted. */
export interface Received {
  at: number;
  headers: Headers;
  /** The JSON of the payload. */
  // deno-lint-ignore no-explicit-any -- a test reads whatever shape it expects, and fails when it is not there
  payload: any;
}

/** A browser with a subscription of its own. */
export interface Browser {
  endpoint: string;
  /** What `PushSubscription.toJSON()` gives. */
  json: { endpoint: string; expirationTime: number | null; keys: { p256dh: string; auth: string } };
  /** Everything that came, taken or not, in order. */
  received: Received[];
  /** How its push service answers; 201 when not said. */
  answer: (received: Received) => Response | Promise<Response>;
}

/** A push service. Disposing it stops it. */
export interface PushService extends AsyncDisposable {
  /** `host:port`. */
  host: string;
  addBrowser(): Promise<Browser>;
}

/** Opens a push service on a free port. */
export function openPushService(): PushService {
  const browsers = new Map<string, Keys & Browser>();
  const stopping = new AbortController();
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: stopping.signal };
  const server = Deno.serve(options, async (request) => {
    const browser = browsers.get(new URL(request.url).pathname);
    if (!browser) return new Response(null, { status: 404 });
    const body = new Uint8Array(await request.arrayBuffer());
    const payload = JSON.parse(await decrypt(browser, body));
    const received = { at: performance.now(), headers: request.headers, payload };
    browser.received.push(received);
    return await browser.answer(received);
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    async addBrowser() {
      const path = `/push/${v7()}`, keys = await makeKeys();
      const endpoint = `http://${host}${path}`;
      const browser: Keys & Browser = {
        ...keys,
        endpoint,
        json: {
          endpoint,
          expirationTime: null,
          keys: { p256dh: base64url(keys.publicKey), auth: base64url(keys.auth) },
        },
        received: [],
        answer: () => new Response(null, { status: 201 }),
      };
      browsers.set(path, browser);
      return browser;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await server.finished;
    },
  };
}

/** A clock at this hour of Seoul, within the next day: at which hour a test is run must not decide whether it is quiet. */
export function clockAt(hour: number): TestClock {
  const clock = movableClock(), day = 24 * 3600_000;
  // Seoul is nine hours ahead all the year.
  const sinceHour = (clock.now().getTime() + (9 - hour) * 3600_000) % day;
  clock.advance(day - sinceHour);
  return clock;
}

/** Subscribes a browser over HTTP. */
export async function subscribe(service: TestService, { token }: { token: string }, browser: Browser): Promise<void> {
  const answer = await service.call("POST", "/api/push-subscriptions", { token, body: browser.json });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
}

/** Subscribes browsers, one for each of these people, without HTTP. */
export async function subscribeAll({ sql, clock }: World, people: Neighbour[], browsers: Browser[]): Promise<void> {
  for (const [i, { endpoint, json }] of browsers.entries()) {
    const { id, sessionId } = people[i]!, now = clock.now();
    await sql`
      insert into push_subscriptions (user_id, id, session_id, endpoint, endpoint_hash, host, p256dh, auth, created_at,
        renewed_at)
      values (${id}, ${v7()}, ${sessionId}, ${endpoint}, sha256(convert_to(${endpoint}, 'UTF8')),
        ${new URL(endpoint).host}, ${json.keys.p256dh}, ${json.keys.auth}, ${now}, ${now})`;
  }
}

/** How many pushes wait for these people. */
export async function waitingFor({ sql }: Pick<World, "sql">, people: { id: string }[]): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count
    from pushes
    where user_id = any(${people.map(({ id }) => id)}::uuid[])`;
  return row!.count;
}

/** Reads `Authorization: vapid t=…, k=…`, checks its signature, and gives what it says (RFC 8292). */
export async function readVapid(headers: Headers): Promise<{ key: string; aud: string; exp: number; sub: string }> {
  const [, token, key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.get("authorization") ?? "") ?? [];
  assert.ok(token && key, `not VAPID: ${headers.get("authorization")}`);
  const [header, claims, signature] = token.split(".") as [string, string, string];
  assert.equal(JSON.parse(new TextDecoder().decode(bytesOf(header))).alg, "ES256");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const publicKey = await crypto.subtle.importKey("raw", bytesOf(key), algorithm, false, ["verify"]);
  const signed = new TextEncoder().encode(`${header}.${claims}`);
  assert.ok(await crypto.subtle.verify(algorithm, publicKey, bytesOf(signature), signed), "the signature is wrong");
  return { key, ...JSON.parse(new TextDecoder().decode(bytesOf(claims))) };
}

interface Keys {
  privateKey: CryptoKey;
  publicKey: Uint8Array<ArrayBuffer>;
  auth: Uint8Array<ArrayBuffer>;
}

const ECDH = { name: "ECDH", namedCurve: "P-256" };

async function makeKeys(): Promise<Keys> {
  const pair = await crypto.subtle.generateKey(ECDH, false, ["deriveBits"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKey: pair.privateKey, publicKey, auth: crypto.getRandomValues(new Uint8Array(16)) };
}

/** RFC 8188's one record, with the keys of RFC 8291. */
async function decrypt({ privateKey, publicKey, auth }: Keys, body: Uint8Array<ArrayBuffer>): Promise<string> {
  assert.equal(body.length, 4096, "all are of one size, the largest that every push service takes");
  const salt = body.slice(0, 16), recordSize = new DataView(body.buffer).getUint32(16);
  const sender = body.slice(21, 21 + body[20]!), record = body.slice(21 + body[20]!);
  assert.ok(sender.length === 65 && record.length <= recordSize);
  const senderKey = await crypto.subtle.importKey("raw", sender, ECDH, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: senderKey }, privateKey, 256);
  const ikm = await hkdf(auth, new Uint8Array(shared), [...text("WebPush: info\0"), ...publicKey, ...sender], 32);
  const contentKey = await hkdf(salt, ikm, text("Content-Encoding: aes128gcm\0"), 16);
  const nonce = await hkdf(salt, ikm, text("Content-Encoding: nonce\0"), 12);
  const key = await crypto.subtle.importKey("raw", contentKey, "AES-GCM", false, ["decrypt"]);
  const padded = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, key, record));
  const end = padded.findLastIndex((byte) => byte !== 0);
  assert.equal(padded[end], 2, "the last record ends with 2 and zeroes");
  return new TextDecoder("utf-8", { fatal: true }).decode(padded.subarray(0, end));
}

async function hkdf(
  salt: Uint8Array<ArrayBuffer>,
  ikm: Uint8Array<ArrayBuffer>,
  info: Iterable<number>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info: new Uint8Array([...info]) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}

const text = (ascii: string) => new TextEncoder().encode(ascii);
const bytesOf = (encoded: string) => Uint8Array.fromBase64(encoded, { alphabet: "base64url" });
const base64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
