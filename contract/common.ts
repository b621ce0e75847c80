/** Shapes that several resources share. */
import { z } from "zod";

/** A UUID, as every id here; those we make are version 7. Capitals are taken for the small letters that it is known by. */
export const Id = z.uuid().toLowerCase();

/** An instant in, with any offset; out it is always UTC. */
export const InstantIn = z.iso.datetime({ offset: true, error: "must be an ISO 8601 instant with offset" })
  .refine((text) => instantYearInRange(text), "must lie between the years 2000 and 2100");

/** An instant out: `2026-12-31T15:30:00.000Z`. */
export const Instant = z.iso.datetime();

/** WGS84 degrees within Korea and its waters, where every market lies. */
export const Lat = z.number().min(32).max(40);
/** WGS84 degrees within Korea and its waters. */
export const Lng = z.number().min(123).max(133);

/** As every text is kept: NFC, trimmed. */
export const tidy = (text: string) => text.normalize("NFC").trim();

/** Text without control characters and line breaks. */
export const ONE_LINE = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;

/** Text of a person: NFC, trimmed, without control characters, `min`–`max` UTF-16 units. */
export const line = (min: number, max: number) =>
  z.string().transform(tidy).pipe(z.string().min(min).max(max).regex(ONE_LINE, "must be one line of text"));

/** Like {@link line}, with line breaks and tabs allowed. */
export const paragraphs = (min: number, max: number) =>
  z.string().transform(tidy)
    .pipe(z.string().min(min).max(max).regex(/^(?:[^\p{Cc}\p{Cs}]|[\t\n\r])*$/u, "must be text"));

/** A home or a meeting place: what the address says, and where it is. */
export const Place = z.strictObject({ roadAddress: line(1, 200), lat: Lat, lng: Lng });
/** See the schema. */
export type Place = z.infer<typeof Place>;

/** Query parameters of every list. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(500).optional(),
});

/** A list's answer. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** One page of a list and where the next begins. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** The body of every problem answer (RFC 9457). */
export const ProblemBody = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  requestId: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  /** When it will be possible again, where that is known. */
  until: Instant.optional(),
}).meta({ id: "Problem" });

function instantYearInRange(text: string): boolean {
  const ms = Date.parse(text);
  return ms >= Date.UTC(2000, 0, 1) && ms < Date.UTC(2100, 0, 1);
}
