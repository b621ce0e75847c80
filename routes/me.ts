/** The signed-in person's own account. */
import { Hono } from "hono";
import { Me, MeChange, PasswordChange, Withdrawal } from "../contract/identity.ts";
import { MyData } from "../contract/my_data.ts";
import { changePassword, withdraw } from "../services/accounts.ts";
import { LIMITS } from "../services/limits.ts";
import { changeMe, readMe } from "../services/me.ts";
import { readMyData } from "../services/my_data.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, jsonBody } from "./edge.ts";
import { signedIn } from "./guard.ts";
import { type CookieDeps, forgetRefreshToken } from "./refresh_cookie.ts";

type MeDeps =
  & Pick<Deps, "sql" | "relay" | "limiter" | "passwords" | "tokens" | "clock" | "log">
  & Pick<CookieDeps, "secureCookies">;

/** GET, PATCH and DELETE `/`, PUT `/password`, GET `/export`. DELETE and PUT want the password, whoever holds the access token. */
export function meRoutes(deps: MeDeps) {
  return new Hono<EdgeEnv>()
    .get(
      "/",
      signedIn(deps, { summary: "Your account", answers: { 200: Me } }),
      async (c) => c.json(await readMe(deps, c.get("caller").userId)),
    )
    .patch(
      "/",
      signedIn(deps, {
        summary: "Change nickname, home, language or the consent to use your location",
        answers: { 200: Me },
        problems: ["invalid-input", "nickname-taken"],
      }),
      jsonBody(MeChange),
      async (c) => c.json(await changeMe(deps, c.get("caller").userId, c.req.valid("json"))),
    )
    .get(
      "/export",
      signedIn(deps, {
        summary: "Everything that is kept about you, as one JSON file",
        answers: { 200: MyData },
        limit: LIMITS.exports,
      }),
      async (c) => {
        const data = await readMyData(deps, c.get("caller").userId);
        c.header("content-disposition", `attachment; filename="moajang-${data.exportedAt.slice(0, 10)}.json"`);
        return c.json(data);
      },
    )
    .put(
      "/password",
      signedIn(deps, {
        summary: "Change the password; all other sessions end",
        answers: { 204: null },
        problems: ["invalid-input", "bad-credentials"],
        limit: LIMITS.credentials,
      }),
      jsonBody(PasswordChange),
      async (c) => {
        await changePassword(deps, c.get("caller"), c.req.valid("json"));
        return c.body(null, 204);
      },
    )
    .delete(
      "/",
      signedIn(deps, {
        summary: "Withdraw: erase your data, leave your parties, end your sessions",
        answers: { 204: null },
        problems: ["invalid-input", "bad-credentials"],
        limit: LIMITS.credentials,
      }),
      jsonBody(Withdrawal),
      async (c) => {
        await withdraw(deps, c.get("caller"), c.req.valid("json").password);
        forgetRefreshToken(deps, c);
        return c.body(null, 204);
      },
    );
}
