/** Passwords as argon2id hashes, computed on libuv threads, off the event loop. */
import { hash, verify } from "@node-rs/argon2";
import type { Passwords } from "../services/ports.ts";

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane (cheatsheet "Password Storage"). */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** At most this many hashes at once, so that a burst of sign-ins does not take all memory: 8 × 19 MiB. */
const AT_ONCE = 8;

/** Opens the hasher. */
export function argon2Passwords(): Passwords {
  const turns = createTurns(AT_ONCE);
  return {
    hash: (password) => turns(() => hash(password, OPTIONS)),
    verify: (hashed, password) => turns(() => verify(hashed, password)),
  };
}

/** Lets `n` callers run at a time; the others wait in line. */
function createTurns(n: number) {
  let free = n;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
