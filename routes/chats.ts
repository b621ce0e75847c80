/** The caller's chats. */
import { Hono } from "hono";
import { Chats } from "../contract/chat.ts";
import { listChats } from "../services/chat_list.ts";
import type { Deps } from "../services/ports.ts";
import type { EdgeEnv } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** GET `/` under `/api/chats`. */
export function chatListRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/",
    signedIn(deps, { summary: "Your open chats, the most recently active first", answers: { 200: Chats } }),
    async (c) => c.json(await listChats(deps, c.get("caller").userId)),
  );
}
