/** An alert in the inbox. */
import { Trash2 } from "lucide-preact";
import type { Alert } from "../../contract/alerts.ts";
import { useAct } from "../act.ts";
import { ago, t, when } from "../words.ts";
import type { Inbox } from "./inbox.ts";

/** Whether it is unread, what it says, and when it came. A tap marks it as read and leads to what it is about. */
export function AlertLine({ alert, inbox }: { alert: Alert; inbox: Inbox }) {
  const act = useAct(inbox), { title, body, url, createdAt, readAt } = alert;
  return (
    <li class={readAt ? "card alert-line" : "card alert-line unread"}>
      <a href={url} onClick={() => readAt || inbox.read(alert)}>
        <span>
          <strong>{title}</strong> {!readAt && <span class="tag">{t("안 읽음", "Unread")}</span>}
        </span>
        <span>{body}</span>
        <time class="quiet" dateTime={createdAt}>{when(createdAt)} · {ago(createdAt)}</time>
      </a>
      <button
        type="button"
        class="icon-button"
        aria-label={t(`알림 삭제: ${title}`, `Delete alert: ${title}`)}
        disabled={act.isBusy}
        onClick={() => void act.run(() => inbox.remove(alert))}
      >
        <Trash2 aria-hidden="true" />
      </button>
    </li>
  );
}
