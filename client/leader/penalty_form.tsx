/** Penalties for those who were in and did not come. */
import { useState } from "preact/hooks";
import type { PenaltyResult } from "../../contract/penalties.ts";
import { useForm } from "../act.ts";
import { Refusal } from "../http.ts";
import { call } from "../session.ts";
import { Check, Field, Form } from "../ui/form.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";
import { guestsOf } from "./attendance_list.tsx";
import type { PartyPeople } from "./party_people.ts";

/** Names only those who can get one: who came, or has one already, is not among them. */
export function PenaltyForm({ people, reload }: { people: PartyPeople; reload: () => Promise<void> }) {
  const form = useForm(), [chosen, setChosen] = useState<string[]>([]);
  const absent = guestsOf(people).filter(({ attended, penalised }) => !attended && !penalised);
  const userIds = absent.map(({ userId }) => userId).filter((userId) => chosen.includes(userId));
  if (absent.length === 0) return null;
  const toggle = (userId: string) =>
    setChosen(chosen.includes(userId) ? chosen.filter((each) => each !== userId) : [...chosen, userId]);
  return (
    <section class="section">
      <h2>{t("오지 않은 이웃", "Who did not come")}</h2>
      <p class="quiet">
        {t(
          "페널티는 90일 동안 프로필에 남고, 받은 사람은 14일 안에 이의를 제기할 수 있어요.",
          "A penalty stands in the profile for 90 days. Whoever gets one may appeal within 14 days.",
        )}
      </p>
      <Form
        form={form}
        submit={userIds.length > 0
          ? t(`${userIds.length}명에게 페널티 주기`, `Penalise ${userIds.length}`)
          : t("페널티 주기", "Penalise")}
        onSubmit={(fields) => penalise(people.party.id, userIds, String(fields.get("reason")).trim(), reload)}
      >
        <fieldset>
          <legend class="legend">{t("누구에게 줄까요?", "Whom?")}</legend>
          {absent.map(({ userId, nickname }) => (
            <Check
              key={userId}
              label={nickname}
              checked={chosen.includes(userId)}
              onChange={() => toggle(userId)}
            />
          ))}
        </fieldset>
        <Field
          label={t("사유 (선택)", "Reason (optional)")}
          name="reason"
          maxLength={500}
          isWrong={form.wrong("/reason")}
        />
      </Form>
    </section>
  );
}

async function penalise(
  partyId: string,
  userIds: string[],
  reason: string,
  reload: () => Promise<void>,
): Promise<void> {
  if (userIds.length === 0) throw new Refusal("invalid-input", 422, t("누구에게 줄지 골라 주세요", "Choose whom"));
  try {
    const { penalised } = await call<PenaltyResult>("POST", `/api/parties/${partyId}/penalties`, {
      body: { userIds, ...(reason && { reason }) },
    });
    tell(t(`${penalised.length}명에게 페널티를 줬어요`, `Penalised ${penalised.length}`));
  } catch (error) {
    if (error instanceof Refusal && error.isStale) await reload();
    throw error;
  }
  await reload();
}
