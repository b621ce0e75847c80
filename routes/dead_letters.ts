/** What an admin does about messages that were given up. */
import { Hono } from "hono";
import { z } from "zod";
import {
  DeadLetterId,
  DeadLetterList,
  DeadLetterQuery,
  DeadLetterReplay,
  DeadLettersReplayed,
} from "../contract/dead_letters.ts";
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from "../services/dead_letters.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, jsonBody, noBody, path, query } from "./edge.ts";
import { adminOnly } from "./guard.ts";

/** GET `/` lists them by event, POST `/replay` puts them back on their queues, DELETE `/{eventId}` throws one away. Admins. */
export function deadLetterRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/",
      adminOnly(deps, {
        summary: "Events whose messages were given up, longest dead first",
        answers: { 200: DeadLetterList },
        problems: ["invalid-input"],
      }),
      query(DeadLetterQuery),
      async (c) => c.json(await listDeadLetters(deps, c.req.valid("query"))),
    )
    .post(
      "/replay",
      adminOnly(deps, {
        summary: "Put dead letters back on their queues, these or all",
        answers: { 200: DeadLettersReplayed },
        problems: ["invalid-input"],
      }),
      jsonBody(DeadLetterReplay),
      async (c) => c.json({ replayed: await replayDeadLetters(deps, c.req.valid("json").eventIds) }),
    )
    .delete(
      "/:eventId",
      adminOnly(deps, {
        summary: "Throw the dead letters of an event away; the event stays due",
        answers: { 204: null },
        problems: ["not-found"],
      }),
      path(z.object({ eventId: DeadLetterId })),
      noBody,
      async (c) => {
        await dropDeadLetters(deps, [c.req.valid("param").eventId]);
        return c.body(null, 204);
      },
    );
}
