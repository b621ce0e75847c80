/** The leader decides who shares the pack. */
import { useRoute } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";
import { Shown } from "../ask.tsx";
import { MemberDesk } from "../leader/member_desk.tsx";
import { NotYours } from "../leader/not_yours.tsx";
import { usePartyPeople } from "../leader/party_people.ts";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** For the leader alone. */
export function MembersScreen() {
  const id = useRoute().params.id!;
  const asked = usePartyPeople(id);
  return (
    <Screen title={t("신청 관리", "Applications")} back={screenPath("party", id)}>
      <Shown asked={asked}>
        {(people) =>
          people.party.myRole === "leader" ? <MemberDesk people={people} reload={asked.reload} /> : (
            <NotYours
              partyId={id}
              title={t("신청은 파티장만 관리할 수 있어요", "Only the leader can manage applications")}
            />
          )}
      </Shown>
    </Screen>
  );
}
