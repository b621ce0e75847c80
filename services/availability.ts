/** Tells a store that is down from a bug, whichever driver speaks: the first is answered 503, the second 500. */

/** SQLSTATE classes and codes after which the same statement may well succeed later: the server went, not the statement. */
const SQLSTATES = /^(08...|53...|58...|57P0[1-5]|57014|25P03|25006)$/;

/** What sockets, name resolution and the drivers of Postgres and RabbitMQ put into `code`. */
const CODES = new Set([
  "STORE_DOWN",
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTCONN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "TIMEOUT",
  "CH_CLOSE",
]);

/** Class or `name` of errors that carry no code: the runtime's own, those of Redis and of RabbitMQ, and timeouts. */
const NAMES = new Set([
  "ConnectionRefused",
  "ConnectionReset",
  "ConnectionAborted",
  "NotConnected",
  "BrokenPipe",
  "TimedOut",
  "TimeoutError",
  "ConnectionTimeoutError",
  "SocketTimeoutError",
  "SocketTimeoutDuringMaintenanceError",
  "CommandTimeoutDuringMaintenanceError",
  "SocketClosedUnexpectedlyError",
  "ClientClosedError",
  "ClientOfflineError",
  "DisconnectsClientError",
  "ReconnectStrategyError",
  "RootNodesUnavailableError",
  "MaxCommandRedirectionsError",
  "AMQPConnectionError",
]);

/** Redis answers these itself while it cannot serve. */
const REDIS_REPLIES = /^(LOADING|CLUSTERDOWN|MASTERDOWN|READONLY|NOREPLICAS|MISCONF|OOM|TRYAGAIN|BUSY) /;

/**
 * Whether an error says that a store did not answer, rather than that it refused what it was asked. Looks through `cause`
 * and the parts of an `AggregateError`. Trying again later may help; nothing is known of whether a write happened.
 */
export function isStoreDown(error: unknown): boolean {
  for (const each of withCauses(error)) {
    if (saysDown(each)) return true;
  }
  return false;
}

function saysDown(error: Error & { code?: unknown; syscall?: unknown }): boolean {
  const { code, syscall } = error;
  if (typeof code === "string" && (CODES.has(code) || SQLSTATES.test(code))) return true;
  // The socket file of a server that is not running.
  if (code === "ENOENT" && syscall === "connect") return true;
  return NAMES.has(error.name) || NAMES.has(error.constructor.name) || REDIS_REPLIES.test(error.message);
}

/** Causes may form a ring, and an aggregate a tree: each error is looked at once. */
function withCauses(error: unknown): Set<Error> {
  const seen = new Set<Error>();
  const open = [error];
  while (open.length > 0) {
    const each = open.pop();
    if (!(each instanceof Error) || seen.has(each)) continue;
    seen.add(each);
    open.push(each.cause, ...(each instanceof AggregateError ? each.errors : []));
  }
  return seen;
}
