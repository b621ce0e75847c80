/** What only somebody who is signed in can see. */
import type { ComponentChildren } from "preact";
import type { Me } from "../../contract/identity.ts";
import { PROBLEMS } from "../../contract/problems.ts";
import { Failed } from "../ask.tsx";
import { Refusal } from "../http.ts";
import { me } from "../session.ts";
import { locale } from "../words.ts";

/** Shows it to them; leads everybody else to sign in. */
export function SignedIn({ children }: { children: (user: Me) => ComponentChildren }) {
  if (me.value) return <>{children(me.value)}</>;
  const { status, ...titles } = PROBLEMS.unauthenticated;
  const refusal = new Refusal("unauthenticated", status, titles[locale.value]);
  return <Failed refusal={refusal} retry={() => Promise.resolve()} />;
}
