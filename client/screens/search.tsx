/** Finding items and markets, and marking them as favourites. */
import { Heart, SearchX } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso/router";
import type { Favorites, Item, Market } from "../../contract/catalogue.ts";
import { screenPath } from "../../contract/screens.ts";
import { Shown, usePages } from "../ask.tsx";
import { type FavoriteMarks, type Kind, useFavorites } from "../find/favorites.ts";
import { ItemCard, MarketCard } from "../find/found_card.tsx";
import { More } from "../ui/more.tsx";
import { nearbyPlace } from "../find/place.ts";
import { SearchBox } from "../find/search_box.tsx";
import { useSettled } from "../find/settled.ts";
import { Tabs } from "../find/tabs.tsx";
import { me } from "../session.ts";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** Two tabs, one box; as long as it is empty, the favourites. Tab and words are in the address. */
export function SearchScreen() {
  const { query, route } = useLocation();
  const kind: Kind = query.tab === "markets" ? "markets" : "items", q = query.q ?? "";
  const favorites = useFavorites();
  return (
    <Screen title={t("찾기", "Search")}>
      <SearchBox
        label={t("품목이나 마트 찾기", "Find an item or a market")}
        placeholder={t("이름이나 초성, 예: 사과, ㅅㄱ", "Name, such as 사과 or ㅅㄱ")}
        value={q}
        onSearch={(q) => route(searchPath(kind, q), true)}
      />
      <Tabs
        label={t("무엇을 찾나요", "What to find")}
        current={kind}
        tabs={[["items", t("품목", "Items")], ["markets", t("마트·시장", "Markets")]]}
        onChoose={(kind) => route(searchPath(kind, q))}
      >
        {q === ""
          ? <MyFavorites kind={kind} favorites={favorites} />
          : <Found kind={kind} q={q} favorites={favorites} />}
      </Tabs>
    </Screen>
  );
}

function searchPath(kind: Kind, q: string): string {
  const query = new URLSearchParams({ ...(kind === "markets" && { tab: kind }), ...(q && { q }) });
  return query.size > 0 ? `${screenPath("search")}?${query}` : screenPath("search");
}

function Found({ kind, q, favorites }: { kind: Kind; q: string; favorites: FavoriteMarks }) {
  const asked = useSettled(usePages<Item | Market>(kind === "items" ? itemsPath(q) : marketsPath(q)));
  return (
    <Shown asked={asked}>
      {() => (
        <div class="section" aria-busy={asked.isBusy}>
          <Things kind={kind} things={asked.items} favorites={favorites} label={t("찾은 결과", "Found")} />
          {asked.items.length === 0 && (
            <Notice icon={SearchX} title={t("찾은 결과가 없어요", "Nothing found")} role="status">
              <p class="quiet">{t("다른 이름이나 초성으로 찾아 보세요.", "Try another name.")}</p>
            </Notice>
          )}
          <More more={asked.more} />
        </div>
      )}
    </Shown>
  );
}

function itemsPath(q: string): string {
  return `/api/items?${new URLSearchParams({ q })}`;
}

/** Nearest first, where it is known from where. */
function marketsPath(q: string): string {
  const place = nearbyPlace();
  return `/api/markets?${new URLSearchParams({ q, ...(place && { lat: `${place.lat}`, lng: `${place.lng}` }) })}`;
}

function MyFavorites({ kind, favorites }: { kind: Kind; favorites: FavoriteMarks }) {
  if (!me.value) {
    return (
      <Hint title={t("품목과 마트를 찾아 보세요", "Find items and markets")}>
        {t(
          "로그인하면 찜해 두고 새 파티 소식을 받을 수 있어요.",
          "Sign in to mark favourites and hear of new parties.",
        )}
      </Hint>
    );
  }
  return (
    <Shown asked={favorites.asked}>
      {(data: Favorites) =>
        data[kind].length === 0
          ? (
            <Hint title={t("아직 찜이 없어요", "No favourites yet")}>
              {t(
                "찾아서 하트를 누르면 여기에 모이고, 새 파티가 열릴 때 알려 드려요.",
                "Tap a heart: it is kept here, and you hear of new parties.",
              )}
            </Hint>
          )
          : <Things kind={kind} things={data[kind]} favorites={favorites} label={t("찜", "Favourites")} />}
    </Shown>
  );
}

function Hint({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <Notice icon={Heart} title={title}>
      <p class="quiet">{children}</p>
    </Notice>
  );
}

function Things({ kind, things, favorites, label }: {
  kind: Kind;
  things: (Item | Market)[];
  favorites: FavoriteMarks;
  label: string;
}) {
  return (
    <ul class="list" aria-label={label}>
      {things.map((thing) => (
        <li key={thing.id}>
          {kind === "items"
            ? <ItemCard item={thing as Item} favorites={favorites} />
            : <MarketCard market={thing as Market} favorites={favorites} />}
        </li>
      ))}
    </ul>
  );
}
