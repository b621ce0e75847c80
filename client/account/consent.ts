/** Whether the person lets the service use their location. */
import type { Me } from "../../contract/identity.ts";
import { call, learn } from "../session.ts";

/** Gives the consent or takes it back, which forgets the home too. Throws a Refusal. */
export async function setLocationConsent(isGiven: boolean): Promise<void> {
  learn(await call<Me>("PATCH", "/api/me", { body: { consents: { location: isGiven } } }));
}
