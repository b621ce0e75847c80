/** What can be done with a text: put it differently, take it back. */
import { Pencil, Trash2 } from "lucide-preact";
import { useState } from "preact/hooks";
import { useAct } from "../act.ts";
import type { Room } from "../live/room.ts";
import { call } from "../session.ts";
import { Sheet } from "../ui/sheet.tsx";
import { t } from "../words.ts";
import type { TextLine } from "./lines.ts";

/** A sheet; taking back is asked for twice. */
export function MessageMenu({ room: { partyId }, line, onEdit, onClose }: {
  room: Room;
  line: TextLine;
  onEdit: () => void;
  onClose: () => void;
}) {
  const act = useAct(), [isSure, setSure] = useState(false);
  const remove = () => call("DELETE", `/api/parties/${partyId}/chat/entries/${line.entry.seq}`);
  return (
    <Sheet title={t("메시지", "Message")} onClose={onClose}>
      <blockquote class="chat-quote">{line.text}</blockquote>
      {!isSure && line.isOwn && (
        <button type="button" class="button wide" onClick={onEdit}>
          <Pencil size={18} aria-hidden="true" /> {t("고치기", "Edit")}
        </button>
      )}
      {!isSure && (
        <button type="button" class="button danger wide" onClick={() => setSure(true)}>
          <Trash2 size={18} aria-hidden="true" /> {t("지우기", "Delete")}
        </button>
      )}
      {isSure && (
        <>
          <p>{t("모두에게서 지워지고 되돌릴 수 없어요.", "It is deleted for everyone, and cannot be brought back.")}</p>
          <button
            type="button"
            class="button danger wide"
            aria-busy={act.isBusy}
            disabled={act.isBusy}
            onClick={() => void act.run(remove).then((isGood) => isGood && onClose())}
          >
            {t("모두에게서 지우기", "Delete for everyone")}
          </button>
        </>
      )}
    </Sheet>
  );
}
