/** The ingest of the last day at a glance. */
import type { IngestRun } from "../../contract/ingest.ts";
import { clock, t } from "../words.ts";
import { count, sourceName } from "./run_words.ts";

const DAY_MS = 24 * 3600_000;
const WIDTH = 300, HEIGHT = 10, LEAST = 2;

/** A bar for each run of the last day: as long as the rows that it read, with those that it rejected at its end. */
export function RunsChart({ runs }: { runs: IngestRun[] }) {
  const since = Date.now() - DAY_MS;
  const recent = runs.filter(({ startedAt }) => Date.parse(startedAt) > since);
  const most = Math.max(1, ...recent.map(({ fetched }) => fetched));
  return (
    <section class="section" aria-labelledby="last-day">
      <h2 id="last-day">{t("지난 하루", "The last day")}</h2>
      {recent.length === 0
        ? <p class="quiet">{t("지난 하루 동안 수집하지 않았어요", "Nothing was ingested in the last day")}</p>
        : <ol class="chart">{recent.map((run) => <Bar key={run.id} run={run} most={most} />)}</ol>}
    </section>
  );
}

function Bar({ run, most }: { run: IngestRun; most: number }) {
  const { source, startedAt, fetched, rejected } = run;
  const length = (rows: number) => rows === 0 ? 0 : Math.max(LEAST, rows / most * WIDTH);
  const bad = length(rejected), all = Math.max(length(fetched), bad);
  return (
    <li>
      <span class="row">
        <span>{sourceName(source)} · {clock(startedAt)}</span>
        <span class="number quiet">
          {t(`${count(fetched)}행, 제외 ${count(rejected)}`, `${count(fetched)} rows, ${count(rejected)} rejected`)}
        </span>
      </span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="chart-ground" width={WIDTH} height={HEIGHT} />
        <rect class="chart-rows" width={all - bad} height={HEIGHT} />
        <rect class="chart-rejects" x={all - bad} width={bad} height={HEIGHT} />
      </svg>
    </li>
  );
}
