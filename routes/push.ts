/** Web Push: the service's key, and the caller's browsers. */
import { Hono } from "hono";
import { PushEnd, PushKey, PushSubscribed, PushSubscription } from "../contract/push.ts";
import { LIMITS } from "../services/limits.ts";
import type { Deps } from "../services/ports.ts";
import { readPushKey, subscribePush, unsubscribePush } from "../services/push_subscriptions.ts";
import { type EdgeEnv, jsonBody } from "./edge.ts";
import { anyone, signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";

/** GET `/push-key`, POST and DELETE `/push-subscriptions`. */
export function pushRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/push-key",
      anyone(deps, {
        summary: "The key that browsers subscribe to Web Push with",
        answers: { 200: PushKey },
        problems: ["push-off"],
      }),
      (c) => c.json(readPushKey(deps)),
    )
    .post(
      "/push-subscriptions",
      signedIn(deps, {
        summary: "Push the caller's alerts to a browser, until this session ends",
        answers: { 200: PushSubscribed, 201: PushSubscribed },
        problems: ["invalid-input", "push-off", "idempotency-in-flight", "idempotency-mismatch"],
        limit: LIMITS.browsers,
      }),
      jsonBody(PushSubscription),
      async (c) => await created(deps, c, (scope) => subscribePush(scope, c.get("caller"), c.req.valid("json"))),
    )
    .delete(
      "/push-subscriptions",
      signedIn(deps, {
        summary: "Push to this browser no more",
        answers: { 204: null },
        problems: ["invalid-input"],
      }),
      jsonBody(PushEnd),
      async (c) => {
        await unsubscribePush(deps, c.get("caller").userId, c.req.valid("json").endpoint);
        return c.body(null, 204);
      },
    );
}
