/** The whole HTTP application: middleware in order, errors in one place, a mount a resource. */
import { type Context, Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { type GenerateSpecOptions, generateSpecs } from "hono-openapi";
import { Problem } from "../contract/problems.ts";
import type { AlertStreams } from "../services/alert_streams.ts";
import type { ChatHub } from "../services/chat_hub.ts";
import type { LiveSessions } from "../services/live_sessions.ts";
import type { Deps } from "../services/ports.ts";
import type { Readiness } from "../services/readiness.ts";
import { addressRoutes } from "./addresses.ts";
import { adminRoutes } from "./admin.ts";
import { alertPreferenceRoutes } from "./alert_preferences.ts";
import { alertRoutes } from "./alerts.ts";
import { appealRoutes } from "./appeals.ts";
import { asyncApiRoutes } from "./asyncapi.ts";
import { authRoutes } from "./auth.ts";
import { boundedBody, jsonOnly } from "./body.ts";
import { myCalendarRoutes, partyCalendarRoutes } from "./calendars.ts";
import { chatRoutes } from "./chat.ts";
import { checkInRoutes } from "./check_in.ts";
import { chatListRoutes } from "./chats.ts";
import { type ClientDeps, clientRoutes } from "./client.ts";
import { deadLetterRoutes } from "./dead_letters.ts";
import { answerError, answerProblem, type EdgeEnv } from "./edge.ts";
import { crossOrigin, envelope, soundHost } from "./envelope.ts";
import { favoriteRoutes } from "./favorites.ts";
import { itemRoutes } from "./items.ts";
import { marketRoutes } from "./markets.ts";
import { meRoutes } from "./me.ts";
import { myPartyRoutes } from "./me_parties.ts";
import { myPenaltyRoutes } from "./me_penalties.ts";
import { memberRoutes } from "./members.ts";
import { metricsRoutes } from "./metrics.ts";
import { type Asset, pageRoutes } from "./pages.ts";
import { partyRoutes } from "./parties.ts";
import { penaltyRoutes } from "./penalties.ts";
import { pushRoutes } from "./push.ts";
import { regionRoutes } from "./regions.ts";
import { serviceRoutes } from "./service.ts";
import { settlementRoutes } from "./settlements.ts";
import { socketRoutes } from "./socket.ts";
import type { SocketMemory } from "./socket_memory.ts";
import { userRoutes } from "./users.ts";

/** What the edge needs beyond the services' own dependencies. */
export interface AppDeps extends Deps, ClientDeps {
  hub: ChatHub;
  streams: AlertStreams;
  live: LiveSessions;
  memory: SocketMemory;
  readiness: Readiness;
  /** Whether a browser page of this origin may call with credentials and open sockets. */
  isAllowedOrigin: (origin: string) => boolean;
  /** Whether cookies are for HTTPS only. */
  secureCookies: boolean;
  asset: Asset;
}

/** Builds the application. Everything is under `/api` but the socket, the pages and the probes. */
export function createApp(deps: AppDeps) {
  const root = new Hono<EdgeEnv>();
  const app = root
    .use(envelope(deps.log, deps.metrics))
    .use(soundHost)
    .use(crossOrigin(deps.isAllowedOrigin))
    .use(methodNotAllowed({ app: root, onMethodNotAllowed: answerMethods }))
    .use(boundedBody)
    .use(jsonOnly)
    .onError(answerError(deps.log))
    .notFound((c) => answerProblem(c, new Problem("not-found", `Cannot find ${c.req.path}: no such route`)))
    .route("/", serviceRoutes(deps.readiness))
    .route("/", metricsRoutes(deps.metrics))
    .route("/", pageRoutes(deps.asset))
    .route("/", clientRoutes(deps))
    .route("/", asyncApiRoutes())
    .route("/ws", socketRoutes(deps))
    .route("/api/auth", authRoutes(deps))
    .route("/api/me", ownRoutes(deps))
    .route("/api/penalties", appealRoutes(deps))
    .route("/api/users", userRoutes(deps))
    .route("/api/items", itemRoutes(deps))
    .route("/api/markets", marketRoutes(deps))
    .route("/api/addresses", addressRoutes(deps))
    .route("/api/regions", regionRoutes(deps))
    .route("/api/favorites", favoriteRoutes(deps))
    .route("/api/parties", everythingOfParties(deps))
    .route("/api/chats", chatListRoutes(deps))
    .route("/api/alerts", alertRoutes(deps))
    .route("/api", pushRoutes(deps))
    .route("/api/admin", adminRoutes(deps))
    .route("/api/admin/dead-letters", deadLetterRoutes(deps));
  let specs: ReturnType<typeof generateSpecs> | undefined;
  return app.get("/openapi.json", async (c) => c.json(await (specs ??= generateSpecs(app, OPENAPI))));
}

/** What is the caller's own. Apart, as the types of one chain of all routes would go too deep. */
function ownRoutes(deps: AppDeps) {
  return new Hono<EdgeEnv>()
    .route("/", meRoutes(deps))
    .route("/", myPartyRoutes(deps))
    .route("/", myCalendarRoutes(deps))
    .route("/", myPenaltyRoutes(deps))
    .route("/", alertPreferenceRoutes(deps));
}

function everythingOfParties(deps: AppDeps) {
  return new Hono<EdgeEnv>()
    .route("/", partyRoutes(deps))
    .route("/", memberRoutes(deps))
    .route("/", partyCalendarRoutes(deps))
    .route("/", checkInRoutes(deps))
    .route("/", penaltyRoutes(deps))
    .route("/", settlementRoutes(deps))
    .route("/", chatRoutes(deps));
}

function answerMethods(c: Context<EdgeEnv>, allowed: string[]): Response {
  const allow = allowed.join(", ");
  const problem = new Problem("method-not-allowed", `Cannot ${c.req.method} ${c.req.path}: the methods are ${allow}`);
  const answer = answerProblem(c, problem);
  answer.headers.set("allow", allow);
  return answer;
}

/** The type of the application, for a typed client. */
export type App = ReturnType<typeof createApp>;

const ABOUT: GenerateSpecOptions["documentation"] = {
  openapi: "3.1.0",
  info: {
    title: "Moajang",
    version: "1.0.0",
    description: "Parties that buy in bulk together: nearby search, chat, alerts, penalties. Problems are RFC 9457.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/" }],
  components: {
    securitySchemes: {
      bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      ticket: { type: "apiKey", in: "query", name: "ticket" },
    },
  },
};

const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

/** A body is refused in the same ways everywhere, before its route is asked. */
const body = {
  responses: {
    413: { description: "too-large", content: problem },
    415: { description: "unsupported-media-type", content: problem },
  },
};

const OPENAPI: Partial<GenerateSpecOptions> = {
  documentation: ABOUT,
  defaultOptions: { POST: body, PUT: body, PATCH: body, DELETE: body },
  // The library's own 400 is never answered here: what is wrong with a request is a 422 that names it.
  defaultValidationErrorResponse: false,
  // A described route is in the document, whatever its name looks like.
  excludeStaticFile: false,
};
