/** What the providers' result codes mean for whoever asks: fine, empty, ask later, or do not ask again. */

/** A result code, understood. */
export type Verdict =
  | { kind: "fine" }
  | { kind: "empty" }
  | { kind: "later"; reason: string; isBusy?: boolean }
  | { kind: "refused"; reason: string };

/** The family `INFO-…`, `ERROR-…` of MAFRA and of Seoul. 350 is too many questions, 5xx and 6xx the provider's own trouble. */
export function judgePortalCode(code: string, message: string): Verdict {
  if (code === "INFO-000") return { kind: "fine" };
  if (code === "INFO-200") return { kind: "empty" };
  const kind = /^ERROR-(350|[56]\d\d)$/.test(code) ? "later" : "refused";
  return { kind, reason: told(code, message), isBusy: code === "ERROR-350" };
}

/** The two digits of data.go.kr. 1, 2, 4 and 5 are the provider's own trouble, 23 too many questions in a second. */
export function judgeGatewayCode(code: string, message: string): Verdict {
  const number = Number(code);
  if (number === 0) return { kind: "fine" };
  if (number === 3) return { kind: "empty" };
  const kind = [1, 2, 4, 5, 23].includes(number) ? "later" : "refused";
  return { kind, reason: told(code, message), isBusy: number === 23 };
}

/** For an answer that is not JSON although JSON was asked for: errors come as XML, upkeep notices as HTML. `null` for JSON. */
export function judgeText(text: string): Exclude<Verdict, { kind: "fine" | "empty" }> | null {
  if (!text.trimStart().startsWith("<")) return null;
  const tag = (name: RegExp) => new RegExp(`<(?:${name.source})>([^<]*)<`).exec(text)?.[1];
  const gatewayCode = tag(/returnReasonCode/);
  const portalCode = tag(/code|CODE/);
  const verdict = gatewayCode !== undefined
    ? judgeGatewayCode(gatewayCode, tag(/returnAuthMsg/) ?? "")
    : judgePortalCode(portalCode ?? "INFO-000", tag(/message|MESSAGE/) ?? "");
  if (verdict.kind === "refused" || verdict.kind === "later") return verdict;
  return { kind: "later", reason: "the answer is not JSON" };
}

/** Messages come from outside: cut, and on one line. */
function told(code: string, message: string): string {
  return `${code} ${message.replace(/\s+/g, " ")}`.trim().slice(0, 200);
}
