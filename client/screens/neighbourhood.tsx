/** Choosing the neighbourhood: where parties are looked for first. */
import { LocateFixed, MapPin } from "lucide-preact";
import { useLocation } from "preact-iso/router";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Me } from "../../contract/identity.ts";
import { screenPath } from "../../contract/screens.ts";
import { setLocationConsent } from "../account/consent.ts";
import { locationConsentText } from "../account/consent_checks.tsx";
import { forgetHome, type PlaceDraft, settle } from "../account/home_place.ts";
import { onwardPath } from "../account/onward.ts";
import { PlaceSearch } from "../account/place_search.tsx";
import { SignedIn } from "../account/signed_in.tsx";
import { useAct, useForm } from "../act.ts";
import { findHere, whyNotHere } from "../here.ts";
import { LazyMap } from "../map/lazy_map.tsx";
import { Form } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";

/** By an address, by the device, or on the map; or later. Goes on to `next` of the address, or home. */
export function NeighbourhoodScreen() {
  const { query } = useLocation(), onward = onwardPath(query.next);
  return (
    <Screen title={t("동네 설정", "Neighbourhood")} back={screenPath("me")}>
      <SignedIn>
        {({ home, consents }) => (
          <>
            {consents.location ? <ChooseHome home={home} onward={onward} /> : <AskConsent />}
            {!home && <a class="button" href={onward}>{t("나중에 할게요", "Later")}</a>}
          </>
        )}
      </SignedIn>
    </Screen>
  );
}

function AskConsent() {
  const act = useAct();
  return (
    <Notice icon={MapPin} title={t("위치 정보 이용에 동의가 필요해요", "This needs your consent to use your location")}>
      <p>{locationConsentText()}</p>
      <button
        type="button"
        class="button primary"
        aria-busy={act.isBusy}
        disabled={act.isBusy}
        onClick={() =>
          void act.run(() =>
            setLocationConsent(true)
          )}
      >
        {t("동의하고 동네 정하기", "Agree and choose")}
      </button>
    </Notice>
  );
}

function ChooseHome({ home, onward }: { home: Me["home"]; onward: string }) {
  const { route } = useLocation();
  const [place, setPlace] = useState<PlaceDraft | null>(() => home && { ...home, from: "home" });
  const [q, setQ] = useState<string | null>(null);
  function choose(chosen: PlaceDraft | null): void {
    setPlace(chosen);
    setQ(null);
  }
  return (
    <>
      <p>{t("가까운 파티를 찾을 동네를 정해 주세요.", "Choose where to look for parties.")}</p>
      <PlaceSearch
        q={q}
        onSearch={setQ}
        onChoose={({ roadAddress, lat, lng }) => choose({ roadAddress, lat, lng, from: "search" })}
      />
      <HereButton onFound={choose} />
      {place && !q && <PlaceOnMap place={place} onPick={choose} onSettled={() => route(onward)} />}
      {home && <ForgetHome onForgotten={() => choose(null)} />}
    </>
  );
}

function HereButton({ onFound }: { onFound: (place: PlaceDraft) => void }) {
  const [state, setState] = useState<"idle" | "busy" | "denied" | "unknown">("idle");
  async function find(): Promise<void> {
    setState("busy");
    const here = await findHere();
    setState(typeof here === "string" ? here : "idle");
    if (typeof here !== "string") onFound({ ...here, from: "device" });
  }
  return (
    <>
      <button
        type="button"
        class="button wide"
        aria-busy={state === "busy"}
        disabled={state === "busy"}
        onClick={() => void find()}
      >
        <LocateFixed size={20} aria-hidden="true" />
        {t("지금 있는 곳으로", "Use where I am now")}
      </button>
      {(state === "denied" || state === "unknown") && <p class="form-error" role="alert">{whyNotHere(state)}</p>}
    </>
  );
}

/** The place is the middle of the map, which marks it. */
const NO_MARKERS: [] = [];

function PlaceOnMap({ place, onPick, onSettled }: {
  place: PlaceDraft;
  onPick: (place: PlaceDraft) => void;
  onSettled: () => void;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (place.from === "search" || place.from === "device") heading.current?.focus();
  }, [place]);
  return (
    <section class="section">
      <h2 ref={heading} tabIndex={-1}>{nameOf(place)}</h2>
      <p class="quiet">
        {place.from === "home"
          ? t(
            "지금 동네예요. 지도에서 다른 곳을 고를 수 있어요.",
            "Your neighbourhood now. You can pick another place on the map.",
          )
          : t("여기가 맞나요? 지도에서 옮길 수 있어요.", "Is it here? You can move it on the map.")}
      </p>
      <LazyMap
        label={t("동네 지도", "Map of the neighbourhood")}
        center={place}
        markers={NO_MARKERS}
        radiusM={1_000}
        onPick={({ lat, lng }) => onPick({ lat, lng, from: "map" })}
      />
      {place.from !== "home" && <ConfirmPlace key={`${place.lat},${place.lng}`} place={place} onSettled={onSettled} />}
    </section>
  );
}

function ConfirmPlace({ place, onSettled }: { place: PlaceDraft; onSettled: () => void }) {
  const form = useForm();
  async function confirm(): Promise<void> {
    await settle(place);
    tell(t("동네를 정했어요", "Neighbourhood chosen"));
    onSettled();
  }
  return (
    <Form form={form} submit={t("이 동네로 정하기", "Choose this place")} onSubmit={confirm}>
      {form.wrong("/home") && (
        <p class="field-error">{t("한국 안의 위치를 골라 주세요", "Choose a place within Korea")}</p>
      )}
    </Form>
  );
}

function nameOf({ from, roadAddress }: PlaceDraft): string {
  return roadAddress ??
    (from === "device" ? t("지금 있는 곳", "Where you are") : t("지도에서 고른 곳", "Picked on the map"));
}

function ForgetHome({ onForgotten }: { onForgotten: () => void }) {
  const act = useAct();
  async function forget(): Promise<void> {
    if (!await act.run(forgetHome)) return;
    tell(t("동네를 지웠어요", "Neighbourhood erased"));
    onForgotten();
  }
  return (
    <button type="button" class="button" disabled={act.isBusy} onClick={() => void forget()}>
      {t("저장된 동네 지우기", "Erase my neighbourhood")}
    </button>
  );
}
