/** What a text search compares: how rows are written, and how what a person typed is read. */
import { disassemble, getChoseong } from "es-hangul";

/** One word of a query: plain, or with initial consonants in it (`ㅅㄱ`, or half-typed `사ㄱ`). */
export type SearchWord =
  /** `like` is for `search_text`. */
  | { like: string; hasTrigrams: boolean }
  /** `pattern` is a regular expression for `search_text`; `initialsLike`, for `initials`, holds wherever it matches. */
  | { pattern: string; initialsLike: string; hasTrigrams: boolean };

/** The searchable form of some texts: joined by single spaces, lower case, NFC. */
export function searchTextOf(...parts: string[]): string {
  return parts.join(" ").toLowerCase().normalize("NFC").replace(/\s+/g, " ").trim();
}

/** The initial consonants of the Hangul in a text, word by word: `ㅅㄱ ㅎㅈ` of `사과 후지(1호)`. Other letters are left out. */
export function initialsOf(text: string): string {
  return getChoseong(text).replace(/\s+/g, " ").trim();
}

/** The `like` pattern that finds a text anywhere, whatever characters it has. */
export function likeOf(q: string): string {
  return `%${searchTextOf(q).replace(/[\\%_]/g, "\\$&")}%`;
}

/** The words of a query; a row is found when each of them is. */
export function searchWordsOf(q: string): SearchWord[] {
  // Keyboards join ㄱ and ㅅ typed in a row to ㄳ: taken apart again. A lone ᄀ is written ㄱ.
  const text = searchTextOf(q).replace(/[ㄱ-ㅎ]/g, disassemble).replace(/[\u1100-\u1112]/g, getChoseong);
  return text.split(" ").filter(Boolean).map((word) => {
    if (!/[ㄱ-ㅎ]/.test(word)) return { like: likeOf(word), hasTrigrams: word.length >= 3 };
    const initials = initialsOf(word);
    return {
      pattern: [...word].map(patternOf).join(""),
      initialsLike: `%${initials}%`,
      hasTrigrams: initials.length >= 3,
    };
  });
}

/** In the order of Unicode, where each begins 588 syllables. */
const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const FIRST_SYLLABLE = "가".charCodeAt(0);
const SYLLABLES_OF_INITIAL = 588;

/** A regular expression for one character: every syllable that begins with a consonant, anything else itself. */
function patternOf(char: string): string {
  const initial = INITIALS.indexOf(char);
  if (initial < 0) return /[\p{L}\p{N}]/u.test(char) ? char : `\\${char}`;
  const first = FIRST_SYLLABLE + initial * SYLLABLES_OF_INITIAL;
  return `[${String.fromCharCode(first, 0x2d, first + SYLLABLES_OF_INITIAL - 1)}]`;
}
