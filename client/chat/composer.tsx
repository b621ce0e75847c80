/** Where one writes: a new message, or another wording of one. */
import { SendHorizontal, X } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Entry } from "../../contract/chat.ts";
import { useAct } from "../act.ts";
import { writeMessage } from "../live/outbox.ts";
import type { Room } from "../live/room.ts";
import { say } from "../live/socket.ts";
import { call, me } from "../session.ts";
import { t } from "../words.ts";
import type { TextLine } from "./lines.ts";

/** As the service has it, in UTF-16 units. */
const TEXT_MAX = 2_000;
const COUNTED_FROM = 1_800;
const TYPING_EVERY_MS = 2_000;

/** Enter sends, with Shift it breaks the line. While `editing`, what is sent becomes that text's wording. */
export function Composer({ room, editing, onEdited }: {
  room: Room;
  editing: TextLine | undefined;
  onEdited: () => void;
}) {
  const area = useRef<HTMLTextAreaElement>(null), act = useAct();
  const draft = useDraft(room.partyId), [wording, setWording] = useState("");
  const [text, setText] = editing ? [wording, setWording] : [draft.text, draft.set];
  const said = text.normalize("NFC").trim(), isTooLong = said.length > TEXT_MAX;
  const sayTyping = useTyping(room.partyId);

  useEffect(() => {
    if (!editing) return;
    setWording(editing.text);
    area.current?.focus();
  }, [editing]);

  function submit(): void {
    if (said === "" || isTooLong) return;
    if (editing) return void act.run(() => edit(room, editing, said)).then((isGood) => isGood && onEdited());
    writeMessage(room.partyId, said);
    setText("");
    area.current?.focus();
  }

  return (
    <form
      class="chat-composer"
      aria-label={t("메시지 보내기", "Send a message")}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {editing && (
        <p class="chat-editing">
          {t("메시지를 고치는 중이에요", "Editing a message")}
          <button
            type="button"
            class="icon-button"
            aria-label={t("고치기 그만두기", "Stop editing")}
            onClick={onEdited}
          >
            <X size={20} aria-hidden="true" />
          </button>
        </p>
      )}
      <div class="chat-write">
        <textarea
          ref={area}
          rows={1}
          value={text}
          aria-label={t("메시지", "Message")}
          placeholder={t("메시지를 입력해 주세요", "Write a message")}
          aria-invalid={isTooLong}
          aria-describedby="chat-count"
          enterkeyhint="send"
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            if (!editing) sayTyping();
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape" && editing) onEdited();
            if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
            event.preventDefault();
            submit();
          }}
        />
        <button
          type="submit"
          class="button primary chat-send"
          aria-label={t("보내기", "Send")}
          aria-busy={act.isBusy}
          disabled={said === "" || isTooLong || act.isBusy}
        >
          <SendHorizontal size={20} aria-hidden="true" />
        </button>
      </div>
      <p id="chat-count" class={isTooLong ? "chat-count danger" : "chat-count"} role="status">
        {said.length >= COUNTED_FROM && t(`${said.length}/${TEXT_MAX}자`, `${said.length}/${TEXT_MAX} characters`)}
      </p>
    </form>
  );
}

/** Enter then ends a syllable of the input method, and sends nothing. Safari says so by the key's old number alone. */
function isComposing({ isComposing, keyCode }: KeyboardEvent): boolean {
  return isComposing || keyCode === 229;
}

async function edit(room: Room, { entry: { seq } }: TextLine, text: string): Promise<void> {
  room.take(await call<Entry>("PATCH", `/api/parties/${room.partyId}/chat/entries/${seq}`, { body: { text } }));
}

/** What is not sent yet outlives the page. */
function useDraft(partyId: string): { text: string; set: (text: string) => void } {
  const key = `draft:${me.peek()?.id}:${partyId}`;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? "");
  function set(text: string): void {
    setText(text);
    try {
      if (text) localStorage.setItem(key, text);
      else localStorage.removeItem(key);
    } catch { /* the page has it */ }
  }
  return { text, set };
}

function useTyping(partyId: string): () => void {
  const saidAtMs = useRef(0);
  return () => {
    if (Date.now() - saidAtMs.current < TYPING_EVERY_MS) return;
    if (say({ type: "typing", partyId })) saidAtMs.current = Date.now();
  };
}
