/** The client's link to its service worker: installing it, replacing it by a newer one, and going where its notifications lead. */
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";
import { readAlert } from "./alerts.ts";
import { watchPush } from "./push.ts";
import type { FromWorker, ToWorker } from "./worker_words.ts";

/** A page may stay open for days, and browsers look for a newer worker only when one is loaded. */
const LOOK_MS = 3600_000;

/** Installs the worker, where the browser has such a thing; the client does without it. */
export function installWorker(): void {
  if (!isSecureContext || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => hear(data));
  navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).then(watch, () => {});
}

/** A worker that waits is told of this page: it takes over, or says that it is newer. */
function watch(registration: ServiceWorkerRegistration): void {
  watchPush();
  greet(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const { installing, active } = registration;
    if (!active) return;
    installing?.addEventListener("statechange", () => greet(registration.waiting));
  });
  let lookedAt = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" || Date.now() - lookedAt < LOOK_MS) return;
    lookedAt = Date.now();
    registration.update().catch(() => {});
  });
}

function greet(waiting: ServiceWorker | null): void {
  const script = document.querySelector<HTMLScriptElement>("script[src]")!.src.split("/").at(-1)!;
  waiting?.postMessage({ script } satisfies ToWorker);
}

function hear(message: FromWorker): void {
  if (message.kind === "follow") return follow(message);
  tell(t("새 버전이 준비됐어요. 눌러서 새로 열어 주세요.", "A new version is ready. Tap to open it."), {
    onTap: () => location.reload(),
  });
}

/** The router reads the address anew when the history moves. */
function follow({ alertId, path }: { alertId: string; path: string }): void {
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
  void readAlert(alertId);
}
