/**
 * Passwords that are guessed first. They are made of common words, walks over the keyboard, years and a few digits, so a
 * password is common when one or two such pieces are all of it. That refuses far more than a list of some thousand would,
 * and demands no digit and no capital of anybody.
 */
import { convertHangulToQwerty } from "es-hangul";
import { KOREAN_WORDS, LATIN_WORDS } from "./common_words.ts";

/** What is longer is not common, unless it repeats itself. */
const COMMON_MAX = 24;
/** Two words make a password that others have too only when they are short: `hellokitty`, but not `trombonecathedral`. */
const TWO_WORDS_MAX = 12;

/** Whether a new password is one of those, or little more than the e-mail or the nickname of its owner. */
export function isCommonPassword(password: string, { email, nickname }: { email: string; nickname: string }): boolean {
  const typed = keysOf(password);
  const own = new Set([email, email.split("@")[0] ?? "", nickname].map(keysOf));
  // What comes on top to please a form ("!", "?") makes nothing rarer.
  const bare = typed.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return [typed, bare].some((text) => own.has(text) || isRepeated(text) || isWalk(text)) ||
    [bare, plainOf(bare), bare.replace(/(.)\1+/g, "$1")].some((text) => isMadeOfCommonPieces(text, own));
}

/** The keys that are pressed: 한글 by the standard layout, capitals without shift. */
function keysOf(text: string): string {
  return convertHangulToQwerty(text.normalize("NFC")).toLowerCase();
}

/** `p@ssw0rd` as it is meant. */
function plainOf(text: string): string {
  return text.replace(/[@$0135]/g, (sign) => ({ "@": "a", $: "s", 0: "o", 1: "i", 3: "e", 5: "s" })[sign] ?? sign);
}

/** `abcabcabc`, `77777777`, `qwerqwer`: nothing but one unit of at most four characters, again and again. */
function isRepeated(text: string): boolean {
  return [1, 2, 3, 4].some((length) =>
    text.length >= 2 * length && text === text.slice(0, length).repeat(text.length).slice(0, text.length)
  );
}

/** A straight way over the keyboard, the alphabet or the number pad, there or back. */
function isWalk(text: string): boolean {
  return text.length >= 3 && WALKS.some((walk) => walk.includes(text));
}

function isMadeOfCommonPieces(text: string, own: Set<string>): boolean {
  if (text.length > COMMON_MAX) return false;
  const isFiller = (piece: string) =>
    FILLER.test(piece) || own.has(piece) || isWalk(piece) || (piece.length > 2 && isRepeated(piece));
  for (let at = 0; at < text.length; at++) {
    const [first, last] = [text.slice(0, at), text.slice(at)];
    const isFirst = first === "" || isFiller(first), isLast = isFiller(last);
    if ((isFirst || WORDS.has(first)) && (isLast || WORDS.has(last))) {
      if (isFirst || isLast || first === last || text.length <= TWO_WORDS_MAX) return true;
    }
  }
  return text === "";
}

/** One character, two digits, a year, a day of the year, a date. */
const FILLER = /^(\w|\d\d|(19|20)\d\d|[01]\d[0-3]\d|(19|20)?\d\d[01]\d[0-3]\d|[0-3]\d[0-3]\d(19|20)\d\d)$/;

const WALKS: readonly string[] = `
  12345678901234567890 1234567890-= !@#$%^&*()_+ abcdefghijklmnopqrstuvwxyzabc qwertyuiopasdfghjklzxcvbnm
  qwertyuiop[]\\ asdfghjkl;' zxcvbnm,./ 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/ !qaz@wsx#edc$rfv%tgb
  1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 a1s2d3f4g5h6j7k8l9 z1x2c3v4b5n6m7 qazwsxedcrfvtgbyhnujmikolp
  1qazxsw23edcvfr45tgbnhy67ujm qawsedrftgyhujikolp azsxdcfvgbhnjmkl 12qwaszx 12qw34er56ty78ui qweasdzxcqwe
  qweasdzxc123qweasdzxc 1a2b3c4d5e6f7g8h9i0j a1b2c3d4e5f6g7h8i9j0 147258369147 741852963741 159357159 789456123789 123654789
  147896325 123698745 010203040506070809 102030405060708090 1029384756 192837465 135792468013579 246801357924680
  122333444455555 1223334444 314159265358979 11235813213455 112233445566778899 4815162342 8675309
`.trim().split(/\s+/).flatMap((walk) => [walk, [...walk].reverse().join("")]);

const WORDS = new Set([...LATIN_WORDS, ...KOREAN_WORDS.map(keysOf)]);
