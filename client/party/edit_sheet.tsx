/** What a leader may still change about their party. */
import { useState } from "preact/hooks";
import type { Party, PartyChange } from "../../contract/parties.ts";
import { call } from "../session.ts";
import { Area, Check, Field, Form } from "../ui/form.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";
import { useSheetForm } from "./act_sheet.tsx";
import { fromField, toField } from "../korean_time.ts";
import type { PartyView } from "./party_view.ts";

/** The fields as they stand in the form. */
interface Fields {
  title: string;
  note: string;
  priceKrw: string;
  capacity: string;
  startsAt: string;
  endsAt: string;
  /** Empty: until the start. */
  joinUntil: string;
  autoAccept: boolean;
}

/** What has been changed stays in the form when the party changes under it; the rest is shown as it is now. */
export function EditSheet({ view }: { view: PartyView }) {
  const { party } = view, form = useSheetForm(view);
  const [edits, setEdits] = useState<Partial<Fields>>({});
  const now = fieldsOf(party), fields = { ...now, ...edits };
  const close = () => view.begin(undefined);
  const edit = (name: keyof Fields) => ({
    name,
    isWrong: form.wrong(`/${name}`),
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      setEdits((before) => ({ ...before, [name]: currentTarget.value })),
  });
  return (
    <Sheet title={t("파티 수정", "Edit the party")} onClose={close}>
      <Form
        form={form}
        submit={t("저장", "Save")}
        onSubmit={async () => {
          await save(view, changeOf(now, edits));
          close();
        }}
      >
        <Field label={t("제목", "Title")} value={fields.title} required maxlength={80} {...edit("title")} />
        <Area label={t("안내", "Note")} value={fields.note} maxlength={2000} {...edit("note")} />
        <Field
          label={t("전체 가격 (원)", "Price of the pack (KRW)")}
          type="number"
          inputMode="numeric"
          min={0}
          max={1_000_000_000}
          value={fields.priceKrw}
          hint={t("비우면 미정이에요", "Empty: not known yet")}
          {...edit("priceKrw")}
        />
        <Field
          label={t("시작 (한국 시간)", "Start (Korean time)")}
          type="datetime-local"
          value={fields.startsAt}
          required
          {...edit("startsAt")}
        />
        <Field
          label={t("끝 (한국 시간)", "End (Korean time)")}
          type="datetime-local"
          value={fields.endsAt}
          min={fields.startsAt}
          required
          {...edit("endsAt")}
        />
        {party.status === "open" && (
          <>
            <Field
              label={t("모집 마감", "Join until")}
              type="datetime-local"
              value={fields.joinUntil}
              max={fields.startsAt}
              hint={t("비우면 시작할 때까지 받아요", "Empty: until the start")}
              {...edit("joinUntil")}
            />
            <Field
              label={t("인원 (나 포함)", "People (with me)")}
              type="number"
              inputMode="numeric"
              min={party.memberCount}
              max={50}
              value={fields.capacity}
              required
              hint={t("이미 자리를 받은 사람보다 적을 수 없어요", "Not fewer than have a place already")}
              {...edit("capacity")}
            />
            <Check
              label={t("신청하면 바로 수락", "Accept everyone at once")}
              checked={fields.autoAccept}
              onChange={({ currentTarget }) => setEdits((before) => ({ ...before, autoAccept: currentTarget.checked }))}
            />
          </>
        )}
      </Form>
    </Sheet>
  );
}

function fieldsOf({ title, note, priceKrw, capacity, startsAt, endsAt, joinUntil, autoAccept }: Party): Fields {
  return {
    title,
    note,
    priceKrw: priceKrw === null ? "" : String(priceKrw),
    capacity: String(capacity),
    startsAt: toField(startsAt),
    endsAt: toField(endsAt),
    joinUntil: joinUntil === startsAt ? "" : toField(joinUntil),
    autoAccept,
  };
}

/** What differs from what is: only that is sent, since the rest may be somebody else's newer word. */
function changeOf(now: Fields, edits: Partial<Fields>): PartyChange {
  const differs = (name: keyof Fields) => edits[name] !== undefined && edits[name] !== now[name];
  const { title, note, priceKrw, capacity, startsAt, endsAt, joinUntil, autoAccept } = { ...now, ...edits };
  return {
    ...(differs("title") && { title }),
    ...(differs("note") && { note }),
    ...(differs("priceKrw") && { priceKrw: priceKrw === "" ? null : Number(priceKrw) }),
    ...(differs("capacity") && { capacity: Number(capacity) }),
    ...(differs("startsAt") && { startsAt: fromField(startsAt) }),
    ...(differs("endsAt") && { endsAt: fromField(endsAt) }),
    ...(differs("joinUntil") && { joinUntil: fromField(joinUntil || startsAt) }),
    ...(differs("autoAccept") && { autoAccept }),
  };
}

/** Throws the Refusal `stale-version` when the party is no longer what the form was made of. */
async function save({ party, show }: PartyView, change: PartyChange): Promise<void> {
  if (Object.keys(change).length === 0) return;
  const headers = { "if-match": `"${party.version}"` };
  show(await call<Party>("PATCH", `/api/parties/${party.id}`, { body: change, headers }));
  tell(t("고쳤어요", "Changed"));
}
