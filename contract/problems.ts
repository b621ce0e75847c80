/**
 * The one table of everything that can go wrong: code → status and titles. Routes answer with nothing else.
 * Details read "Cannot <action> <what>: <state>", without a full stop.
 */

/** Status and titles of every problem code, Korean first. */
export const PROBLEMS = {
  "invalid-input": { status: 422, ko: "입력값이 올바르지 않습니다", en: "Invalid input" },
  "unauthenticated": { status: 401, ko: "로그인이 필요합니다", en: "Sign-in required" },
  "bad-credentials": { status: 401, ko: "이메일 또는 비밀번호가 맞지 않습니다", en: "Wrong e-mail or password" },
  "refresh-reused": { status: 401, ko: "이미 사용된 로그인 정보입니다", en: "Refresh token already used" },
  "forbidden": { status: 403, ko: "권한이 없습니다", en: "Not allowed" },
  "origin-not-allowed": { status: 403, ko: "허용되지 않은 출처입니다", en: "Origin not allowed" },
  "not-found": { status: 404, ko: "찾을 수 없습니다", en: "Not found" },
  "push-off": { status: 404, ko: "푸시 알림을 쓸 수 없는 서버입니다", en: "This service does not push" },
  "method-not-allowed": { status: 405, ko: "허용되지 않은 메서드입니다", en: "Method not allowed" },
  "email-taken": { status: 409, ko: "이미 가입된 이메일입니다", en: "E-mail already in use" },
  "nickname-taken": { status: 409, ko: "이미 사용 중인 닉네임입니다", en: "Nickname already in use" },
  "party-state": { status: 409, ko: "파티의 현재 상태에서는 할 수 없습니다", en: "Not possible in the party's state" },
  "party-not-started": { status: 409, ko: "아직 시작되지 않은 파티입니다", en: "The party has not started" },
  "already-member": { status: 409, ko: "이미 참여했거나 신청한 파티입니다", en: "Already a member or applicant" },
  "join-refused": { status: 409, ko: "다시 신청할 수 없는 파티입니다", en: "The leader has refused this application" },
  "party-full": { status: 409, ko: "파티 인원이 가득 찼습니다", en: "The party is full" },
  "party-closed": { status: 409, ko: "모집이 끝난 파티입니다", en: "The party is closed" },
  "quantity-unavailable": { status: 409, ko: "남은 수량이 부족합니다", en: "Not enough left" },
  "no-offer": { status: 409, ko: "받은 제안이 없거나 기한이 지났습니다", en: "No offer, or it has run out" },
  "checked-in": { status: 409, ko: "이미 도착을 확인한 참여자입니다", en: "The member has checked in" },
  "not-penalisable": { status: 409, ko: "페널티를 줄 수 없는 참여자입니다", en: "Not penalisable" },
  "appeal-closed": { status: 409, ko: "이의를 제기할 수 없는 페널티입니다", en: "Not open to appeal" },
  "join-suspended": { status: 409, ko: "페널티로 참여가 잠시 중지되었습니다", en: "Joining is suspended" },
  "too-many-favorites": { status: 409, ko: "즐겨찾기가 가득 찼습니다", en: "Too many favourites" },
  "chat-closed": { status: 409, ko: "아직 열리지 않은 채팅방입니다", en: "The chat is not open" },
  "client-msg-id-reused": {
    status: 409,
    ko: "이미 다른 내용으로 사용된 메시지 번호입니다",
    en: "clientMsgId already used",
  },
  "not-changeable": { status: 409, ko: "바꿀 수 없는 메시지입니다", en: "This entry cannot be changed" },
  "idempotency-in-flight": { status: 409, ko: "같은 요청을 처리하고 있습니다", en: "The same request is under way" },
  "stale-version": { status: 412, ko: "그사이 내용이 바뀌었습니다", en: "Changed in the meantime" },
  "too-large": { status: 413, ko: "요청이 너무 큽니다", en: "Request too large" },
  "unsupported-media-type": { status: 415, ko: "지원하지 않는 형식입니다", en: "Unsupported media type" },
  "location-required": { status: 422, ko: "위치가 필요합니다", en: "Location required" },
  "idempotency-mismatch": {
    status: 422,
    ko: "같은 키로 다른 요청을 보냈습니다",
    en: "Idempotency key used differently",
  },
  "upgrade-required": { status: 426, ko: "웹소켓 연결이 필요합니다", en: "WebSocket required" },
  "rate-limited": { status: 429, ko: "요청이 너무 많습니다", en: "Too many requests" },
  "internal": { status: 500, ko: "서버 오류입니다", en: "Internal error" },
  "unavailable": { status: 503, ko: "잠시 사용할 수 없습니다", en: "Temporarily unavailable" },
} as const;

/** A problem's slug. */
export type ProblemCode = keyof typeof PROBLEMS;

/** One wrong field: a JSON pointer into the body (`/home/lat`), or into the query (`/query/limit`) and the like. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** The only error that the services throw on purpose. The edge turns it into problem+json; anything else is a bug. */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly more: { errors?: FieldError[]; retryAfterS?: number; until?: string; cause?: unknown } = {},
  ) {
    super(`${code}: ${detail}`, more.cause === undefined ? undefined : { cause: more.cause });
  }
}

/** A 422 that names one field. */
export function invalid(pointer: string, detail: string): Problem {
  return new Problem("invalid-input", `Cannot read the request: ${detail}`, { errors: [{ pointer, detail }] });
}
