/** The chat's socket: who may open one, what it speaks, and how large a message may be. */
import { type Context, Hono } from "hono";
import { CLOSE, FRAME_BYTES_MAX, type Protocol, PROTOCOLS } from "../contract/chat.ts";
import { invalid, Problem } from "../contract/problems.ts";
import type { Arrival, Connection } from "../services/chat_peer.ts";
import type { ChatHub } from "../services/chat_hub.ts";
import { LIMITS } from "../services/limits.ts";
import type { LiveSessions } from "../services/live_sessions.ts";
import type { AccessClaims, Deps } from "../services/ports.ts";
import type { Entrance } from "../services/socket_seats.ts";
import { redeemTicket } from "../services/tickets.ts";
import type { EdgeEnv } from "./edge.ts";
import { anyone } from "./guard.ts";
import type { SocketMemory, Watched } from "./socket_memory.ts";
import { boundedSink } from "./socket_sink.ts";

interface SocketDeps extends Pick<Deps, "sql" | "cache" | "tokens" | "limiter" | "clock"> {
  hub: ChatHub;
  live: LiveSessions;
  memory: SocketMemory;
  isAllowedOrigin: (origin: string) => boolean;
}

/** A peer that has been silent for half of this is pinged, and given up when it stays silent for the other half. */
const IDLE_S = 30;
/** A handshake whose client is gone before it is open may never be heard of again. */
const OPEN_MS = 10_000;

/**
 * GET `/ws`: a WebSocket speaking `moajang.v1` or `v12.stomp`. Signed in by `Authorization`, by `?ticket=`, or by a first
 * frame `hello` or CONNECT; never by a cookie.
 */
export function socketRoutes(deps: SocketDeps) {
  return new Hono<EdgeEnv>().get(
    "/",
    anyone(deps, {
      summary: "Open the chat socket",
      answers: { 101: null },
      problems: ["upgrade-required", "origin-not-allowed", "unauthenticated", "invalid-input"],
      limit: LIMITS.connections,
    }),
    async (c) => {
      requireUpgrade(c);
      requireOwnOrigin(deps, c);
      deps.hub.requireStaying();
      const protocol = chooseProtocol(c.req.header("sec-websocket-protocol"));
      const claims = c.get("caller") ?? await claimsOfTicket(deps, c.req.query("ticket"));
      const entrance = await deps.hub.enter(c.env.remoteAddress, claims !== null);
      try {
        return accept(deps, c.req.raw, protocol, claims, entrance);
      } catch (error) {
        entrance[Symbol.dispose]();
        throw error;
      }
    },
  );
}

function requireUpgrade(c: Context): void {
  const isWebSocket = c.req.header("upgrade")?.toLowerCase() === "websocket" &&
    c.req.header("sec-websocket-version") === "13" && c.req.header("sec-websocket-key") !== undefined;
  if (!isWebSocket) throw new Problem("upgrade-required", "Cannot open the socket: this is not a WebSocket handshake");
}

/** A page of another origin must not speak with a visitor's rights. Programs that are no browsers send no origin. */
function requireOwnOrigin({ isAllowedOrigin }: SocketDeps, c: Context): void {
  const origin = c.req.header("origin");
  if (origin === undefined || isAllowedOrigin(origin)) return;
  if (URL.parse(origin)?.host === c.req.header("host")) return;
  throw new Problem("origin-not-allowed", "Cannot open the socket: its origin is not on the allow-list");
}

/**
 * The client's first that we speak; `undefined` when it leaves the choice to us. A client that offers only others would not
 * understand a word.
 */
function chooseProtocol(offered: string | undefined): Protocol | undefined {
  if (offered === undefined) return undefined;
  const names = offered.split(",").map((name) => name.trim());
  const chosen = names.map((name) => PROTOCOLS.find((each) => each === name)).find((each) => each !== undefined);
  if (chosen) return chosen;
  throw invalid("/header/sec-websocket-protocol", `must offer ${PROTOCOLS.join(" or ")}`);
}

async function claimsOfTicket(deps: SocketDeps, ticket: string | undefined): Promise<AccessClaims | null> {
  if (ticket === undefined) return null;
  const claims = await redeemTicket(deps, ticket);
  if (!claims) throw new Problem("unauthenticated", "Cannot open the socket: the ticket is unknown, used or expired");
  return claims;
}

function accept(
  { hub, live, memory }: SocketDeps,
  request: Request,
  protocol: Protocol | undefined,
  claims: AccessClaims | null,
  entrance: Entrance,
) {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: IDLE_S, ...(protocol && { protocol }) });
  socket.binaryType = "arraybuffer";
  const watch: Arrival["watch"] = ({ sessionId, userId, expiresAt }, end) =>
    live.add({ id: sessionId, userId, expiresAt }, end);
  let connection: Connection | undefined;
  let watched: Watched | undefined;
  // May come twice, also without an `open` before.
  function gone(): void {
    stopWaiting();
    entrance[Symbol.dispose]();
    watched?.[Symbol.dispose]();
    connection?.closed();
  }
  let openTimer: ReturnType<typeof setTimeout> | undefined = setTimeout(gone, OPEN_MS);
  /** Forgets the timer too, for as long as the socket lasts. */
  function stopWaiting(): void {
    clearTimeout(openTimer);
    openTimer = undefined;
  }
  socket.onopen = () => {
    stopWaiting();
    watched = memory.add(socket);
    const sink = boundedSink(socket, () => connection?.close(CLOSE.tooSlow, "too slow"));
    connection = hub.connect(protocol ?? PROTOCOLS[0], { sink, claims, onKnown: entrance.known, watch });
  };
  socket.onmessage = ({ data }) => {
    watched?.finished();
    if (isTooBig(data)) connection?.close(CLOSE.tooBig, `over ${FRAME_BYTES_MAX} bytes`);
    else connection?.receive(data);
  };
  socket.onclose = gone;
  return response;
}

function isTooBig(data: string | ArrayBuffer): boolean {
  if (typeof data !== "string") return data.byteLength > FRAME_BYTES_MAX;
  // No character takes more than three bytes a unit: most messages need not be counted.
  return data.length * 3 > FRAME_BYTES_MAX && new TextEncoder().encode(data).byteLength > FRAME_BYTES_MAX;
}
