/** Runs of the catalogue's ingest, and the rows that they kept aside. */
import { useState } from "preact/hooks";
import type { Page } from "../../contract/common.ts";
import type { IngestReject, IngestRun } from "../../contract/ingest.ts";
import { More } from "../ui/more.tsx";
import { type AskedPages, Shown, usePages } from "../ask.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { clock, t, when } from "../words.ts";
import { count, sourceName } from "./run_words.ts";

/** All runs, newest first. */
export function IngestRuns({ runs }: { runs: AskedPages<IngestRun, Page<IngestRun>> }) {
  return (
    <section class="section" aria-labelledby="ingest-runs">
      <h2 id="ingest-runs">{t("수집 기록", "Ingest runs")}</h2>
      {runs.items.length === 0
        ? <p class="quiet">{t("아직 수집한 적이 없어요", "Nothing was ingested yet")}</p>
        : <ul class="list">{runs.items.map((run) => <Run key={run.id} run={run} />)}</ul>}
      <More more={runs.more} />
    </section>
  );
}

function Run({ run }: { run: IngestRun }) {
  const { source, reason, startedAt, finishedAt, rejected } = run, [isOpen, setOpen] = useState(false);
  return (
    <li class="card">
      <p class="row">
        <strong>{sourceName(source)}</strong>
        <StateTag run={run} />
      </p>
      <p class="quiet">
        {when(startedAt)}
        {finishedAt && ` – ${clock(finishedAt)}`}
      </p>
      {reason && <p class="raw">{reason}</p>}
      <p class="number">{figuresOf(run)}</p>
      {rejected > 0 && (
        <button type="button" class="button small" onClick={() => setOpen(true)}>
          {t(`제외한 행 ${count(rejected)}개 보기`, `Show ${count(rejected)} rejected rows`)}
        </button>
      )}
      {isOpen && <Rejects run={run} onClose={() => setOpen(false)} />}
    </li>
  );
}

function StateTag({ run: { state } }: { run: IngestRun }) {
  const tone = { running: "", complete: "", incomplete: "warning", held: "warning", failed: "danger" }[state];
  const name = {
    running: t("진행 중", "Running"),
    complete: t("완료", "Complete"),
    incomplete: t("미완료", "Incomplete"),
    held: t("보류", "Held"),
    failed: t("실패", "Failed"),
  }[state];
  return <span class={`tag ${tone}`}>{name}</span>;
}

function figuresOf({ totalClaimed, fetched, inserted, updated, unchanged, retired, rejected }: IngestRun): string {
  const read = totalClaimed === null ? count(fetched) : `${count(fetched)}/${count(totalClaimed)}`;
  const figures: [string, number][] = [
    [t("추가", "new"), inserted],
    [t("변경", "changed"), updated],
    [t("그대로", "unchanged"), unchanged],
    [t("종료", "retired"), retired],
    [t("제외", "rejected"), rejected],
  ];
  const words = figures.filter(([, number]) => number > 0).map(([label, number]) => `${label} ${count(number)}`);
  return [t(`${read}행 읽음`, `${read} rows read`), ...words].join(" · ");
}

function Rejects({ run, onClose }: { run: IngestRun; onClose: () => void }) {
  const rejects = usePages<IngestReject, Page<IngestReject>>(`/api/admin/ingest-runs/${run.id}/rejects`);
  return (
    <Sheet title={t("제외한 행", "Rejected rows")} onClose={onClose}>
      <Shown asked={rejects}>
        {({ items }) =>
          items.length === 0
            ? (
              <p class="quiet">
                {t("다음 수집이 끝나 기록을 비웠어요", "A later run is complete: these are not kept any more")}
              </p>
            )
            : (
              <ul class="list">
                {items.map(({ key, reason, raw }) => (
                  <li key={key} class="card">
                    <strong>{reason}</strong>
                    <p class="quiet">{key}</p>
                    <p class="raw">{JSON.stringify(raw)}</p>
                  </li>
                ))}
              </ul>
            )}
      </Shown>
      <More more={rejects.more} />
    </Sheet>
  );
}
