/** What a party buys, for how much, when and where, and who leads it. */
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { Party } from "../../contract/parties.ts";
import { LazyMap } from "../map/lazy_map.tsx";
import { me } from "../session.ts";
import { FillBar } from "../ui/fill_bar.tsx";
import { defaultShare, leftOf } from "../ui/party_card.tsx";
import { PersonFacts } from "../ui/person_facts.tsx";
import { ago, amount, clock, day, shareKrw, t, when, won } from "../words.ts";
import { CalendarButton } from "./calendar_button.tsx";
import { isIn } from "./moves.ts";
import { myShare, type PartyView } from "./party_view.ts";
import { exactAmount } from "./quantities.ts";

/** Everything that a party says of itself. */
export function PartyFacts({ view }: { view: PartyView }) {
  const { note, leader } = view.party;
  return (
    <>
      <Pack party={view.party} />
      <Money view={view} />
      <Times party={view.party} />
      <Where party={view.party} />
      {note && (
        <Section title={t("안내", "Note")}>
          <p class="party-note">{note}</p>
        </Section>
      )}
      {!isIn(view.party) && (
        <Section title={t("파티장", "Leader")}>
          <PersonFacts person={leader} />
        </Section>
      )}
    </>
  );
}

/** A part of the screen with a heading. */
export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="section">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Pack({ party }: { party: Party }) {
  const { item, status, quantity, quantityLeft, memberCount, capacity } = party, seats = capacity - memberCount;
  return (
    <section class="section">
      <p class="quiet">{[item.category, item.name, item.variety].filter(Boolean).join(" · ")}</p>
      <FillBar taken={quantity - quantityLeft} whole={quantity} label={leftOf(party)} />
      <p class="row">
        <span>{t(`${memberCount}/${capacity}명 참여`, `${memberCount} of ${capacity} people`)}</span>
        {status === "open" && (
          <span class="quiet">
            {seats > 0 ? t(`${seats}자리 남음`, `${seats} places left`) : t("자리 없음", "No place left")}
          </span>
        )}
      </p>
    </section>
  );
}

function Money({ view }: { view: PartyView }) {
  const { party } = view, { quantity, unit, priceKrw, unitPrice } = party;
  return (
    <Section title={t("가격", "Price")}>
      <dl class="facts party-facts">
        <dt>{t("전체", "Pack")}</dt>
        <dd class="number">
          {amount(quantity, unit)} · {priceKrw === null ? t("가격 미정", "no price yet") : won(priceKrw)}
        </dd>
        {unitPrice && (
          <>
            <dt>{amount(unitPrice.per, unitPrice.unit)}</dt>
            <dd class="number">{won(unitPrice.krw)}</dd>
          </>
        )}
        <ForMe view={view} />
      </dl>
    </Section>
  );
}

/** One's share, or what it would be. */
function ForMe({ view }: { view: PartyView }) {
  const { party, moves } = view, { unit } = party;
  const mine = myShare(view), share = mine ?? (moves.includes("join") ? defaultShare(party) : undefined);
  if (!share) return null;
  const krw = shareKrw(party, share);
  return (
    <>
      <dt>{mine === undefined ? t("내가 참여하면", "If I join") : t("내 몫", "My share")}</dt>
      <dd class="number">
        {exactAmount(share, unit)}
        {krw !== null && ` · ${t(`약 ${won(krw)}`, `about ${won(krw)}`)}`}
      </dd>
    </>
  );
}

function Times({ party: { id, startsAt, endsAt, joinUntil, status } }: { party: Party }) {
  return (
    <Section title={t("언제", "When")}>
      <dl class="facts party-facts">
        <dt>{t("시작", "Start")}</dt>
        <dd>
          {when(startsAt)} <span class="quiet">({ago(startsAt)})</span>
        </dd>
        <dt>{t("끝", "End")}</dt>
        <dd>{day(startsAt) === day(endsAt) ? clock(endsAt) : when(endsAt)}</dd>
        {status === "open" && (
          <>
            <dt>{t("모집 마감", "Join until")}</dt>
            <dd>{when(joinUntil)}</dd>
          </>
        )}
      </dl>
      {me.value && (status === "open" || status === "confirmed") && (
        <div class="buttons">
          <CalendarButton partyId={id} />
        </div>
      )}
    </Section>
  );
}

function Where({ party: { market } }: { party: Party }) {
  const { id, name, roadAddress, lat, lng } = market;
  // The same marker each time: the map is not drawn anew whenever the clock ticks.
  const marker = useMemo(() => ({ id, label: name, lat, lng }), [id, name, lat, lng]);
  const markers = useMemo(() => [marker], [marker]);
  return (
    <Section title={t("어디서", "Where")}>
      <div>
        <p class="strong">{name}</p>
        <p class="quiet">{roadAddress}</p>
      </div>
      <LazyMap
        label={t(`만나는 곳 지도: ${name}`, `Map of the meeting place: ${name}`)}
        center={marker}
        markers={markers}
      />
    </Section>
  );
}
