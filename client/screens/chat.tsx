/** A party's chat. */
import { DoorClosed, Info, MessageCircle } from "lucide-preact";
import { useRoute } from "preact-iso/router";
import { useEffect, useState } from "preact/hooks";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { useAct } from "../act.ts";
import { type Asked, Failed, Loading, Shown, useAsked } from "../ask.tsx";
import { useAlertNews } from "../chat/alert_news.ts";
import { ChatLog } from "../chat/chat_log.tsx";
import { Composer } from "../chat/composer.tsx";
import { UnsentLine } from "../chat/entry_lines.tsx";
import { useKeyboardSpace } from "../chat/keyboard.ts";
import type { TextLine } from "../chat/lines.ts";
import { LinkBanner } from "../chat/link_banner.tsx";
import { MessageMenu } from "../chat/message_menu.tsx";
import { PeopleBar, TypingLine } from "../chat/room_people.tsx";
import { Refusal } from "../http.ts";
import { unsent } from "../live/outbox.ts";
import { type Ending, openRoom, type Room } from "../live/room.ts";
import { call, me } from "../session.ts";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** The chat, for the party's members; for the others, why there is none. */
export function ChatScreen() {
  const { id = "" } = useRoute().params;
  const party = useAsked<Party>(`/api/parties/${id}`);
  const room = useRoom(id, party.data);
  const [menuOf, setMenuOf] = useState<TextLine>(), [editing, setEditing] = useState<TextLine>();
  useAlertNews(party.reload);
  const isLive = room?.standing.value === "live";
  return (
    <Screen
      title={party.data?.title ?? t("채팅", "Chat")}
      back={screenPath("chats")}
      actions={
        <a class="icon-button" href={screenPath("party", id)} aria-label={t("파티 정보", "About the party")}>
          <Info aria-hidden="true" />
        </a>
      }
      footer={room && isLive && <Composer room={room} editing={editing} onEdited={() => setEditing(undefined)} />}
    >
      <Shown asked={party}>
        {(data) =>
          room ? <RoomBody room={room} party={data} onMenu={setMenuOf} /> : <NoRoom asked={party} party={data} />}
      </Shown>
      {room && isLive && menuOf && (
        <MessageMenu
          room={room}
          line={menuOf}
          onEdit={() => {
            setEditing(menuOf);
            setMenuOf(undefined);
          }}
          onClose={() => setMenuOf(undefined)}
        />
      )}
    </Screen>
  );
}

/** Opened as soon as the person may read it, and kept until the screen is left, also when they may not any more. */
function useRoom(id: string, party: Party | undefined): Room | undefined {
  const [room, setRoom] = useState<Room>();
  const mayRead = room !== undefined || (party !== undefined && party.chat.open && isMember(party));
  useEffect(() => {
    if (!mayRead) return;
    const opened = openRoom(id);
    setRoom(opened);
    return opened.close;
  }, [id, mayRead]);
  return room;
}

function isMember({ myRole }: Party): boolean {
  return myRole === "leader" || myRole === "member";
}

function RoomBody({ room, party, onMenu }: { room: Room; party: Party; onMenu: (line: TextLine) => void }) {
  const standing = room.standing.value, isLive = standing === "live";
  useKeyboardSpace();
  if (standing === "loading") return <Loading />;
  if (standing instanceof Refusal) return <Failed refusal={standing} retry={room.start} />;
  const mayChange = ({ isOwn }: TextLine) => isLive && (isOwn || party.myRole === "leader");
  return (
    <div class="chat-room">
      {isLive && <LinkBanner partyId={room.partyId} />}
      {isLive && <PeopleBar room={room} status={room.party.value.status ?? party.status} />}
      <ChatLog room={room} mayChange={mayChange} onMenu={onMenu} />
      {isLive ? <TypingLine room={room} /> : <Ended how={standing} />}
    </div>
  );
}

function Ended({ how }: { how: Ending }) {
  const words = {
    left: t("파티에서 나왔어요. 더는 대화에 참여할 수 없어요.", "You left the party, and with it the chat."),
    removed: t("파티장이 회원님을 파티에서 내보냈어요.", "The leader removed you from the party."),
    gone: t("이제 이 대화의 참여자가 아니에요.", "You are no longer part of this chat."),
  };
  return <p class="chat-ended" role="status">{words[how]}</p>;
}

/** Not open yet, or not for this person. What they had still written can be seen. */
function NoRoom({ asked, party }: { asked: Asked<Party>; party: Party }) {
  const act = useAct({ reload: asked.reload }), left = unsent.value.filter(({ partyId }) => partyId === party.id);
  if (!me.value) return <Failed refusal={new Refusal("unauthenticated", 401, "")} retry={asked.reload} />;
  if (!isMember(party)) {
    return (
      <>
        <Notice icon={DoorClosed} title={t("참여자만 볼 수 있는 대화예요", "Only members can see this chat")}>
          <a class="button" href={screenPath("party", party.id)}>{t("파티 보기", "See the party")}</a>
        </Notice>
        {left.length > 0 && <ol>{left.map((each) => <UnsentLine key={each.clientMsgId} message={each} />)}</ol>}
      </>
    );
  }
  if (party.chat.open) return <Loading />;
  const open = async () => {
    await call("POST", `/api/parties/${party.id}/chat`);
    await asked.reload();
  };
  return (
    <Notice icon={MessageCircle} title={t("아직 열리지 않은 채팅방이에요", "This chat is not open yet")}>
      {party.myRole === "leader" && party.status !== "cancelled"
        ? (
          <button
            type="button"
            class="button primary"
            aria-busy={act.isBusy}
            disabled={act.isBusy}
            onClick={() => void act.run(open)}
          >
            {t("채팅 열기", "Open the chat")}
          </button>
        )
        : <p class="quiet">{t("첫 참여자가 들어오면 열려요.", "It opens with the first member.")}</p>}
    </Notice>
  );
}
