/** Secrets that we hand out, and the hashes under which alone they are kept. */

/** 32 random bytes as base64url: 43 characters that nobody guesses. */
export function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** SHA-256 of a text. Of a {@link newSecret} a plain hash is enough: there is nothing to guess. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
