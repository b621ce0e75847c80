/** Making a party, third step: who gets how much, how many there are, and until when they may come. */
import { Area, Check, Field } from "../ui/form.tsx";
import { Stepper } from "../ui/stepper.tsx";
import { shareKrw, t, won } from "../words.ts";
import { leaderShareOf, PACK_UNITS, quantityOf } from "./draft.ts";
import { toField } from "../korean_time.ts";
import { exactAmount, snap, stepOf } from "./quantities.ts";
import type { StepProps } from "./step_props.ts";

/** One's own share stays an even one until it is changed. */
export function TermsStep({ draft, change, wrong }: StepProps) {
  const quantity = quantityOf(draft), mine = leaderShareOf(draft);
  const ends = { min: 0, max: quantity, step: stepOf(Math.floor(quantity / draft.capacity)) };
  const krw = draft.priceKrw === "" ? null : shareKrw({ priceKrw: Number(draft.priceKrw), quantity }, mine);
  return (
    <>
      <Stepper
        label={t("인원 (나 포함)", "People (with me)")}
        value={draft.capacity}
        min={2}
        max={50}
        step={1}
        say={(people) => t(`${people}명`, `${people}`)}
        onChange={(capacity) => change({ capacity })}
      />
      <Stepper
        label={t("내 수량", "My share")}
        value={mine}
        {...ends}
        say={(share) => exactAmount(share, PACK_UNITS[draft.packUnit].unit)}
        onChange={(next) => change({ leaderQuantity: snap(mine, next, ends) })}
      />
      {krw !== null && (
        <p class="row">
          <span>{t("내가 낼 금액", "I pay")}</span>
          <output class="strong number">{t(`약 ${won(krw)}`, `about ${won(krw)}`)}</output>
        </p>
      )}
      <Field
        label={t("모집 마감 (선택)", "Join until (optional)")}
        name="joinUntil"
        type="datetime-local"
        min={toField(Date.now())}
        max={draft.startsAt}
        value={draft.joinUntil}
        isWrong={wrong("/joinUntil")}
        hint={t("비우면 시작할 때까지 받아요", "Empty: until the start")}
        onInput={({ currentTarget }) => change({ joinUntil: currentTarget.value })}
      />
      <Check
        label={t("신청하면 바로 수락", "Accept everyone at once")}
        checked={draft.autoAccept}
        onChange={({ currentTarget }) => change({ autoAccept: currentTarget.checked })}
      />
      <Field
        label={t("제목 (선택)", "Title (optional)")}
        name="title"
        maxlength={80}
        value={draft.title}
        isWrong={wrong("/title")}
        hint={t("비우면 품목과 장소로 지어요", "Empty: item and place")}
        onInput={({ currentTarget }) => change({ title: currentTarget.value })}
      />
      <Area
        label={t("안내 (선택)", "Note (optional)")}
        name="note"
        maxlength={2000}
        value={draft.note}
        isWrong={wrong("/note")}
        onInput={({ currentTarget }) => change({ note: currentTarget.value })}
      />
    </>
  );
}
