/** Marking a line as paid. */
import type { Settlement } from "../../contract/settlements.ts";
import { useAct } from "../act.ts";
import { call } from "../session.ts";

/** Sets the caller's own mark on a person's line, or takes it back; hands the settlement of after on. */
export function PaidButton({ partyId, userId, isMarked, words, about, isSmall = false, onMarked }: {
  partyId: string;
  userId: string;
  isMarked: boolean;
  words: string;
  /** Whose line, for who does not see it. */
  about?: string;
  isSmall?: boolean;
  onMarked: (settlement: Settlement) => void;
}) {
  const act = useAct();
  const mark = () =>
    act.run(async () =>
      onMarked(
        await call<Settlement>("PUT", `/api/parties/${partyId}/settlement/lines/${userId}`, {
          body: { paid: !isMarked },
        }),
      )
    );
  return (
    <button
      type="button"
      class={`button ${isSmall ? "small end" : isMarked ? "wide" : "wide primary"}`}
      aria-label={about && `${about} · ${words}`}
      aria-busy={act.isBusy}
      disabled={act.isBusy}
      onClick={() => void mark()}
    >
      {words}
    </button>
  );
}
