/** What stands where the parties nearby would, as long as nobody knows where that is. */
import { LocateFixed, MapPin } from "lucide-preact";
import { useState } from "preact/hooks";
import { screenPath } from "../../contract/screens.ts";
import { me } from "../session.ts";
import { Notice } from "../ui/notice.tsx";
import { t } from "../words.ts";
import { locate } from "./place.ts";

/** Says what the place is needed for, and the two ways to give one. */
export function NoPlace() {
  const [isBusy, setBusy] = useState(false), [failure, setFailure] = useState<string>();
  async function useThisOnce() {
    setBusy(true);
    setFailure(await locate());
    setBusy(false);
  }
  return (
    <Notice icon={MapPin} title={t("어디 주변을 볼까요?", "Around where?")}>
      <p class="quiet">
        {t(
          "가까운 파티를 찾으려면 위치가 필요해요. 동네를 정해 두거나, 현재 위치를 이번 한 번만 쓸 수 있어요. 현재 위치는 저장하지 않아요.",
          "To find parties nearby a place is needed. Set your neighbourhood, or use your position this once: it is not kept.",
        )}
      </p>
      <button
        type="button"
        class="button primary"
        aria-busy={isBusy}
        disabled={isBusy}
        onClick={() => void useThisOnce()}
      >
        <LocateFixed size={18} aria-hidden="true" />
        {t("현재 위치로 한 번 보기", "Use my position once")}
      </button>
      {failure && <p class="form-error" role="alert">{failure}</p>}
      <SetNeighbourhood />
    </Notice>
  );
}

/** Signing in comes before it. */
function SetNeighbourhood() {
  const there = `${screenPath("neighbourhood")}?next=${encodeURIComponent(screenPath("home"))}`;
  const href = me.value ? there : `${screenPath("signIn")}?next=${encodeURIComponent(screenPath("home"))}`;
  return (
    <a class="button" href={href}>
      {me.value ? t("동네 정하기", "Set my neighbourhood") : t("로그인하고 내 동네 보기", "Sign in to see my own")}
    </a>
  );
}
