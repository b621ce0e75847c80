/** Who is in the room: who is there now, who types, and the list of all. */
import { ChevronRight, Users } from "lucide-preact";
import { useState } from "preact/hooks";
import type { Party } from "../../contract/parties.ts";
import type { Room } from "../live/room.ts";
import { me } from "../session.ts";
import { statusName } from "../ui/party_card.tsx";
import { PersonFacts } from "../ui/person_facts.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { t } from "../words.ts";

/** `3명 · 접속 중 2명`, which opens the list; beside it what has become of the party. */
export function PeopleBar({ room: { people }, status }: { room: Room; status: Party["status"] }) {
  const [isOpen, setOpen] = useState(false);
  const members = people.members.value, there = members.filter(({ userId }) => people.online.value.has(userId));
  return (
    <div class="chat-people">
      <button type="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Users size={18} aria-hidden="true" />
        <span>
          {t(`${members.length}명 · 접속 중 ${there.length}명`, `${members.length} people · ${there.length} online`)}
        </span>
        <ChevronRight size={18} aria-hidden="true" />
      </button>
      {status !== "open" && <span class={`tag ${TONES[status]}`}>{statusName(status)}</span>}
      {isOpen && (
        <Sheet title={t("참여자", "Members")} onClose={() => setOpen(false)}>
          <ul class="list">
            {members.map(({ userId, profile }) => (
              <li key={userId} class="card row">
                <PersonFacts person={profile} />
                <span class={people.online.value.has(userId) ? "tag" : "quiet"}>
                  {userId === me.value?.id && `${t("나", "Me")} · `}
                  {people.online.value.has(userId) ? t("접속 중", "Online") : t("자리 비움", "Away")}
                </span>
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </div>
  );
}

const TONES = { open: "", confirmed: "", done: "warning", cancelled: "danger" };

/** `철수 님이 쓰는 중…`; an empty line when nobody does, so that nothing jumps. */
export function TypingLine({ room: { people } }: { room: Room }) {
  const typing = people.typing.value,
    names = people.members.value
      .filter(({ userId }) => typing.has(userId)).map(({ nickname }) => nickname);
  return (
    <p class="chat-typing">
      {names.length === 1 && t(`${names[0]} 님이 쓰는 중…`, `${names[0]} is typing…`)}
      {names.length > 1 && t(`${names.length}명이 쓰는 중…`, `${names.length} people are typing…`)}
    </p>
  );
}
