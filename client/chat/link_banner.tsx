/** That the connection is away, and how much waits for it. */
import { useEffect, useState } from "preact/hooks";
import { isWaiting } from "../live/delivery.ts";
import { unsent } from "../live/outbox.ts";
import { link } from "../live/socket.ts";
import { isOnline } from "../session.ts";
import { t } from "../words.ts";

/** A break that is over in this time is nobody's business. */
const LATE_MS = 1_500;

/** Shows nothing while all is well; that one is offline the screen itself says. */
export function LinkBanner({ partyId }: { partyId: string }) {
  const isAway = link.value !== "open", isLate = useLate(isAway) || !isOnline.value;
  const count = unsent.value.filter((message) => message.partyId === partyId && isWaiting(message)).length;
  const isSaid = isLate && (isOnline.value || count > 0);
  if (!isAway || !isSaid) return null;
  return (
    <p class="offline" role="status">
      {isOnline.value && t("다시 연결하고 있어요. ", "Reconnecting. ")}
      {count > 0 && t(`보내지 못한 메시지 ${count}개는 연결되면 보내요.`, `${count} unsent: sent once connected.`)}
    </p>
  );
}

function useLate(isTrue: boolean): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = isTrue ? setTimeout(setLate, LATE_MS, true) : undefined;
    if (!isTrue) setLate(false);
    return () => clearTimeout(timer);
  }, [isTrue]);
  return isLate;
}
