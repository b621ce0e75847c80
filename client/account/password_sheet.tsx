/** Changing the password. */
import { useForm } from "../act.ts";
import { call } from "../session.ts";
import { Form } from "../ui/form.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";
import { CurrentPasswordField, NewPasswordField } from "./password_field.tsx";

/** Wants the old one too; all other sessions end. */
export function PasswordSheet({ onClose }: { onClose: () => void }) {
  const form = useForm();
  async function send(fields: FormData): Promise<void> {
    await call("PUT", "/api/me/password", { body: Object.fromEntries(fields) });
    tell(t("비밀번호를 바꿨어요. 다른 기기에서는 로그아웃됐어요.", "Password changed. Other devices are signed out."));
    onClose();
  }
  return (
    <Sheet title={t("비밀번호 바꾸기", "Change password")} onClose={onClose}>
      <Form form={form} submit={t("바꾸기", "Change")} onSubmit={send}>
        <CurrentPasswordField form={form} name="currentPassword" label={t("지금 비밀번호", "Current password")} />
        <NewPasswordField form={form} name="newPassword" label={t("새 비밀번호", "New password")} />
      </Form>
    </Sheet>
  );
}
