/** An item or a market that was found: what it is, its heart, and the ways on. */
import { Heart } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso/router";
import type { Item, Market } from "../../contract/catalogue.ts";
import { screenPath } from "../../contract/screens.ts";
import { me } from "../session.ts";
import { distance, t } from "../words.ts";
import { nearbyPath } from "./choice.ts";
import type { Favorable, FavoriteMarks, Kind } from "./favorites.ts";

/** An item: its parties nearby, and one to open with it. */
export function ItemCard({ item, favorites }: { item: Item; favorites: FavoriteMarks }) {
  const facts = [item.variety, item.category].filter((each) => each !== "").join(" · ");
  return (
    <Card kind="items" thing={item} facts={facts} favorites={favorites}>
      <Way to={nearbyPath({ itemId: item.id })} of={item}>{t("근처 파티", "Parties nearby")}</Way>
      <OpenOne with="itemId" of={item} />
    </Card>
  );
}

/** A market: its parties, and one to open there. */
export function MarketCard({ market, favorites }: { market: Market; favorites: FavoriteMarks }) {
  const { kind, roadAddress, distanceM } = market;
  const facts = [distanceM === undefined ? "" : distance(distanceM), kindName(kind), roadAddress];
  return (
    <Card
      kind="markets"
      thing={market}
      facts={facts.filter((each) => each !== "").join(" · ")}
      favorites={favorites}
    >
      <Way to={nearbyPath({ marketId: market.id })} of={market}>{t("여기 파티", "Parties here")}</Way>
      <OpenOne with="marketId" of={market} />
    </Card>
  );
}

function Card({ kind, thing, facts, favorites, children }: {
  kind: Kind;
  thing: Favorable;
  facts: string;
  favorites: FavoriteMarks;
  children: ComponentChildren;
}) {
  return (
    <article class="card" aria-label={thing.name}>
      <div class="row">
        <div>
          <strong>{thing.name}</strong>
          <p class="quiet">{facts}</p>
        </div>
        <HeartButton kind={kind} thing={thing} favorites={favorites} />
      </div>
      <div class="buttons">{children}</div>
    </article>
  );
}

function OpenOne({ with: name, of }: { with: "itemId" | "marketId"; of: Favorable }) {
  return <Way to={`${screenPath("newParty")}?${name}=${of.id}`} of={of}>{t("파티 열기", "Open a party")}</Way>;
}

/** Who hears the links alone hears of what they are. */
function Way({ to, of, children }: { to: string; of: Favorable; children: string }) {
  return (
    <a class="button small" href={to}>
      <span class="visually-hidden">{of.name}:</span> {children}
    </a>
  );
}

/** Whoever is not signed in is led there, and comes back. */
function HeartButton({ kind, thing, favorites }: { kind: Kind; thing: Favorable; favorites: FavoriteMarks }) {
  const { url, route } = useLocation(), isFavorite = favorites.has(kind, thing);
  return (
    <button
      type="button"
      class="icon-button heart"
      aria-pressed={isFavorite}
      aria-label={t(`${thing.name} 찜`, `Favourite ${thing.name}`)}
      onClick={() =>
        me.value ? favorites.toggle(kind, thing) : route(`${screenPath("signIn")}?next=${encodeURIComponent(url)}`)}
    >
      <Heart aria-hidden="true" />
    </button>
  );
}

function kindName(kind: Market["kind"]): string {
  return {
    mart: t("마트", "Mart"),
    traditional: t("전통시장", "Traditional market"),
    other: t("그 밖의 장소", "Other place"),
  }[kind];
}
