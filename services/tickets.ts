/** Tickets: a browser cannot send headers with a socket or a stream, so it sends one of these in the query, once. */
import type { z } from "zod";
import { type Ticket, TicketClaims } from "../contract/identity.ts";
import type { AccessClaims, Deps } from "./ports.ts";
import { newSecret, sha256 } from "./secrets.ts";
import { isSessionLive } from "./sessions.ts";

const TICKET_S = 30;

/** Makes a ticket that stands for the caller for 30 s, and works once. Only its hash is stored. */
export async function issueTicket(
  { cache, clock }: Pick<Deps, "cache" | "clock">,
  { userId, sessionId, role, expiresAt }: AccessClaims,
): Promise<z.infer<typeof Ticket>> {
  const ticket = newSecret();
  const redeemBy = clock.now().getTime() + TICKET_S * 1000;
  const claims: TicketClaims = { userId, sessionId, role, expiresAt: expiresAt.getTime(), redeemBy };
  await cache.set(await keyOf(ticket), JSON.stringify(claims), TICKET_S);
  return { ticket, expiresInS: TICKET_S };
}

/** Takes a ticket, so that nobody else can. `null` when it is not good, or its session has ended meanwhile. */
export async function redeemTicket(
  { cache, sql, clock }: Pick<Deps, "cache" | "sql" | "clock">,
  ticket: string,
): Promise<AccessClaims | null> {
  const stored = await cache.take(await keyOf(ticket));
  if (stored === null) return null;
  const { redeemBy, expiresAt, ...claims } = TicketClaims.parse(JSON.parse(stored));
  if (clock.now().getTime() >= redeemBy) return null;
  return await isSessionLive({ sql, clock }, claims.sessionId) ? { ...claims, expiresAt: new Date(expiresAt) } : null;
}

async function keyOf(ticket: string): Promise<string> {
  return `ticket:${(await sha256(ticket)).toHex()}`;
}
