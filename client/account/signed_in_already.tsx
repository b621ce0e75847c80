/** For the screens by which one signs in or up. */
import { UserRoundCheck } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../act.ts";
import { me, signOut } from "../session.ts";
import { Notice } from "../ui/notice.tsx";
import { t } from "../words.ts";

/** Shows the form, unless whoever came here was signed in before: then it leads on, or lets another person in. */
export function SignedInAlready({ onward, children }: { onward: string; children: ComponentChildren }) {
  const [wasSignedIn] = useState(() => me.peek() !== null);
  const act = useAct();
  if (!wasSignedIn || !me.value) return <>{children}</>;
  return (
    <Notice icon={UserRoundCheck} title={t("이미 로그인되어 있어요", "You are signed in already")}>
      <p class="quiet">{me.value.nickname}</p>
      <a class="button primary" href={onward}>{t("계속하기", "Go on")}</a>
      <button type="button" class="button" disabled={act.isBusy} onClick={() => void act.run(signOut)}>
        {t("다른 계정으로", "Use another account")}
      </button>
    </Notice>
  );
}
