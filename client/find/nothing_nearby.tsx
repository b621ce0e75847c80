/** What stands where the parties nearby would, when there are none. */
import { ShoppingBasket } from "lucide-preact";
import { screenPath } from "../../contract/screens.ts";
import { Notice } from "../ui/notice.tsx";
import { distance, t } from "../words.ts";
import { type Choice, type Choose, RADII } from "./choice.ts";

/** Offers to look further, or for everything, or to open the first one. */
export function NothingNearby({ choice, choose }: { choice: Choice; choose: Choose }) {
  const wider = choice.marketId ? undefined : RADII.find((radiusM) => radiusM > choice.radiusM);
  const isNarrowed = choice.q !== "" || choice.itemId !== "";
  return (
    <Notice
      icon={ShoppingBasket}
      title={isNarrowed
        ? t("조건에 맞는 파티가 없어요", "No such parties nearby")
        : t("아직 모집 중인 파티가 없어요", "No parties here yet")}
    >
      <div class="buttons">
        {wider && (
          <button type="button" class="button" onClick={() => choose({ radiusM: wider })}>
            {t(`${distance(wider)}까지 넓히기`, `Look within ${distance(wider)}`)}
          </button>
        )}
        {isNarrowed && (
          <button type="button" class="button" onClick={() => choose({ q: "", itemId: "" })}>
            {t("조건 지우기", "Show all")}
          </button>
        )}
        <a class="button primary" href={screenPath("newParty")}>{t("첫 파티 열기", "Open the first")}</a>
      </div>
    </Notice>
  );
}
