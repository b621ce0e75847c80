/** The ingest command's line: what to read and how, or which held run to release. */
import type { SourceName } from "../services/ingest_runs.ts";

/** The sources, in the order in which `all` reads them. */
export const NAMES: SourceName[] = ["items", "markets", "stores"];

/** What the command was asked for. */
export type Line =
  | { kind: "run"; which: SourceName | "all"; isDry: boolean; concurrency: number }
  | { kind: "release"; source: SourceName }
  | { kind: "mistake"; message: string };

/** Pages asked for at once unless told otherwise. */
const CONCURRENCY = 8;

/** More would be no load that a public provider deserves. */
const CONCURRENCY_MAX = 64;

/** Reads the line. What cannot be understood is a mistake, told for people, and nothing is done. */
export function readLine(args: string[]): Line {
  const words: string[] = [];
  let isDry = false, concurrency = CONCURRENCY;
  const rest = args[Symbol.iterator]();
  for (const arg of rest) {
    const [flag, inline] = arg.split(/=(.*)/s, 2);
    if (!arg.startsWith("-")) words.push(arg);
    else if (arg === "--dry-run") isDry = true;
    else if (flag === "--concurrency") {
      const value = inline ?? rest.next().value ?? "";
      concurrency = /^\d{1,3}$/.test(value) ? Number(value) : 0;
      if (concurrency < 1 || concurrency > CONCURRENCY_MAX) {
        return mistake(`--concurrency takes a number from 1 to ${CONCURRENCY_MAX}, not ${JSON.stringify(value)}`);
      }
    } else return mistake(`there is no ${arg}, only --dry-run and --concurrency N`);
  }
  return words[0] === "release" ? readRelease(words.slice(1), args) : readRun(words, { isDry, concurrency });
}

function readRelease([name, ...more]: string[], args: string[]): Line {
  const source = NAMES.find((each) => each === name);
  const isAlone = more.length === 0 && !args.some((arg) => arg.startsWith("-"));
  if (!source || !isAlone) return { kind: "mistake", message: `Cannot release: say release and ${told("or")}` };
  return { kind: "release", source };
}

function readRun([name = "all", ...more]: string[], how: { isDry: boolean; concurrency: number }): Line {
  if (more.length > 0) return mistake(`one source at a time, or all, not also ${more.join(" ")}`);
  const which = name === "all" ? name : NAMES.find((each) => each === name);
  if (!which) return { kind: "mistake", message: `Cannot ingest ${JSON.stringify(name)}: there are ${told("and")}` };
  return { kind: "run", which, ...how };
}

function told(word: "or" | "and"): string {
  return word === "and" ? `${NAMES.join(", ")} and all` : `${NAMES.slice(0, -1).join(", ")} or ${NAMES.at(-1)}`;
}

function mistake(why: string): Line {
  return { kind: "mistake", message: `Cannot ingest: ${why}` };
}
