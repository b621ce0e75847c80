/** The party for one's calendar. */
import { CalendarPlus } from "lucide-preact";
import { useAct } from "../act.ts";
import { Refusal } from "../http.ts";
import { accessToken } from "../session.ts";
import { t } from "../words.ts";

/** Offers the party's calendar file as a download: its address alone would not say who asks. */
export function CalendarButton({ partyId }: { partyId: string }) {
  const { isBusy, run } = useAct();
  return (
    <button
      type="button"
      class="button small"
      aria-busy={isBusy}
      disabled={isBusy}
      onClick={() => void run(async () => save(await readCalendar(partyId)))}
    >
      <CalendarPlus aria-hidden="true" />
      {t("캘린더에 넣기", "Add to calendar")}
    </button>
  );
}

async function readCalendar(partyId: string): Promise<Blob> {
  const headers = { authorization: `Bearer ${await accessToken()}` };
  const response = await fetch(`/api/parties/${partyId}/calendar.ics`, { headers }).catch(() => null);
  if (response?.ok) return await response.blob();
  if (response) {
    throw new Refusal("unavailable", response.status, t("지금은 받을 수 없어요", "Cannot be had at the moment"));
  }
  throw new Refusal("offline", 0, t("인터넷에 연결되어 있지 않아요", "You are offline"));
}

function save(file: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "moajang.ics";
  link.click();
  // The browser reads it a moment later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
