/** Accounts and sessions. */
import { z } from "zod";
import { Id, Instant, line, Place } from "./common.ts";

const Email = z.string().trim().toLowerCase().pipe(z.email().max(254));
const Nickname = line(2, 20);
/** NFC, so that one password is one, however a keyboard composes 한글. */
const Password = z.string().max(1024).transform((text) => text.normalize("NFC"));
const NewPassword = Password.pipe(z.string().min(8).max(128));
const RefreshTransport = z.enum(["body", "cookie"]);
/** Languages that people can choose. */
export const Locale = z.enum(["ko", "en"]);
/** See the schema. */
export type Locale = z.infer<typeof Locale>;

/** Body of POST /api/auth/signup. There is no role in it, and any unknown key is refused. */
export const SignUp = z.strictObject({
  email: Email,
  password: NewPassword,
  nickname: Nickname,
  home: Place.optional(),
  consents: z.strictObject({ terms: z.literal(true), privacy: z.literal(true), location: z.boolean() }),
  refreshTransport: RefreshTransport.default("body"),
}).refine((body) => body.home === undefined || body.consents.location, {
  path: ["consents", "location"],
  message: "must be true when a home is given",
});
/** See the schema. */
export type SignUp = z.infer<typeof SignUp>;

/** Body of POST /api/auth/signin. */
export const SignIn = z.strictObject({
  email: z.string().max(320).trim().toLowerCase().regex(/^[^\p{Cc}]*$/u, "must be one line of text"),
  password: Password,
  refreshTransport: RefreshTransport.default("body"),
});
/** See the schema. */
export type SignIn = z.infer<typeof SignIn>;

/** Body of POST /api/auth/refresh; without a token the cookie counts. */
export const Refresh = z.strictObject({ refreshToken: z.string().min(1).max(200).optional() });

/** Body of POST /api/auth/signout. */
export const SignOut = z.strictObject({ everywhere: z.boolean().default(false) });

/** Answer of POST /api/auth/tickets: one use, for `?ticket=` on the stream and the socket. */
export const Ticket = z.object({ ticket: z.string(), expiresInS: z.int() }).meta({ id: "Ticket" });

/** The signed-in person's own view of themself. */
export const Me = z.object({
  id: Id,
  email: z.string(),
  nickname: z.string(),
  role: z.enum(["user", "admin"]),
  home: z.object({ roadAddress: z.string(), lat: z.number(), lng: z.number(), regionCode: z.string() }).nullable(),
  locale: Locale,
  /** Whether their location may be used: a home needs it. */
  consents: z.object({ location: z.boolean() }),
  createdAt: Instant,
}).meta({ id: "Me" });
/** See the schema. */
export type Me = z.infer<typeof Me>;

/** What sign-up, sign-in and refresh answer. `refreshToken` is absent when it travels as a cookie. */
export const Session = z.object({
  accessToken: z.string(),
  expiresInS: z.int(),
  refreshToken: z.string().optional(),
  user: Me,
}).meta({ id: "Session" });
/** See the schema. */
export type Session = z.infer<typeof Session>;

/** Body of PATCH /api/me. `home: null` forgets it. A home needs the location consent, given at sign-up or here. */
export const MeChange = z.strictObject({
  nickname: Nickname.optional(),
  home: Place.nullable().optional(),
  locale: Locale.optional(),
  consents: z.strictObject({ location: z.boolean() }).optional(),
});
/** See the schema. */
export type MeChange = z.infer<typeof MeChange>;

/** Body of PUT /api/me/password. */
export const PasswordChange = z.strictObject({ currentPassword: Password, newPassword: NewPassword });
/** See the schema. */
export type PasswordChange = z.infer<typeof PasswordChange>;

/** Body of DELETE /api/me. */
export const Withdrawal = z.strictObject({ password: Password });

/** What anyone signed in may see of a person. `penaltyCount` counts the last 90 days. */
export const Profile = z.object({
  id: Id,
  nickname: z.string(),
  penaltyCount: z.int(),
  attendance: z.object({ attended: z.int(), total: z.int() }),
  /** Within the last 90 days. */
  lateCancellations: z.int(),
  /** Of the settlement lines that were due, those paid within 3 days. */
  settledOnTime: z.object({ onTime: z.int(), total: z.int() }),
  joinedAt: Instant,
}).meta({ id: "Profile" });
/** See the schema. */
export type Profile = z.infer<typeof Profile>;

/** What a ticket stands for, as the cache keeps it. Instants are milliseconds since 1970. */
export const TicketClaims = z.object({
  userId: Id,
  sessionId: Id,
  role: z.enum(["user", "admin"]),
  expiresAt: z.int(),
  redeemBy: z.int(),
});
/** See the schema. */
export type TicketClaims = z.infer<typeof TicketClaims>;

/** A person's penalty count as the cache keeps it: good at this version of their penalties, until `staleAt` (ms since 1970). */
export const CachedPenaltyCount = z.object({ version: z.int(), count: z.int(), staleAt: z.int() });
/** See the schema. */
export type CachedPenaltyCount = z.infer<typeof CachedPenaltyCount>;
