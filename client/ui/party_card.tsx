/** A party in a list, and what its states are called. */
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { ago, amount, distance, shareKrw, t, when, won } from "../words.ts";
import { FillBar } from "./fill_bar.tsx";

/** Item, mart, how far, how much is left, seats, when it starts, and what a share would cost at first. */
export function PartyCard({ party }: { party: Party }) {
  const { market, distanceM, quantity, quantityLeft, unit, startsAt, memberCount, capacity } = party;
  const krw = shareKrw(party, defaultShare(party));
  return (
    <a class="card party-card" href={screenPath("party", party.id)}>
      <span class="row">
        <strong>{party.title}</strong>
        <StatusTag party={party} />
      </span>
      <span class="quiet">
        {market.name}
        {distanceM !== undefined && ` · ${distance(distanceM)}`}
      </span>
      <FillBar taken={quantity - quantityLeft} whole={quantity} label={leftOf(party)} />
      <span class="row">
        <span>
          {when(startsAt)} <span class="quiet">({ago(startsAt)})</span>
        </span>
        <span class="quiet">{t(`${memberCount}/${capacity}명`, `${memberCount}/${capacity} people`)}</span>
      </span>
      {party.status === "open" && krw !== null && defaultShare(party) > 0 && (
        <span>
          {t("내 몫 ", "My share ")}
          <strong class="number">
            {amount(defaultShare(party), unit)} · {t(`약 ${won(krw)}`, `about ${won(krw)}`)}
          </strong>
        </span>
      )}
    </a>
  );
}

/** `5 kg 중 1.2 kg 남음`. */
export function leftOf({ quantity, quantityLeft, unit }: Pick<Party, "quantity" | "quantityLeft" | "unit">): string {
  const [all, left] = [amount(quantity, unit), amount(quantityLeft, unit)];
  return t(`${all} 중 ${left} 남음`, `${left} of ${all} left`);
}

/** What a join without a quantity asks for: what is left over the seats that are free, in whole units. */
export function defaultShare({ quantityLeft, capacity, memberCount }: Party): number {
  return Math.floor(quantityLeft / Math.max(1, capacity - memberCount));
}

/** The state of a party, or the caller's own place in it. */
export function StatusTag({ party: { status, myRole } }: { party: Party }) {
  if (status === "open" && myRole !== "none") return <span class="tag">{roleName(myRole)}</span>;
  const tone = { open: "", confirmed: "", done: "warning", cancelled: "danger" }[status];
  return <span class={`tag ${tone}`}>{statusName(status)}</span>;
}

/** What a state is called. */
export function statusName(status: Party["status"]): string {
  return {
    open: t("모집 중", "Recruiting"),
    confirmed: t("모집 완료", "Confirmed"),
    done: t("완료", "Done"),
    cancelled: t("취소됨", "Cancelled"),
  }[status];
}

/** What the caller is in a party. */
export function roleName(role: Party["myRole"]): string {
  return {
    leader: t("내가 파티장", "My party"),
    member: t("참여 중", "Joined"),
    pending: t("신청 중", "Applied"),
    waiting: t("대기 중", "Waiting"),
    none: "",
  }[role];
}
