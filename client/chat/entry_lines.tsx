/** The lines of a chat, one component for each kind. */
import { CircleAlert, Clock, EllipsisVertical } from "lucide-preact";
import { PROBLEMS } from "../../contract/problems.ts";
import { discardMessages, retryMessage, type Unsent } from "../live/outbox.ts";
import { clock, day, locale, t } from "../words.ts";
import type { Line, NoticeLine, TextLine } from "./lines.ts";
import { deletedText, noticeOf } from "./words.ts";

/** One line. `onMenu` is missing where there is nothing that the person could do with a text. */
export function EntryLine({ line, onMenu }: { line: Line; onMenu: ((line: TextLine) => void) | undefined }) {
  switch (line.kind) {
    case "day":
      return <li class="chat-between">{day(line.at)}</li>;
    case "unread":
      return <li class="chat-between chat-unread">{t("여기까지 읽었어요", "You had read up to here")}</li>;
    case "notice":
      return <Notice line={line} />;
    case "text":
      return <Text line={line} onMenu={onMenu} />;
  }
}

function Notice({ line: { entry } }: { line: NoticeLine }) {
  return <li class="chat-between" data-seq={entry.seq}>{noticeOf(entry)}</li>;
}

function Text({ line, onMenu }: { line: TextLine; onMenu: ((line: TextLine) => void) | undefined }) {
  const { entry, text, isOwn, isFirst, isDeleted } = line;
  const speaker = isOwn ? t("나", "Me") : entry.sender?.nickname;
  return (
    <li class={`chat-text ${isOwn ? "own" : ""}`} data-seq={entry.seq}>
      <span class={isFirst && !isOwn ? "chat-name" : "visually-hidden"}>{speaker}</span>
      <div class="chat-row">
        <p class={isDeleted ? "chat-bubble deleted" : "chat-bubble"}>{isDeleted ? deletedText() : text}</p>
        <Facts line={line} />
        {onMenu && !isDeleted && (
          <button
            type="button"
            class="icon-button chat-more"
            aria-label={t(`메시지 메뉴: ${text.slice(0, 30)}`, `Message menu: ${text.slice(0, 30)}`)}
            aria-haspopup="dialog"
            onClick={() => onMenu(line)}
          >
            <EllipsisVertical size={18} aria-hidden="true" />
          </button>
        )}
      </div>
    </li>
  );
}

function Facts({ line: { entry, isEdited, unreadBy } }: { line: TextLine }) {
  return (
    <span class="chat-facts">
      {unreadBy > 0 && <span class="chat-unread-by">{t(`안 읽음 ${unreadBy}`, `${unreadBy} unread`)}</span>}
      {isEdited && <span>{t("수정됨", "edited")}</span>}
      <time dateTime={entry.sentAt}>{clock(entry.sentAt)}</time>
    </span>
  );
}

/** A text that is not in the log yet, or will not get there by itself. */
export function UnsentLine({ message }: { message: Unsent }) {
  const { clientMsgId, text, problem } = message;
  return (
    <li class="chat-text own unsent">
      <span class="visually-hidden">{t("나", "Me")}</span>
      <div class="chat-row">
        <p class="chat-bubble">{text}</p>
        <span class="chat-facts">
          {problem ? <CircleAlert size={16} aria-hidden="true" /> : <Clock size={16} aria-hidden="true" />}
          {!problem && <span class="visually-hidden">{t("보내는 중", "Sending")}</span>}
        </span>
      </div>
      {problem && (
        <div class="chat-problem" role="alert">
          <p>{t("보내지 못했어요", "Not sent")}: {PROBLEMS[problem][locale.value]}</p>
          <div class="buttons">
            <button type="button" class="button small" onClick={() => retryMessage(clientMsgId)}>
              {t("다시 보내기", "Send again")}
            </button>
            <button type="button" class="button small danger" onClick={() => discardMessages([clientMsgId])}>
              {t("버리기", "Discard")}
            </button>
          </div>
        </div>
      )}
    </li>
  );
}
