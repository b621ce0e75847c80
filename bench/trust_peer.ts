/**
 * A node of the service, and in the same process the peer of its profile route: the same envelope and guard before one bare
 * GET from Redis. Prints both ports.
 *
 *   deno run --allow-all bench/trust_peer.ts   (with the service's environment)
 */
import { Hono } from "hono";
import { readConfig } from "../adapters/config.ts";
import { prometheusMetrics } from "../adapters/metrics_prometheus.ts";
import { startService } from "../main.ts";
import { boundedBody, jsonOnly } from "../routes/body.ts";
import { answerError, type EdgeEnv, ids } from "../routes/edge.ts";
import { crossOrigin, envelope, soundHost } from "../routes/envelope.ts";
import { signedIn } from "../routes/guard.ts";
import { quietLog } from "../tests/quiet_log.ts";

const service = await startService(readConfig(Deno.env.toObject()), { log: quietLog });
const { deps } = service;
const app = new Hono<EdgeEnv>()
  .use(envelope(deps.log, prometheusMetrics()))
  .use(soundHost)
  .use(crossOrigin(() => false))
  .use(boundedBody)
  .use(jsonOnly)
  .onError(answerError(deps.log))
  .get("/api/users/:id", signedIn(deps, { summary: "Bare", answers: { 200: null } }), ids("id"), async (c) => {
    const text = await deps.cache.get(`penalty-count:${c.req.valid("param").id}`);
    return c.body(text ?? "null", 200, { "content-type": "application/json" });
  });
const peer = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  (request) => app.fetch(request, { remoteAddress: "127.0.0.1" }),
);
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ service: service.port, peer: peer.addr.port }) + "\n"));
