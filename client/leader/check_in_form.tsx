/** Where a member types the code that the leader shows. */
import type { Membership } from "../../contract/parties.ts";
import { useForm } from "../act.ts";
import { Refusal } from "../http.ts";
import { call } from "../session.ts";
import { Field, Form } from "../ui/form.tsx";
import { t } from "../words.ts";

/** Six digits; whatever else is typed or pasted between them is left out. */
export function CheckInForm({ partyId, isNotedAbsent, reload }: {
  partyId: string;
  isNotedAbsent: boolean;
  reload: () => Promise<void>;
}) {
  const form = useForm(), isWrong = form.wrong("/code");
  return (
    <section class="section">
      <h2>{t("도착 확인", "Check in")}</h2>
      {isNotedAbsent && (
        <p class="banner">
          {t(
            "파티장이 안 온 것으로 적었어요. 왔다면 코드를 입력해 주세요.",
            "The leader has noted you as absent. If you are there, enter the code.",
          )}
        </p>
      )}
      <Form form={form} submit={t("도착했어요", "I am here")} onSubmit={(fields) => checkIn(partyId, fields, reload)}>
        <Field
          label={t("파티장의 코드 6자리", "The leader's six-digit code")}
          name="code"
          class="code-input"
          type="text"
          inputMode="numeric"
          autocomplete="one-time-code"
          pattern="\d{6}"
          required
          hint={isWrong
            ? t("코드가 맞지 않아요", "The code is not right")
            : t("코드는 30초마다 바뀌어요.", "The code changes every 30 seconds.")}
          isWrong={isWrong}
          onInput={({ currentTarget }) => currentTarget.value = currentTarget.value.replace(/\D/g, "").slice(0, 6)}
        />
      </Form>
    </section>
  );
}

async function checkIn(partyId: string, fields: FormData, reload: () => Promise<void>): Promise<void> {
  try {
    await call<Membership>("POST", `/api/parties/${partyId}/check-in`, { body: { code: fields.get("code") } });
  } catch (error) {
    if (error instanceof Refusal && error.isStale) await reload();
    throw inOwnWords(error);
  }
  await reload();
}

/** A code's two most likely ends deserve more than what is said of any input and any request. */
function inOwnWords(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  const said = (words: string) => new Refusal(error.code, error.status, words, error.errors, error.more);
  if (error.code === "invalid-input") {
    return said(t("지금 파티장 화면에 보이는 코드를 입력해 주세요", "Enter the one that the leader's phone shows now"));
  }
  if (error.code !== "rate-limited") return error;
  const minutes = Math.ceil((error.more.retryAfterS ?? 60) / 60);
  return said(
    t(
      `여러 번 틀렸어요. ${minutes}분 뒤에 다시 입력해 주세요`,
      `Too many tries. Enter it again in ${minutes} min`,
    ),
  );
}
