/** The steps of making a party, and what each of them needs before the next. */
import { Refusal } from "../http.ts";
import { t } from "../words.ts";
import { type Draft, quantityOf } from "./draft.ts";
import { fromField } from "../korean_time.ts";

/** Item and pack; where and when; shares and people; the look at it all. */
export const LAST_STEP = 4;

/** The step that has the field at which a pointer of the service's points. */
export function stepOfField(pointer: string): number {
  const field = pointer.split("/")[1] ?? "";
  if (["itemId", "quantity", "unit", "priceKrw"].includes(field)) return 1;
  return ["marketId", "place", "startsAt", "endsAt"].includes(field) ? 2 : 3;
}

/** Throws a Refusal that names the first field of a step that is not right yet, as the service would. */
export function checkStep(draft: Draft, step: number, now = Date.now()): void {
  const wrong = firstWrong(draft, step, now);
  if (wrong) throw new Refusal("invalid-input", 422, wrong[1], [{ pointer: wrong[0], detail: wrong[1] }]);
}

/** The step up to which everything before is right. */
export function stepWithin(draft: Draft, wanted: number): number {
  let step = 1;
  while (step < Math.min(wanted, LAST_STEP) && !firstWrong(draft, step, 0)) step++;
  return step;
}

function firstWrong(draft: Draft, step: number, now: number): [pointer: string, words: string] | null {
  if (step === 1) return wrongPack(draft);
  return step === 2 ? wrongPlace(draft) ?? wrongTimes(draft, now) : step === 3 ? wrongDeadline(draft, now) : null;
}

function wrongPack(draft: Draft): [string, string] | null {
  if (!draft.item) return ["/itemId", t("품목을 골라 주세요", "Choose an item")];
  const quantity = quantityOf(draft);
  return quantity >= 1 && quantity <= 10_000_000
    ? null
    : ["/quantity", t("전체 양을 적어 주세요", "Say how much the pack holds")];
}

function wrongPlace({ where, market, place, placeName }: Draft): [string, string] | null {
  if (where === "market") return market ? null : ["/marketId", t("마트를 골라 주세요", "Choose a market")];
  if (!placeName.trim()) return ["/place/name", t("장소 이름을 적어 주세요", "Name the place")];
  return place ? null : ["/place/roadAddress", t("주소를 골라 주세요", "Choose an address")];
}

function wrongTimes({ startsAt, endsAt }: Draft, now: number): [string, string] | null {
  if (!startsAt || msOf(startsAt) <= now) {
    return ["/startsAt", t("시작은 지금보다 뒤여야 해요", "It starts in the past")];
  }
  return endsAt && endsAt > startsAt ? null : ["/endsAt", t("끝은 시작보다 뒤여야 해요", "It ends before it starts")];
}

function wrongDeadline({ startsAt, joinUntil }: Draft, now: number): [string, string] | null {
  if (!joinUntil || (joinUntil <= startsAt && msOf(joinUntil) > now)) return null;
  return ["/joinUntil", t("마감은 지금과 시작 사이여야 해요", "The deadline lies between now and the start")];
}

const msOf = (field: string) => Date.parse(fromField(field));
