/** Asking for a place: how much, for how much, and whether to wait where there is none. */
import { useState } from "preact/hooks";
import type { JoinRequest, Membership } from "../../contract/parties.ts";
import { Refusal } from "../http.ts";
import { call } from "../session.ts";
import { Check, Form } from "../ui/form.tsx";
import { defaultShare } from "../ui/party_card.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Stepper } from "../ui/stepper.tsx";
import { tell } from "../ui/toasts.tsx";
import { shareKrw, t, when, won } from "../words.ts";
import { useSheetForm } from "./act_sheet.tsx";
import type { PartyView } from "./party_view.ts";
import { exactAmount, snap, stepOf } from "./quantities.ts";

/** Of a party that is full, or that a seat on offer keeps from others, one may still be the next in the queue. */
export function JoinSheet({ view }: { view: PartyView }) {
  const { party } = view, form = useSheetForm(view);
  const [isRefused, setRefused] = useState(false);
  const waits = isRefused || view.moves.includes("wait");
  const wish = useWish(view, waits);
  const close = () => view.begin(undefined);
  const ask = async () => {
    try {
      await join(party.id, { ...wish.request, waitlist: waits });
    } catch (error) {
      if (error instanceof Refusal && error.code === "party-full") setRefused(true);
      throw error;
    }
    close();
    await view.reload();
  };
  return (
    <Sheet title={waits ? t("대기 신청", "Join the queue") : t("참여 신청", "Ask to join")} onClose={close}>
      <Form form={form} submit={waits ? t("대기 신청하기", "Wait for a place") : t("신청하기", "Ask")} onSubmit={ask}>
        <p class="quiet">{waits ? waitingWords() : askingWords(party.autoAccept)}</p>
        {wish.fields}
        {form.refusal?.more.until && (
          <p class="form-error">
            {t(
              `${when(form.refusal.more.until)}부터 다시 신청할 수 있어요`,
              `From ${when(form.refusal.more.until)} on`,
            )}
          </p>
        )}
      </Form>
    </Sheet>
  );
}

/** The steppers of how much one wants, and of how little one would make do with. */
function useWish({ party }: PartyView, waits: boolean) {
  const { quantity, leaderQuantity, quantityLeft, capacity, unit } = party;
  const [chosen, setChosen] = useState<number>();
  const [least, setLeast] = useState<number>();
  const evenly = (waits ? 0 : defaultShare(party)) || Math.max(1, Math.floor(quantity / capacity));
  const max = Math.max(1, waits ? quantity - leaderQuantity : quantityLeft);
  const step = stepOf(evenly), min = Math.min(step, max);
  const value = Math.min(max, Math.max(min, chosen ?? evenly));
  const valueMin = least === undefined ? value : Math.min(least, value);
  const say = (share: number) => exactAmount(share, unit), krw = shareKrw(party, value);
  const fields = (
    <>
      <Stepper
        label={t("내 수량", "My share")}
        {...{ value, min, max, step, say }}
        onChange={(next) => setChosen(snap(value, next, { min, max, step }))}
      />
      <p class="row">
        <span>{t("내가 낼 금액", "I pay")}</span>
        <output class="strong number">
          {krw === null ? t("가격 미정", "No price yet") : t(`약 ${won(krw)}`, `about ${won(krw)}`)}
        </output>
      </p>
      <Check
        label={t("모자라면 더 적게 받아도 괜찮아요", "Less will do if there is not enough")}
        checked={least !== undefined}
        onChange={({ currentTarget }) => setLeast(currentTarget.checked ? min : undefined)}
      />
      {least !== undefined && (
        <Stepper
          label={t("최소 수량", "At least")}
          {...{ value: valueMin, min, max: value, step, say }}
          onChange={(next) => setLeast(snap(valueMin, next, { min, max: value, step }))}
        />
      )}
    </>
  );
  return { fields, request: { quantity: value, ...(least !== undefined && { quantityMin: valueMin }) } };
}

async function join(partyId: string, request: JoinRequest): Promise<void> {
  const { status, place } = await call<Membership>("POST", `/api/parties/${partyId}/join`, { body: request });
  if (status === "accepted") tell(t("참여가 확정됐어요", "You are in"));
  else if (status === "waiting") tell(t(`대기 ${place}번째예요`, `You are number ${place} in the queue`));
  else tell(t("신청했어요. 파티장이 답하면 알려 드려요.", "Asked. You will hear what the leader says."));
}

function waitingWords(): string {
  return t(
    "지금은 가득 찼어요. 자리가 나면 차례대로 알려 드리고, 그때 받을지 정하면 돼요.",
    "It is full now. When a place is freed you are told in turn, and can still decide.",
  );
}

function askingWords(autoAccept: boolean): string {
  return autoAccept
    ? t("신청하면 바로 확정돼요.", "You are in at once.")
    : t("파티장이 수락하면 확정돼요.", "The leader decides on it.");
}
