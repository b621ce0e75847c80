/** For somebody who has no business on a screen of a party's. */
import { DoorClosed } from "lucide-preact";
import { screenPath } from "../../contract/screens.ts";
import { Notice } from "../ui/notice.tsx";
import { t } from "../words.ts";

/** Leads back to the party. */
export function NotYours({ partyId, title }: { partyId: string; title: string }) {
  return (
    <Notice icon={DoorClosed} title={title}>
      <a class="button" href={screenPath("party", partyId)}>{t("파티 보기", "Show the party")}</a>
    </Notice>
  );
}
