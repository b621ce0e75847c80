/** The leader's receipt: what it came to, and who took how much. */
import { useState } from "preact/hooks";
import type { Membership, Party } from "../../contract/parties.ts";
import type { Settlement, SettlementOrder } from "../../contract/settlements.ts";
import { useForm } from "../act.ts";
import { acceptedOf, type PartyPeople } from "../leader/party_people.ts";
import { call } from "../session.ts";
import { Field, Form } from "../ui/form.tsx";
import { tell } from "../ui/toasts.tsx";
import { amount, t, won } from "../words.ts";

/** Announces the settlement, or corrects the one of `before`. */
export function SettlementForm({ people, before, onSettled }: {
  people: PartyPeople;
  before?: Settlement;
  onSettled: (settlement: Settlement) => void;
}) {
  const { party } = people, form = useForm(), takers = acceptedOf(people);
  async function settle(fields: FormData): Promise<void> {
    const body = orderOf(fields, takers);
    onSettled(await call<Settlement>("PUT", `/api/parties/${party.id}/settlement`, { body }));
    tell(before ? t("정산을 고쳤어요", "Corrected") : t("정산을 올렸어요", "Announced"));
  }
  return (
    <>
      <p class="aside">
        {before ? t("바뀐 금액은 모두에게 기록으로 보여요.", "Everyone sees what has changed.") : t(
          "영수증 금액을 각자 가져간 만큼 원 단위까지 나눠요.",
          "The receipt is divided by what each took, to the won.",
        )}
      </p>
      <Form form={form} submit={before ? t("고치기", "Correct") : t("정산 올리기", "Announce")} onSubmit={settle}>
        <WonField
          label={t("영수증 총액 (원)", "Receipt total (KRW)")}
          name="totalKrw"
          min={1}
          required
          first={before?.totalKrw ?? party.priceKrw}
          isWrong={form.wrong("/totalKrw")}
        />
        <WonField
          label={t("똑같이 나눌 비용 (원)", "Shared alike (KRW)")}
          name="sharedKrw"
          min={0}
          first={before?.sharedKrw ?? 0}
          about={t("총액 가운데 주차비처럼 모두 같이 낼 몫", "The part that all bear alike, such as parking")}
          isWrong={form.wrong("/sharedKrw")}
          wrong={t("총액보다 클 수 없어요", "It cannot exceed the total")}
        />
        <Shares takers={takers} party={party} before={before} isWrong={form.wrong("/shares")} />
        <Field
          label={t("받을 계좌 (선택)", "Account (optional)")}
          name="account"
          maxLength={200}
          autocomplete="off"
          defaultValue={before?.account ?? ""}
          hint={t("은행, 계좌번호, 이름. 모두 보낸 뒤 7일이 지나면 지워져요.", "Erased a week after all have paid.")}
          isWrong={form.wrong("/account")}
        />
      </Form>
    </>
  );
}

/** A sum, said once more as sums are said. */
function WonField({ label, name, min, first, about, isWrong, wrong, required = false }: {
  label: string;
  name: string;
  min: number;
  first: number | null;
  about?: string;
  isWrong: boolean;
  /** What to say where the service refuses it. */
  wrong?: string;
  required?: boolean;
}) {
  const [krw, setKrw] = useState(first ?? 0);
  const hint = [krw > 0 && won(krw), about].filter(Boolean).join(" · ");
  return (
    <Field
      label={label}
      name={name}
      type="number"
      inputMode="numeric"
      min={min}
      max={1_000_000_000}
      step={1}
      required={required}
      defaultValue={first === null ? "" : `${first}`}
      hint={isWrong ? wrong : hint || undefined}
      isWrong={isWrong}
      onInput={({ currentTarget }) => setKrw(Number(currentTarget.value))}
    />
  );
}

/** What each really took, and what that adds up to. */
function Shares({ takers, party, before, isWrong }: {
  takers: Membership[];
  party: Party;
  before: Settlement | undefined;
  isWrong: boolean;
}) {
  const { unit, quantity } = party;
  const [taken, setTaken] = useState(() => new Map(takers.map((taker) => [taker.userId, takenBy(taker, before)])));
  const sum = [...taken.values()].reduce((all, each) => all + each, 0);
  return (
    <fieldset class="shares">
      <legend class="legend">{t("실제로 가져간 양", "What each really took")}</legend>
      {takers.map(({ userId, nickname, attended }) => (
        <Field
          key={userId}
          label={`${nickname} (${unitName(unit)})`}
          name={`taken-${userId}`}
          type="number"
          inputMode="numeric"
          min={0}
          max={10_000_000}
          step={1}
          required
          defaultValue={`${taken.get(userId) ?? 0}`}
          hint={attended === false ? t("오지 않은 이웃이에요", "Did not come") : undefined}
          onInput={({ currentTarget }) => setTaken(new Map([...taken, [userId, Number(currentTarget.value)]]))}
        />
      ))}
      <p class={isWrong ? "field-error" : "hint"} role="status">
        {isWrong ? t("한 사람이라도 가져간 양이 있어야 해요", "Somebody must have taken something") : t(
          `합계 ${amount(sum, unit)} · 전체 ${amount(quantity, unit)}`,
          `${amount(sum, unit)} of ${amount(quantity, unit)}`,
        )}
      </p>
    </fieldset>
  );
}

/** As announced; else everyone's own share, and nothing by who did not come. */
function takenBy({ userId, attended, quantity }: Membership, before: Settlement | undefined): number {
  if (before) return before.lines.find((line) => line.userId === userId)?.quantity ?? 0;
  return attended === false ? 0 : quantity;
}

function unitName(unit: Party["unit"]): string {
  return unit === "ea" ? t("개", "pieces") : unit;
}

function orderOf(fields: FormData, takers: Membership[]): SettlementOrder {
  const account = String(fields.get("account")).trim();
  return {
    totalKrw: Number(fields.get("totalKrw")),
    sharedKrw: Number(fields.get("sharedKrw")),
    shares: takers.map(({ userId }) => ({ userId, quantity: Number(fields.get(`taken-${userId}`)) })),
    ...(account && { account }),
  };
}
