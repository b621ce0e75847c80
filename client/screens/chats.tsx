/** The person's chats, the most recently active first. */
import { MessageCircle } from "lucide-preact";
import { useEffect } from "preact/hooks";
import type { ChatSummary } from "../../contract/chat.ts";
import { screenPath } from "../../contract/screens.ts";
import { type Asked, Shown, useAsked } from "../ask.tsx";
import { useAlertNews } from "../chat/alert_news.ts";
import { lately, previewOf } from "../chat/words.ts";
import { followRoom } from "../live/feeds.ts";
import { unsent } from "../live/outbox.ts";
import { seen } from "../live/reads.ts";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** The list; what is said meanwhile shows at once. */
export function ChatsScreen() {
  const chats = useAsked<ChatSummary[]>("/api/chats");
  useNews(chats);
  return (
    <Screen title={t("채팅", "Chats")}>
      <Shown asked={chats}>
        {(list) =>
          list.length === 0 ? <Empty /> : (
            <ul class="list">
              {list.map((chat) => (
                <li key={chat.partyId}>
                  <ChatCard chat={chat} />
                </li>
              ))}
            </ul>
          )}
      </Shown>
    </Screen>
  );
}

function ChatCard({ chat: { partyId, title, lastSeq, unread, last } }: { chat: ChatSummary }) {
  const count = (seen.value.get(partyId) ?? 0) >= lastSeq ? 0 : unread;
  const waiting = unsent.value.filter((message) => message.partyId === partyId && message.seq === undefined).length;
  return (
    <a class={count > 0 ? "card unread" : "card"} href={screenPath("chat", partyId)}>
      <span class="row">
        <strong class="chat-title">{title}</strong>
        {last && <time class="quiet chat-ago" dateTime={last.sentAt}>{lately(last.sentAt)}</time>}
      </span>
      <span class="row">
        <span class="chat-preview">{last ? previewOf(last) : t("아직 메시지가 없어요", "No messages yet")}</span>
        {count > 0 && (
          <span class="badge">
            {count > 99 ? "99+" : count}
            <span class="visually-hidden">{t("개 안 읽음", " unread")}</span>
          </span>
        )}
      </span>
      {waiting > 0 && <span class="tag warning">{t(`보내지 못한 메시지 ${waiting}개`, `${waiting} unsent`)}</span>}
    </a>
  );
}

function Empty() {
  return (
    <Notice
      icon={MessageCircle}
      title={t("파티에 참여하면 여기에서 이야기할 수 있어요", "Join a party, and talk to the others here")}
    >
      <a class="button" href={screenPath("home")}>{t("내 주변 파티 보기", "See parties nearby")}</a>
    </Notice>
  );
}

/** A connection follows so many rooms; those of longer ago wait for the next look. */
const FOLLOWED_MAX = 90;
const GATHER_MS = 300;

/** Reads the list anew when anything is said in one of the chats, or an alert tells that there may be another. */
function useNews({ data = [], reload }: Asked<ChatSummary[]>): void {
  const ids = data.slice(0, FOLLOWED_MAX).map(({ partyId }) => partyId).sort().join(" ");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const readSoon = () => timer ??= setTimeout(() => void reload().finally(() => timer = undefined), GATHER_MS);
    const heads = new Map(data.map(({ partyId, lastSeq }) => [partyId, lastSeq]));
    const endings = ids.split(" ").filter(Boolean).map((partyId) =>
      followRoom(partyId, {
        after: () => heads.get(partyId)!,
        hear(frame) {
          if (frame.type === "entry") heads.set(partyId, frame.seq);
          if (["entry", "unsubscribed", "problem"].includes(frame.type)) readSoon();
        },
      })
    );
    return () => {
      clearTimeout(timer);
      for (const end of endings) end();
    };
  }, [ids]);
  useAlertNews(reload);
}
