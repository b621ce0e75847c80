/** JSON log lines on standard output, one each, secrets struck out by the names of their fields. */
import {
  ansiColorFormatter,
  configure,
  dispose,
  getConsoleSink,
  getLogger,
  jsonLinesFormatter,
} from "@logtape/logtape";
import { redactByField } from "@logtape/redaction";
import type { Log } from "../services/ports.ts";

const SECRET_FIELDS = [
  /pass/i,
  /token/i,
  /secret/i,
  /authorization/i,
  /cookie/i,
  /ticket/i,
  /email/i,
  /address/i,
  /^(lat|lng)$/i,
];

/** Opens the log of this process; disposing flushes it. On a terminal lines are coloured text, otherwise JSON. */
export async function openLog(
  { level }: { level: "debug" | "info" | "warning" | "error" },
): Promise<Log & AsyncDisposable> {
  const formatter = Deno.stdout.isTerminal() ? ansiColorFormatter : jsonLinesFormatter;
  await configure({
    reset: true,
    sinks: {
      out: redactByField(getConsoleSink({ formatter }), { fieldPatterns: SECRET_FIELDS, action: () => "[redacted]" }),
    },
    loggers: [
      { category: "moajang", sinks: ["out"], lowestLevel: level },
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "warning" },
    ],
  });
  const logger = getLogger("moajang");
  return {
    debug: (message, fields = {}) => logger.debug(message, plain(fields)),
    info: (message, fields = {}) => logger.info(message, plain(fields)),
    warn: (message, fields = {}) => logger.warn(message, plain(fields)),
    error: (message, fields = {}) => logger.error(message, plain(fields)),
    [Symbol.asyncDispose]: () => dispose(),
  };
}

/** Errors have no enumerable fields: written out, causes included, or they would be `{}` in JSON. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? told(value) : value]),
  );
}

function told(error: Error, depth = 0): string {
  const cause = error.cause instanceof Error && depth < 4 ? `\ncaused by ${told(error.cause, depth + 1)}` : "";
  return (error.stack ?? `${error.name}: ${error.message}`) + cause;
}
