/** Finding a place by its road name. */
import { Search } from "lucide-preact";
import type { Address } from "../../contract/catalogue.ts";
import { Shown, useAsked } from "../ask.tsx";
import { Field } from "../ui/form.tsx";
import { t } from "../words.ts";

/** A search for `q`, as it was sent last, and what it found: one of it can be chosen. */
export function PlaceSearch({ q, onSearch, onChoose }: {
  q: string | null;
  onSearch: (q: string) => void;
  onChoose: (address: Address) => void;
}) {
  const asked = useAsked<Address[]>(q && `/api/addresses?q=${encodeURIComponent(q)}`);
  return (
    <>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(String(new FormData(event.currentTarget).get("q")).trim());
        }}
      >
        <Field
          label={t("도로명 주소", "Road address")}
          name="q"
          type="search"
          minLength={2}
          maxLength={100}
          required
          autocomplete="street-address"
          placeholder={t("예: 세종대로 110", "e.g. Sejong-daero 110")}
        />
        <button type="submit" class="button">
          <Search size={20} aria-hidden="true" />
          {t("찾기", "Find")}
        </button>
      </form>
      {q && <Shown asked={asked}>{(found) => <Found found={found} onChoose={onChoose} />}</Shown>}
    </>
  );
}

function Found({ found, onChoose }: { found: Address[]; onChoose: (address: Address) => void }) {
  return (
    <>
      <p class="quiet" role="status">
        {found.length > 0 ? t(`${found.length}곳을 찾았어요`, `Found ${found.length}`) : t(
          "찾은 주소가 없어요. 도로 이름이나 구 이름으로 찾아 보세요.",
          "Nothing found. Try the name of a road or a district.",
        )}
      </p>
      <ul class="list">
        {found.map((address) => (
          <li key={address.roadAddress}>
            <button type="button" class="card choice" onClick={() => onChoose(address)}>
              <span class="strong">{address.roadAddress}</span>
              {address.jibunAddress && <span class="quiet">{address.jibunAddress}</span>}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
