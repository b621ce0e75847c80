/** Passwords as argon2id hashes, computed on threads of their own, off the event loop. */
import { hash, verify } from "@node-rs/argon2";
import { Problem } from "../contract/problems.ts";
import type { Passwords } from "../services/ports.ts";

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane (cheatsheet "Password Storage"). */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash of no password: it takes the work of a real one to find that out. */
const NOBODY = `$argon2id$v=19$m=${OPTIONS.memoryCost},t=${OPTIONS.timeCost},p=${OPTIONS.parallelism}$` +
  `${"A".repeat(22)}$${"A".repeat(43)}`;

/**
 * Opens the hasher. At most `atOnce` hashes are computed at a time, so that a burst of sign-ins does not take all memory
 * (4 × 19 MiB); at most `waitingMax` wait for their turn, some seconds' work. Who comes later gets `unavailable`.
 */
export function argon2Passwords({ atOnce = 4, waitingMax = 256 } = {}): Passwords {
  const turns = createTurns(atOnce, waitingMax);
  return {
    hash: (password) => turns(() => hash(password, OPTIONS)),
    verify: (hashed, password) => turns(() => verify(hashed ?? NOBODY, password)),
  };
}

/** Lets `n` callers run at a time; the others wait in line, as long as it is not longer than `waitingMax`. */
function createTurns(n: number, waitingMax: number) {
  let free = n;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else if (waiting.length < waitingMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else throw new Problem("unavailable", "Cannot check a password now: too many are waiting");
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
