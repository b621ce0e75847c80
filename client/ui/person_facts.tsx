/** What a person has done so far, for whoever is to share a pack with them. */
import type { Profile } from "../../contract/identity.ts";
import { screenPath } from "../../contract/screens.ts";
import { t } from "../words.ts";

/** The name, which leads to the profile, and `참석 12/13 · 페널티 0`. */
export function PersonFacts({ person }: { person: Profile }) {
  return (
    <div class="person">
      <a href={screenPath("user", person.id)}>{person.nickname}</a>
      <p class="quiet">{factsOf(person)}</p>
    </div>
  );
}

/** `참석 12/13 · 페널티 0`. */
export function factsOf({ attendance: { attended, total }, penaltyCount }: Profile): string {
  const came = total === 0
    ? t("참석 기록 없음", "No parties yet")
    : t(`참석 ${attended}/${total}`, `Came ${attended}/${total}`);
  return `${came} · ${t(`페널티 ${penaltyCount}`, `Penalties ${penaltyCount}`)}`;
}
