/** Making a party, at the end: what the others will see of it. */
import { shareKrw, t, when, won } from "../words.ts";
import { type Draft, leaderShareOf, PACK_UNITS, quantityOf } from "./draft.ts";
import { fromField } from "../korean_time.ts";
import { exactAmount } from "./quantities.ts";

/** All that has been filled in. */
export function PreviewStep({ draft }: { draft: Draft }) {
  return (
    <div class="card">
      <p class="strong">{draft.title.trim() || `${draft.item!.name} · ${placeNameOf(draft)}`}</p>
      <dl class="facts party-facts">
        {factsOf(draft).map(([name, fact]) => (
          <div key={name} class="party-fact">
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
      {draft.note.trim() && <p class="party-note">{draft.note}</p>}
    </div>
  );
}

function factsOf(draft: Draft): [string, string][] {
  const quantity = quantityOf(draft), { unit } = PACK_UNITS[draft.packUnit], mine = leaderShareOf(draft);
  const priceKrw = draft.priceKrw === "" ? null : Number(draft.priceKrw);
  const share = (of: number) => {
    const krw = shareKrw({ priceKrw, quantity }, of);
    return exactAmount(of, unit) + (krw === null ? "" : ` · ${t(`약 ${won(krw)}`, `about ${won(krw)}`)}`);
  };
  const price = priceKrw === null ? t("가격 미정", "no price yet") : won(priceKrw);
  return [
    [t("품목", "Item"), [draft.item!.name, draft.item!.variety].filter(Boolean).join(" · ")],
    [t("전체", "Pack"), `${exactAmount(quantity, unit)} · ${price}`],
    [t("내 몫", "My share"), share(mine)],
    [t("한 사람 몫", "For each other"), share(Math.floor((quantity - mine) / (draft.capacity - 1)))],
    [t("인원", "People"), t(`${draft.capacity}명 (나 포함)`, `${draft.capacity} (with me)`)],
    [t("만나는 곳", "Where"), placeNameOf(draft)],
    [t("시작", "Start"), when(fromField(draft.startsAt))],
    [t("끝", "End"), when(fromField(draft.endsAt))],
    [t("모집 마감", "Join until"), when(fromField(draft.joinUntil || draft.startsAt))],
    [t("수락", "Accepting"), draft.autoAccept ? t("신청하면 바로", "at once") : t("내가 확인하고", "as I decide")],
  ];
}

function placeNameOf({ where, market, placeName }: Draft): string {
  return where === "market" ? market!.name : placeName;
}
