/** The inbox of alerts. */
import { BellOff, Settings } from "lucide-preact";
import { screenPath } from "../../contract/screens.ts";
import { useAct } from "../act.ts";
import { AlertLine } from "../alerts/alert_line.tsx";
import { type Inbox, useInbox } from "../alerts/inbox.ts";
import { More } from "../ui/more.tsx";
import { PushSwitch } from "../alerts/push_switch.tsx";
import { Shown } from "../ask.tsx";
import { unreadAlerts } from "../live/alerts.ts";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** All alerts, newest first; what comes is there without a reload. */
export function AlertsScreen() {
  const inbox = useInbox();
  return (
    <Screen title={t("알림함", "Alerts")} actions={<ToPreferences />}>
      <Shown asked={inbox}>
        {({ items }) => (
          <>
            <PushSwitch />
            {items.length === 0 ? <Empty /> : <Alerts inbox={inbox} />}
            <More more={inbox.more} />
          </>
        )}
      </Shown>
    </Screen>
  );
}

function ToPreferences() {
  return (
    <a class="icon-button" href={screenPath("alertPreferences")} aria-label={t("알림 설정", "Alert settings")}>
      <Settings aria-hidden="true" />
    </a>
  );
}

function Alerts({ inbox }: { inbox: Inbox }) {
  const act = useAct(inbox), unread = unreadAlerts.value;
  return (
    <>
      <div class="row">
        <p class="quiet" role="status">
          {unread === 0 ? t("모두 읽었어요", "All read") : t(`안 읽은 알림 ${unread}개`, `${unread} unread`)}
        </p>
        <button
          type="button"
          class="button small"
          aria-busy={act.isBusy}
          disabled={unread === 0}
          onClick={() => void act.run(inbox.readAll)}
        >
          {t("모두 읽음으로", "Mark all read")}
        </button>
      </div>
      <ul class="list">
        {inbox.items.map((alert) => <AlertLine key={alert.id} alert={alert} inbox={inbox} />)}
      </ul>
    </>
  );
}

function Empty() {
  return (
    <Notice icon={BellOff} title={t("아직 알림이 없어요", "No alerts yet")}>
      <p class="quiet">
        {t(
          "품목이나 마트를 찜해 두면 새 파티가 열릴 때 알려 드려요.",
          "Favour an item or a mart to hear of new parties.",
        )}
      </p>
      <a class="button" href={screenPath("search")}>{t("찜하러 가기", "Find favourites")}</a>
    </Notice>
  );
}
