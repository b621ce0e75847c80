/** Who is in a party, for those who are in it. */
import type { Membership, Party } from "../../contract/parties.ts";
import { Shown } from "../ask.tsx";
import { PersonFacts } from "../ui/person_facts.tsx";
import { t } from "../words.ts";
import { isIn } from "./moves.ts";
import { Section } from "./party_facts.tsx";
import type { PartyView } from "./party_view.ts";
import { exactAmount } from "./quantities.ts";

/** The accepted, the leader first. */
export function MemberList({ view: { party, members } }: { view: PartyView }) {
  if (!isIn(party)) return null;
  return (
    <Section title={t("함께하는 사람", "Who is in")}>
      <Shown asked={members}>
        {({ items }) => (
          <ul class="list">
            {items.filter(({ status }) => status === "accepted").map((each) => (
              <MemberRow key={each.userId} member={each} unit={party.unit} />
            ))}
          </ul>
        )}
      </Shown>
    </Section>
  );
}

function MemberRow({ member, unit }: { member: Membership; unit: Party["unit"] }) {
  return (
    <li class="card row">
      <PersonFacts person={member.profile} />
      <span class="party-member-share">
        {member.role === "leader" && <span class="tag">{t("파티장", "Leader")}</span>}
        <span class="number">{exactAmount(member.quantity, unit)}</span>
        {member.attended && <span class="tag">{t("출석", "Came")}</span>}
      </span>
    </li>
  );
}
