/** What an admin sees of the service, and decides. */
import type { IngestRun } from "../../contract/ingest.ts";
import { screenPath } from "../../contract/screens.ts";
import type { Page } from "../../contract/common.ts";
import { Appeals } from "../admin/appeals.tsx";
import { DeadLetters } from "../admin/dead_letters.tsx";
import { IngestRuns } from "../admin/ingest_runs.tsx";
import { RunsChart } from "../admin/runs_chart.tsx";
import { Shown, usePages } from "../ask.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** Appeals, dead letters and ingest runs. The service decides who is an admin: its first answer stands for all. */
export function AdminScreen() {
  const runs = usePages<IngestRun, Page<IngestRun>>("/api/admin/ingest-runs?limit=50");
  return (
    <Screen title={t("운영자", "Admin")} back={screenPath("me")}>
      <Shown asked={runs}>
        {({ items }) => (
          <>
            <Appeals />
            <DeadLetters />
            <RunsChart runs={items} />
            <IngestRuns runs={runs} />
          </>
        )}
      </Shown>
    </Screen>
  );
}
