/** The log of a chat, with what is still to be sent at its end. */
import { ArrowDown } from "lucide-preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAct } from "../act.ts";
import { unsent } from "../live/outbox.ts";
import { seen } from "../live/reads.ts";
import type { Room } from "../live/room.ts";
import { me } from "../session.ts";
import { t } from "../words.ts";
import { EntryLine, UnsentLine } from "./entry_lines.tsx";
import { type Line, linesOf, type TextLine } from "./lines.ts";
import { useView } from "./view.ts";

/** Shows the log. `onMenu` asks what to do with a text, for those that `mayChange`. */
export function ChatLog({ room, mayChange, onMenu }: {
  room: Room;
  mayChange: (line: TextLine) => boolean;
  onMenu: (line: TextLine) => void;
}) {
  const log = room.log.value, pointers = room.people.pointers.value, myId = me.value?.id ?? "";
  const readTo = useReadTo(room);
  const lines = useMemo(() => linesOf(log.run, { myId, readTo, pointers }), [log.run, myId, readTo, pointers]);
  const waiting = unsent.value.filter(({ partyId }) => partyId === room.partyId);
  const older = useOlder(room);
  const ownCount = waiting.length + lines.filter((line) => line.kind === "text" && line.isOwn).length;
  const view = useView({ partyId: room.partyId, log, ownCount, onTop: older.read });
  return (
    <div class="chat-frame">
      <div
        ref={view.scroller}
        class="chat-log"
        role="log"
        aria-label={t("대화", "Conversation")}
        aria-busy={older.isBusy}
        tabIndex={0}
      >
        {log.before > 0 && (
          <button type="button" class="button small chat-older" disabled={older.isBusy} onClick={older.retry}>
            {t("이전 메시지 보기", "Earlier messages")}
          </button>
        )}
        <ol class="chat-lines">
          {lines.map((line) => (
            <EntryLine
              key={line.key}
              line={line}
              onMenu={line.kind === "text" && mayChange(line) ? onMenu : undefined}
            />
          ))}
          {waiting.map((message) => <UnsentLine key={message.clientMsgId} message={message} />)}
        </ol>
        {lines.length + waiting.length === 0 && (
          <p class="quiet chat-empty">
            {t("아직 메시지가 없어요. 먼저 인사해 보세요.", "No messages yet. Say hello.")}
          </p>
        )}
      </div>
      {!view.isAtEnd && (
        <button type="button" class="button chat-jump" onClick={view.toEnd}>
          <ArrowDown size={18} aria-hidden="true" />
          {jumpLabel(unseenIn(lines, seen.value.get(room.partyId) ?? 0))}
        </button>
      )}
    </div>
  );
}

function jumpLabel(count: number): string {
  if (count === 0) return t("맨 아래로", "To the newest");
  return t(`새 메시지 ${count}개`, `${count} new`);
}

function unseenIn(lines: Line[], seq: number): number {
  return lines.filter((line) => line.kind === "text" && !line.isOwn && !line.isDeleted && line.entry.seq > seq).length;
}

/** Where reading had stopped: when the room was opened, and whenever the page was left since. */
function useReadTo({ partyId, readBefore }: Room): number {
  const [readTo, setReadTo] = useState(readBefore.peek());
  useEffect(() => {
    const leave = () =>
      document.visibilityState === "hidden" && setReadTo((before) => seen.peek().get(partyId) ?? before);
    document.addEventListener("visibilitychange", leave);
    return () => document.removeEventListener("visibilitychange", leave);
  }, [partyId]);
  return readTo;
}

/** Reading older pages: by itself as the top comes near, until one fails; then when asked. */
function useOlder({ log, readOlder }: Room) {
  const { isBusy, run } = useAct(), hasFailed = useRef(false);
  const retry = useCallback(() => {
    void run(async () => {
      hasFailed.current = true;
      await readOlder();
      hasFailed.current = false;
    });
  }, [readOlder]);
  const read = useCallback(() => {
    if (log.peek().before > 0 && !hasFailed.current) retry();
  }, [retry]);
  return { isBusy, retry, read };
}
