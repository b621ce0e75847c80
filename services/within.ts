/** A bound on waiting. (Adapters have their own: they import nothing of the services but the ports.) */

/** The promise, or a rejection after `ms` that says what was waited for. What is waited for goes on unheard. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DOMException(`${what} took over ${ms} ms`, "TimeoutError")), ms);
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
