/** What a text search compares: how rows are written, and how what a person typed is read. */
import { convertQwertyToHangul, disassemble, getChoseong } from "es-hangul";

/** One way to read a word that somebody typed. */
export interface Reading {
  /** As it stands in a text; null where it has initial consonants in it (`ㅅㄱ`, or half-typed `사ㄱ`). */
  text: string | null;
  /** The same as a regular expression. */
  pattern: string;
  /** Its initial consonants, for the column `initials`. */
  initials: string;
  /** Whether a trigram index knows the text, or the initial consonants. */
  hasTrigrams: boolean;
  /** What begins with it lies between these, in the order of Unicode; after an initial consonant not only that does. */
  from: string;
  to: string;
}

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

/** The words of a query, each in every way it can be meant; a row is found when each word is, in one of its readings. */
export function readingsOf(q: string): Reading[][] {
  return q.normalize("NFC").split(/\s+/).filter(Boolean).map((word) => {
    const typed = searchTextOf(word);
    // Capitals are double consonants where the shift key was meant, nothing where the phone or caps lock set them.
    const otherwise = [
      ...ALIASES.get(typed.replaceAll("-", "")) ?? [],
      ...[word, typed].filter(isLatin).map(ofKeyboard),
    ];
    return [...new Set([typed, ...otherwise.filter((text) => text !== undefined)])].map(readingOf);
  });
}

/** Chains by the name that their signs have in the other script. */
const ALIASES = new Map([
  ["emart", ["이마트"]],
  ["everyday", ["에브리데이"]],
  ["traders", ["트레이더스"]],
  ["homeplus", ["홈플러스"]],
  ["lottemart", ["롯데마트"]],
  ["lotte", ["롯데"]],
  ["costco", ["코스트코"]],
  ["nobrand", ["노브랜드"]],
  ["hanaro", ["하나로"]],
  ["지에스", ["gs"]],
  ["gs", ["지에스"]],
  ["gs더프레시", ["gs the fresh"]],
]);

function isLatin(word: string): boolean {
  return /^[a-z]+$/i.test(word);
}

/** What the same keys write on a Korean keyboard: syllables or, from three on (`gs` is a name), initial consonants. */
function ofKeyboard(word: string): string | undefined {
  const text = convertQwertyToHangul(word);
  return /^[가-힣]+$|^[ㄱ-ㅎ]{3,}$/.test(text) ? text : undefined;
}

function readingOf(word: string): Reading {
  // Keyboards join ㄱ and ㅅ typed in a row to ㄳ: taken apart again. A lone ᄀ is written ㄱ.
  const text = word.replace(/[ㄱ-ㅎ]/g, disassemble).replace(/[\u1100-\u1112]/g, getChoseong);
  const initials = initialsOf(text), pattern = [...text].map(patternOf).join("");
  const first = text.search(/[ㄱ-ㅎ]/);
  if (first < 0) return { text, pattern, initials, hasTrigrams: text.length >= 3, from: text, to: text + LAST };
  const before = text.slice(0, first), [from, to] = syllablesOf(text[first]!);
  return {
    text: null,
    pattern,
    initials,
    hasTrigrams: initials.length >= 3,
    from: before + from,
    to: before + to + LAST,
  };
}

const LAST = "\u{10ffff}";

/** A regular expression for one character: every syllable that begins with a consonant, anything else itself. */
function patternOf(char: string): string {
  if (/[ㄱ-ㅎ]/.test(char)) return `[${syllablesOf(char).join("-")}]`;
  return /[\p{L}\p{N}]/u.test(char) ? char : `\\${char}`;
}

/** In the order of Unicode, where each begins 588 syllables. */
const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const FIRST_SYLLABLE = "가".charCodeAt(0);
const SYLLABLES_OF_INITIAL = 588;

/** The first and the last syllable that begin with a consonant. */
function syllablesOf(initial: string): [string, string] {
  const first = FIRST_SYLLABLE + INITIALS.indexOf(initial) * SYLLABLES_OF_INITIAL;
  return [String.fromCharCode(first), String.fromCharCode(first + SYLLABLES_OF_INITIAL - 1)];
}
