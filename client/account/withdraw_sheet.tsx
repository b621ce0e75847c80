/** Leaving for good. */
import { useLocation } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";
import { useForm } from "../act.ts";
import { call, forget } from "../session.ts";
import { Check, Form } from "../ui/form.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";
import { CurrentPasswordField } from "./password_field.tsx";

/** Says what will be lost, wants the password, and withdraws the account. */
export function WithdrawSheet({ onClose }: { onClose: () => void }) {
  const form = useForm(), { route } = useLocation();
  async function withdraw(fields: FormData): Promise<void> {
    await call("DELETE", "/api/me", { body: { password: String(fields.get("password")) } });
    forget();
    tell(t("탈퇴했어요. 그동안 함께해 주셔서 고마워요.", "Your account is gone. Thank you for having been here."));
    route(screenPath("home"), true);
  }
  return (
    <Sheet title={t("탈퇴하기", "Withdraw")} onClose={onClose}>
      <ul class="warnings">
        <li>
          {t(
            "이메일, 닉네임, 동네, 찜, 알림이 바로 지워져요.",
            "E-mail, nickname, neighbourhood, favourites and alerts are erased at once.",
          )}
        </li>
        <li>
          {t(
            "내가 연 파티는 취소되고, 참여한 파티에서는 나가요.",
            "Parties that you lead are cancelled, and you leave all others.",
          )}
        </li>
        <li>
          {t(
            "보낸 채팅과 받은 페널티는 이름 없이 남아요.",
            "What you wrote in chats, and your penalties, stay under no name.",
          )}
        </li>
        <li class="strong danger">{t("되돌릴 수 없어요.", "This cannot be undone.")}</li>
      </ul>
      <Form form={form} submit={t("영구히 탈퇴하기", "Withdraw for good")} tone="danger" onSubmit={withdraw}>
        <CurrentPasswordField form={form} name="password" label={t("비밀번호", "Password")} />
        <Check label={t("되돌릴 수 없다는 것을 알아요", "I know that this cannot be undone")} name="sure" required />
      </Form>
    </Sheet>
  );
}
