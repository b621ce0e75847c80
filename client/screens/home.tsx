/** Parties nearby: what there is to join around the person. */
import { Plus } from "lucide-preact";
import type { Page } from "../../contract/common.ts";
import type { Item, Market } from "../../contract/catalogue.ts";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { type AskedPages, Shown, useAsked, usePages } from "../ask.tsx";
import { type Choice, type Choose, useChoice } from "../find/choice.ts";
import { Choices, Narrowing } from "../find/choices.tsx";
import { More } from "../ui/more.tsx";
import { NoPlace } from "../find/no_place.tsx";
import { NothingNearby } from "../find/nothing_nearby.tsx";
import { nearbyPlace, type Place } from "../find/place.ts";
import { useSettled } from "../find/settled.ts";
import { LazyMap } from "../map/lazy_map.tsx";
import { me } from "../session.ts";
import { PartyCard } from "../ui/party_card.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** As a list or as a map: around the home, around the position, or at one market. */
export function HomeScreen() {
  const { choice, choose } = useChoice();
  const place = nearbyPlace();
  return (
    <Screen title={t("내 주변", "Nearby")} actions={<OpenOne choice={choice} />}>
      {choice.marketId && <AtMarket choice={choice} choose={choose} />}
      {!choice.marketId && place && <Around place={place} choice={choice} choose={choose} />}
      {!choice.marketId && !place && <NoPlace />}
    </Screen>
  );
}

function OpenOne({ choice: { itemId, marketId } }: { choice: Choice }) {
  const query = new URLSearchParams({ ...(itemId && { itemId }), ...(marketId && { marketId }) });
  return (
    <a class="button primary small" href={`${screenPath("newParty")}${query.size > 0 ? `?${query}` : ""}`}>
      <Plus size={18} aria-hidden="true" />
      {t("파티 열기", "Open a party")}
    </a>
  );
}

interface Chosen {
  choice: Choice;
  choose: Choose;
}

function Around({ place, choice, choose }: Chosen & { place: Place }) {
  const { radiusM, sort, q, itemId } = choice;
  const asked = usePages<Party>(partiesPath({ lat: place.lat, lng: place.lng, radiusM, sort, q, itemId }));
  const item = useAsked<Item>(itemId ? `/api/items/${encodeURIComponent(itemId)}` : null);
  return (
    <>
      <p class="quiet">
        {t(`${place.name} 주변`, `Around ${place.name}`)} · <ChangePlace />
      </p>
      {item.data && (
        <Narrowing
          kind={t("품목", "Item")}
          name={`${item.data.name} ${item.data.variety}`}
          onEnd={() => choose({ itemId: "" })}
        />
      )}
      <Choices choice={choice} choose={choose} hasRadius />
      <Found asked={asked} choice={choice} choose={choose} center={place} radiusM={radiusM} />
    </>
  );
}

function ChangePlace() {
  const home = encodeURIComponent(screenPath("home"));
  return (
    <a href={`${screenPath("neighbourhood")}?next=${home}`}>
      {me.value?.home ? t("동네 바꾸기", "Change") : t("동네 정하기", "Set my neighbourhood")}
    </a>
  );
}

/** As far as a market's own parties can be from it. */
const AT_MARKET_M = 100;

/** Wherever the person is. The market is the middle: how far its parties are from that says nothing. */
function AtMarket({ choice, choose }: Chosen) {
  const { marketId, sort, q } = choice;
  const market = useAsked<Market>(`/api/markets/${encodeURIComponent(marketId)}`), center = market.data;
  const asked = usePages<Party>(
    center ? partiesPath({ lat: center.lat, lng: center.lng, radiusM: AT_MARKET_M, marketId, sort, q }) : null,
  );
  const items = asked.items.map((party) => ({ ...party, distanceM: undefined }));
  return (
    <Shown asked={market}>
      {(market) => (
        <>
          <Narrowing kind={t("마트", "Market")} name={market.name} onEnd={() => choose({ marketId: "" })} />
          <Choices choice={choice} choose={choose} hasRadius={false} />
          <Found asked={{ ...asked, items }} choice={choice} choose={choose} center={market} />
        </>
      )}
    </Shown>
  );
}

function partiesPath(query: Record<string, string | number>): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return `/api/parties?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function Found({ asked, choice, choose, center, radiusM }: Chosen & {
  asked: AskedPages<Party, Page<Party>>;
  center: { lat: number; lng: number };
  radiusM?: number;
}) {
  const settled = useSettled(asked), { items, more, isBusy } = settled;
  return (
    <Shown asked={settled}>
      {() => (
        <div class="section" aria-busy={isBusy}>
          <p class="quiet" role="status">
            {t(`파티 ${items.length}개${more ? " 이상" : ""}`, `${items.length}${more ? "+" : ""} parties`)}
          </p>
          {choice.view === "map" && (
            <div class="map-wide">
              <LazyMap
                label={t("주변 파티 지도", "Map of the parties nearby")}
                center={center}
                radiusM={radiusM}
                markers={items.map(markerOf)}
              />
            </div>
          )}
          {items.length === 0 && <NothingNearby choice={choice} choose={choose} />}
          {choice.view === "list" && items.length > 0 && (
            <ul class="list" aria-label={t("주변 파티", "Parties nearby")}>
              {items.map((party) => (
                <li key={party.id}>
                  <PartyCard party={party} />
                </li>
              ))}
            </ul>
          )}
          <More more={more} />
        </div>
      )}
    </Shown>
  );
}

function markerOf({ id, title, market: { lat, lng } }: Party) {
  return { id, lat, lng, label: title, href: screenPath("party", id) };
}
