/** Making a party, first step: what to buy, and how much of it for how much. */
import type { Item } from "../../contract/catalogue.ts";
import type { Page } from "../../contract/common.ts";
import { Field } from "../ui/form.tsx";
import { shareKrw, t, won } from "../words.ts";
import { type Draft, PACK_UNITS, quantityOf } from "./draft.ts";
import { Picker } from "./picker.tsx";
import type { StepProps } from "./step_props.ts";

/** An item of the catalogue, and its pack. */
export function ItemStep({ draft, change, wrong }: StepProps) {
  return (
    <>
      <Picker<Page<Item>, Item>
        label={t("품목", "Item")}
        name="item"
        chosen={draft.item}
        isWrong={wrong("/itemId")}
        hint={t("이름이나 초성으로 찾아요 (예: ㅅㄱ)", "Search by name")}
        pathOf={(words) => words ? `/api/items?limit=6&q=${encodeURIComponent(words)}` : null}
        listOf={({ items }) => items}
        say={({ name, variety, category }) => ({ name, detail: [variety, category].filter(Boolean).join(" · ") })}
        onChoose={(item) => change({ item })}
      />
      <div class="party-pack">
        <Field
          label={t("전체 양", "Size of the pack")}
          name="packSize"
          type="number"
          inputMode="decimal"
          min={0}
          step="any"
          value={draft.packSize}
          isWrong={wrong("/quantity")}
          onInput={({ currentTarget }) => change({ packSize: currentTarget.value, leaderQuantity: null })}
        />
        <UnitField draft={draft} change={change} />
      </div>
      <Field
        label={t("전체 가격 (원, 선택)", "Price of the pack (KRW, optional)")}
        name="priceKrw"
        type="number"
        inputMode="numeric"
        min={0}
        max={1_000_000_000}
        value={draft.priceKrw}
        isWrong={wrong("/priceKrw")}
        hint={unitPriceWords(draft)}
        onInput={({ currentTarget }) => change({ priceKrw: currentTarget.value })}
      />
    </>
  );
}

function UnitField({ draft, change }: Pick<StepProps, "draft" | "change">) {
  return (
    <div class="field">
      <label for="packUnit">{t("단위", "Unit")}</label>
      <select
        id="packUnit"
        value={draft.packUnit}
        onChange={({ currentTarget }) =>
          change({ packUnit: currentTarget.value as Draft["packUnit"], leaderQuantity: null })}
      >
        {Object.keys(PACK_UNITS).map((unit) => (
          <option key={unit} value={unit}>{unit === "ea" ? t("개", "pieces") : unit}</option>
        ))}
      </select>
    </div>
  );
}

function unitPriceWords(draft: Draft): string | undefined {
  const quantity = quantityOf(draft), { unit } = PACK_UNITS[draft.packUnit], per = unit === "ea" ? 1 : 100;
  if (!(quantity > 0) || draft.priceKrw === "") return undefined;
  const krw = won(shareKrw({ priceKrw: Number(draft.priceKrw), quantity }, per)!);
  return unit === "ea" ? t(`1개에 ${krw}`, `${krw} a piece`) : t(`100 ${unit}에 ${krw}`, `${krw} for 100 ${unit}`);
}
