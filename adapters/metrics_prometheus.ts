/** Figures in the text format of Prometheus, by `prom-client`, with the process' own. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../services/ports.ts";
import { within } from "./within.ts";

/** From a probe to a search that the database has to work for. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const READ_MS = 2_000;

/** Of this process: once, however many services run in it. */
let own: Registry | undefined;

function ownFigures(): Registry {
  if (!own) collectDefaultMetrics({ register: own = new Registry() });
  return own;
}

/** Opens an empty set of figures, beside which the process' own are told. */
export function prometheusMetrics(): Metrics {
  const registry = new Registry(), registers = [registry];
  const requests = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time until the answer began.",
    labelNames: ["method", "route", "status"] as const,
    buckets: SECONDS,
    registers,
  });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const written = {
    texts: counter("moajang_texts_total", "Chat texts that this process has committed."),
    alerts: counter("moajang_alerts_total", "Alerts that this process has written into inboxes."),
  };
  const pushes = new Counter({
    name: "moajang_pushes_total",
    help: "Pushes that this process has dealt with, by what became of them.",
    labelNames: ["outcome"] as const,
    registers,
  });
  let reading: Promise<string> | undefined;
  return {
    answered: (request, seconds) => requests.observe(request, seconds),
    wrote: (what, count) => written[what].inc(count),
    pushed: (outcome) => pushes.inc({ outcome }),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          try {
            this.set(await within(READ_MS, name, Promise.resolve(read())));
          } catch {
            this.remove();
          }
        },
      });
    },
    // Whoever asks meanwhile shares the answer: it costs the database something.
    text: () => reading ??= Registry.merge([registry, ownFigures()]).metrics().finally(() => reading = undefined),
  };
}
