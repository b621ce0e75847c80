/** The `Idempotency-Key` header of POSTs that create. */
import type { Context } from "hono";
import { invalid } from "../contract/problems.ts";
import { type Answer, once } from "../services/idempotency.ts";
import type { AccessClaims, Deps } from "../services/ports.ts";
import { sha256 } from "../services/secrets.ts";
import type { CallerEnv } from "./guard.ts";

/**
 * Answers a POST that creates: 201 unless `work` says otherwise. With an `Idempotency-Key` it happens once, and repeats get
 * the first answer. `work` must use the `scope` it is given: its `sql` is the transaction that also keeps the answer.
 */
export async function created<Scope extends Pick<Deps, "sql" | "clock">>(
  deps: Scope,
  c: Context<CallerEnv<AccessClaims>>,
  work: (scope: Scope) => Promise<{ status?: Answer["status"]; body: unknown }>,
): Promise<Response> {
  const answered = async (scope: Scope) => ({ status: 201 as const, ...await work(scope) });
  const key = c.req.header("idempotency-key");
  const { status, body } = key === undefined
    ? await answered(deps)
    : await once(deps, { userId: c.get("caller").userId, key: checked(key), hash: await hashOf(c) }, answered);
  return c.json(body as object, status);
}

function checked(key: string): string {
  if (/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) return key;
  throw invalid("/header/idempotency-key", "must be 1 to 255 printable ASCII characters");
}

async function hashOf(c: Context): Promise<Uint8Array> {
  return await sha256(`${c.req.method} ${c.req.path}\n${await c.req.text()}`);
}
