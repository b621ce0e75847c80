/** The cache within one process: bounded, the least recently used value goes first. */
import type { Cache, Clock } from "../services/ports.ts";

interface Kept {
  value: string;
  /** `null` when it was set without one: anything is newer. */
  version: number | null;
  expiresAt: number;
}

const ENTRIES_MAX = 50_000;

/** A cache that forgets with the process. */
export function openMemoryCache({ clock }: { clock: Clock }): Cache {
  // A Map keeps the order of insertion: what is read is put at the end again, so the first is the least recently used.
  const entries = new Map<string, Kept>();

  function remove(key: string): Kept | undefined {
    const kept = entries.get(key);
    entries.delete(key);
    return kept && kept.expiresAt > clock.now().getTime() ? kept : undefined;
  }

  function put(key: string, kept: Kept): void {
    entries.delete(key);
    entries.set(key, kept);
    if (entries.size > ENTRIES_MAX) entries.delete(entries.keys().next().value!);
  }

  function live(key: string): Kept | undefined {
    const kept = remove(key);
    if (kept) put(key, kept);
    return kept;
  }

  const expiresAt = (ttlS: number) => clock.now().getTime() + ttlS * 1_000;
  return {
    get: (key) => Promise.resolve(live(key)?.value ?? null),
    set(key, value, ttlS) {
      put(key, { value, version: null, expiresAt: expiresAt(ttlS) });
      return Promise.resolve();
    },
    setNewer(key, version, value, ttlS) {
      const kept = live(key)?.version ?? null;
      if (kept === null || kept < version) put(key, { value, version, expiresAt: expiresAt(ttlS) });
      return Promise.resolve();
    },
    take: (key) => Promise.resolve(remove(key)?.value ?? null),
  };
}
