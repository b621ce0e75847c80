/** Saying something against a penalty. */
import { useEffect } from "preact/hooks";
import type { Appeal, Penalty } from "../../contract/penalties.ts";
import { useForm } from "../act.ts";
import { call } from "../session.ts";
import { Area, Form } from "../ui/form.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";

/** Once a penalty. `reload` reads the penalties anew, also when this one is not open to appeal any more. */
export function AppealSheet({ penalty, onClose, reload }: {
  penalty: Penalty;
  onClose: () => void;
  reload: () => Promise<void>;
}) {
  const form = useForm();
  useEffect(() => {
    if (form.refusal?.isStale) void reload();
  }, [form.refusal]);
  async function send(fields: FormData): Promise<void> {
    await call<Appeal>("POST", `/api/penalties/${penalty.id}/appeal`, { body: { text: String(fields.get("text")) } });
    tell(t("이의를 냈어요. 심사하는 동안 반영되지 않아요.", "Appeal sent. The penalty does not count meanwhile."));
    onClose();
    await reload();
  }
  return (
    <Sheet title={t("이의 제기", "Appeal")} onClose={onClose}>
      <p>
        {t(
          "운영자가 읽고 정해요. 심사하는 동안 이 페널티는 반영되지 않아요. 한 번만 낼 수 있어요.",
          "An administrator reads and decides. Meanwhile the penalty does not count. You can appeal once.",
        )}
      </p>
      {penalty.reason && <p class="quiet">{t("받은 이유:", "Reason given:")} {penalty.reason}</p>}
      <Form form={form} submit={t("이의 내기", "Send")} onSubmit={send}>
        <Area
          label={t("무슨 일이 있었나요?", "What happened?")}
          name="text"
          required
          maxLength={2000}
          isWrong={form.wrong("/text")}
        />
      </Form>
    </Sheet>
  );
}
