/** Reading from the service into a screen, with every state that this can be in. */
import { CircleAlert, DoorClosed, KeyRound, WifiOff } from "lucide-preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Page } from "../contract/common.ts";
import { Refusal } from "./http.ts";
import { call } from "./session.ts";
import { Notice } from "./ui/notice.tsx";
import { t } from "./words.ts";

/** What was asked for, as far as it is known. */
export interface Asked<Answer> {
  data: Answer | undefined;
  refusal: Refusal | undefined;
  /** Asks again, what is shown staying meanwhile. */
  reload(): Promise<void>;
  /** Shows this from now on, for an answer that came another way. */
  set(data: Answer): void;
}

/** Reads a path, anew whenever it changes; `null` reads nothing. */
export function useAsked<Answer>(path: string | null): Asked<Answer> {
  const [state, setState] = useState<{ path: string | null; data?: Answer; refusal?: Refusal }>({ path });
  const newest = useRef(0), leaving = useRef(new AbortController());
  const reload = useCallback(async () => {
    if (path === null) return;
    const turn = ++newest.current, { signal } = leaving.current;
    try {
      const data = await call<Answer>("GET", path, { signal });
      if (turn === newest.current) setState({ path, data });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      if (turn === newest.current) {
        setState((before) => ({ ...(before.path === path && before), path, refusal: error }));
      }
    }
  }, [path]);
  useEffect(() => {
    leaving.current = new AbortController();
    void reload();
    return () => leaving.current.abort();
  }, [reload]);
  useEffect(() => {
    const again = () => document.visibilityState === "visible" && void reload();
    addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    return () => {
      removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
    };
  }, [reload]);
  const set = useCallback((data: Answer) => {
    newest.current++;
    setState({ path, data });
  }, [path]);
  const current = state.path === path ? state : { path };
  return { data: current.data, refusal: current.refusal, reload, set };
}

/** A list that is read page by page. */
export interface AskedPages<Item, List extends Page<Item>> extends Asked<List> {
  items: Item[];
  /** Reads the next page; there is none when it is missing. */
  more?: (() => Promise<void>) | undefined;
}

/** Reads a list, page after page as `more` is called. `path` may have a query. */
export function usePages<Item, List extends Page<Item> = Page<Item>>(path: string | null): AskedPages<Item, List> {
  const asked = useAsked<List>(path);
  const { data, set } = asked;
  const more = data?.nextCursor
    ? async () => {
      const url = new URL(path!, location.origin);
      url.searchParams.set("cursor", data.nextCursor!);
      const next = await call<List>("GET", url.pathname + url.search);
      set({ ...next, items: [...data.items, ...next.items] });
    }
    : undefined;
  return { ...asked, items: data?.items ?? [], more };
}

/** Shows what was asked for, or that it is on its way, or why it does not come. Beside old data a refusal is a line above. */
export function Shown<Answer>({ asked, children }: {
  asked: Pick<Asked<Answer>, "data" | "refusal" | "reload">;
  children: (data: Answer) => ComponentChildren;
}) {
  const { data, refusal, reload } = asked;
  return (
    <>
      {refusal && <Failed refusal={refusal} retry={reload} isSmall={data !== undefined} />}
      {data !== undefined && children(data)}
      {data === undefined && !refusal && <Loading />}
    </>
  );
}

/** On its way. */
export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">{t("불러오는 중", "Loading")}</span>
      <div class="skeleton" />
      <div class="skeleton" />
      <div class="skeleton" />
    </div>
  );
}

/** Why it does not come, and what to do about it. */
export function Failed({ refusal, retry, isSmall = false }: {
  refusal: Refusal;
  retry: () => Promise<void>;
  isSmall?: boolean;
}) {
  if (refusal.code === "unauthenticated") {
    return (
      <Notice icon={KeyRound} title={t("로그인하면 볼 수 있어요", "Sign in to see this")}>
        <a class="button" href={`/signin?next=${encodeURIComponent(location.pathname)}`}>{t("로그인", "Sign in")}</a>
      </Notice>
    );
  }
  if (refusal.status === 403 || refusal.status === 404) return <Notice icon={DoorClosed} title={refusal.message} />;
  if (isSmall) {
    return (
      <p class="banner" role="alert">
        {refusal.message}
        <button type="button" class="button small" onClick={() => void retry()}>{t("다시 시도", "Try again")}</button>
      </p>
    );
  }
  return (
    <Notice icon={refusal.code === "offline" ? WifiOff : CircleAlert} title={refusal.message} role="alert">
      <button type="button" class="button" onClick={() => void retry()}>{t("다시 시도", "Try again")}</button>
    </Notice>
  );
}
