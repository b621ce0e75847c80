/** The controls above the parties nearby. */
import { List, Map as MapIcon, X } from "lucide-preact";
import { useId } from "preact/hooks";
import { distance, t } from "../words.ts";
import { type Choice, type Choose, RADII } from "./choice.ts";
import { SearchBox } from "./search_box.tsx";

/** Words, radius, order, list or map. */
export function Choices({ choice, choose, hasRadius }: { choice: Choice; choose: Choose; hasRadius: boolean }) {
  return (
    <div class="section">
      <SearchBox
        label={t("품목이나 파티 찾기", "Find an item or a party")}
        placeholder={t("품목, 파티, 마트", "Item, party, market")}
        value={choice.q}
        onSearch={(q) => choose({ q }, { isTyping: true })}
      />
      {hasRadius && <RadiusChips choice={choice} choose={choose} />}
      <div class="row">
        <SortSelect choice={choice} choose={choose} />
        <ViewSwitch choice={choice} choose={choose} />
      </div>
    </div>
  );
}

function RadiusChips({ choice, choose }: { choice: Choice; choose: Choose }) {
  return (
    <div class="chips" role="group" aria-label={t("반경", "Radius")}>
      {RADII.map((radiusM) => (
        <button
          key={radiusM}
          type="button"
          class="chip"
          aria-pressed={choice.radiusM === radiusM}
          onClick={() => choose({ radiusM })}
        >
          {distance(radiusM)}
        </button>
      ))}
    </div>
  );
}

function SortSelect({ choice, choose }: { choice: Choice; choose: Choose }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class="visually-hidden">{t("정렬", "Order")}</label>
      <select
        id={id}
        value={choice.sort}
        onChange={({ currentTarget }) => choose({ sort: currentTarget.value as Choice["sort"] })}
      >
        <option value="distance">{t("가까운 순", "Nearest")}</option>
        <option value="startsAt">{t("곧 시작하는 순", "Soonest")}</option>
        <option value="newest">{t("새로 열린 순", "Newest")}</option>
      </select>
    </div>
  );
}

function ViewSwitch({ choice: { view }, choose }: { choice: Choice; choose: Choose }) {
  return (
    <div class="chips" role="group" aria-label={t("보기", "View")}>
      <button type="button" class="chip" aria-pressed={view === "list"} onClick={() => choose({ view: "list" })}>
        <List size={18} aria-hidden="true" />
        {t("목록", "List")}
      </button>
      <button type="button" class="chip" aria-pressed={view === "map"} onClick={() => choose({ view: "map" })}>
        <MapIcon size={18} aria-hidden="true" />
        {t("지도", "Map")}
      </button>
    </div>
  );
}

/** The one item or market that the parties are of, and a way to see others again. */
export function Narrowing({ kind, name, onEnd }: { kind: string; name: string; onEnd: () => void }) {
  return (
    <div class="row narrowing">
      <p>
        <span class="quiet">{kind}</span> <strong>{name}</strong>
      </p>
      <button type="button" class="button small" onClick={onEnd}>
        <X size={16} aria-hidden="true" />
        {t("모두 보기", "Show all")}
      </button>
    </div>
  );
}
