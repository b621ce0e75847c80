/** A party: what it is, and what can be done with it. */
import { useRoute } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";
import { Shown } from "../ask.tsx";
import { MemberList } from "../party/member_list.tsx";
import { OpenSheet } from "../party/move_sheets.tsx";
import { PartyFacts } from "../party/party_facts.tsx";
import { footerOf } from "../party/party_footer.tsx";
import { PartyMenu } from "../party/party_menu.tsx";
import { PartyState } from "../party/party_state.tsx";
import { usePartyView } from "../party/party_view.ts";
import { StatusTag } from "../ui/party_card.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** One party, for whoever has its address; what can be done fits who looks, and when. */
export function PartyScreen() {
  const { asked, view } = usePartyView(useRoute().params.id!);
  return (
    <Screen
      title={view?.party.title ?? t("파티", "Party")}
      back={screenPath("home")}
      actions={view && <StatusTag party={view.party} />}
      footer={view && footerOf(view)}
    >
      <Shown asked={asked}>
        {() =>
          view && (
            <>
              <PartyState view={view} />
              <PartyFacts view={view} />
              <MemberList view={view} />
              <PartyMenu view={view} />
              <OpenSheet view={view} />
            </>
          )}
      </Shown>
    </Screen>
  );
}
