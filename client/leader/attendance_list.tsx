/** Who has come. */
import type { Membership } from "../../contract/parties.ts";
import { useAct } from "../act.ts";
import { call } from "../session.ts";
import { t } from "../words.ts";
import { acceptedOf, type PartyPeople } from "./party_people.ts";

/** The members but the leader: those whom it is said of whether they came. */
export function guestsOf(people: PartyPeople): Membership[] {
  return acceptedOf(people).filter(({ role }) => role === "member");
}

/** Everyone and how it stands with them; with `reload`, the leader can say. */
export function AttendanceList({ people, reload }: { people: PartyPeople; reload?: () => Promise<void> }) {
  const guests = guestsOf(people), came = guests.filter(({ attended }) => attended).length;
  return (
    <section class="section">
      <h2>
        {t("도착", "Arrivals")}{" "}
        <span class="quiet" role="status">{t(`${guests.length}명 중 ${came}명`, `${came} of ${guests.length}`)}</span>
      </h2>
      <ul class="list">
        {guests.map((member) => (
          <li key={member.userId} class="card">
            <div class="row">
              <strong>{member.nickname}</strong>
              <AttendanceTag member={member} />
            </div>
            {reload && !member.penalised && <Marks member={member} partyId={people.party.id} reload={reload} />}
          </li>
        ))}
      </ul>
      {guests.length === 0 && <p class="quiet">{t("함께하는 이웃이 없어요.", "Nobody else is in.")}</p>}
    </section>
  );
}

function AttendanceTag({ member: { attended, penalised } }: { member: Membership }) {
  if (penalised) return <span class="tag danger">{t("페널티 받음", "Penalised")}</span>;
  if (attended) return <span class="tag">{t("왔어요", "Came")}</span>;
  if (attended === false) return <span class="tag danger">{t("안 왔어요", "Absent")}</span>;
  return <span class="tag warning">{t("아직이에요", "Not yet")}</span>;
}

function Marks({ member, partyId, reload }: { member: Membership; partyId: string; reload: () => Promise<void> }) {
  const act = useAct({ reload });
  const { nickname, userId, attended } = member;
  const mark = (attended: boolean) =>
    void act.run(async () => {
      await call("PUT", `/api/parties/${partyId}/members/${userId}/attendance`, { body: { attended } });
      await reload();
    });
  return (
    <div class="halves" role="group" aria-label={t(`${nickname} 님 출석`, `Attendance of ${nickname}`)}>
      <button
        type="button"
        class="chip"
        aria-pressed={attended === true}
        disabled={act.isBusy}
        onClick={() => mark(true)}
      >
        {t("왔어요", "Came")}
      </button>
      <button
        type="button"
        class="chip"
        aria-pressed={attended === false}
        disabled={act.isBusy}
        onClick={() => mark(false)}
      >
        {t("안 왔어요", "Absent")}
      </button>
    </div>
  );
}
