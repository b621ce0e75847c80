/** Pushes to this device, on and off. */
import { BellRing } from "lucide-preact";
import type { PushKey } from "../../contract/push.ts";
import { useAct } from "../act.ts";
import { useAsked } from "../ask.tsx";
import { Refusal } from "../http.ts";
import { pushState, switchPushOff, switchPushOn } from "../live/push.ts";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";

/** Says whether this device gets pushes, and changes it. The browser asks for leave only after a tap. */
export function PushSwitch() {
  const state = pushState.value;
  if (state === "unknown") return null;
  return (
    <section class="card" aria-label={t("푸시 알림", "Push")}>
      {state === "on" && <On />}
      {state === "off" && <Off />}
      {state === "blocked" && (
        <p class="quiet">
          {t(
            "알림이 차단되어 있어요. 브라우저 설정에서 허용하면 푸시 알림을 켤 수 있어요.",
            "Notifications are blocked. Allow them in your browser's settings to get pushes.",
          )}
        </p>
      )}
      {state === "impossible" && (
        <p class="quiet">
          {t(
            "이 브라우저에서는 푸시 알림을 받을 수 없어요. 홈 화면에 추가하면 받을 수도 있어요.",
            "This browser cannot get pushes. It may once you add Moajang to your home screen.",
          )}
        </p>
      )}
    </section>
  );
}

function On() {
  const act = useAct();
  return (
    <div class="row">
      <p>{t("이 기기로 푸시 알림을 보내 드려요", "Alerts are pushed to this device")}</p>
      <button
        type="button"
        class="button small"
        aria-busy={act.isBusy}
        onClick={() => void act.run(switchPushOff)}
      >
        {t("푸시 끄기", "Turn off")}
      </button>
    </div>
  );
}

function Off() {
  const { data: key, refusal } = useAsked<PushKey>("/api/push-key"), act = useAct();
  if (refusal?.code === "push-off") {
    return (
      <p class="quiet">{t("지금은 푸시 알림을 보내지 않는 서버예요.", "This service does not push at the moment.")}</p>
    );
  }
  return (
    <div class="row">
      <p>
        {t("앱을 닫아 두어도 알려 드릴까요?", "Tell you while this is closed, too?")}
      </p>
      <button
        type="button"
        class="button small"
        aria-busy={act.isBusy}
        disabled={!key}
        onClick={() => void act.run(() => switchOn(key!.publicKey))}
      >
        <BellRing aria-hidden="true" />
        {t("푸시 켜기", "Turn on")}
      </button>
    </div>
  );
}

/** A browser may be without a push service, or not reach it. */
async function switchOn(publicKey: string): Promise<void> {
  try {
    await switchPushOn(publicKey);
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof DOMException)) throw error;
    tell(t("브라우저가 푸시 알림을 켜지 못했어요", "Your browser could not turn pushes on"), { isError: true });
  }
}
