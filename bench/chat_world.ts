/** Parties, people and sessions for the chat benches, written in bulk, and the service's nodes on them. */
import { v7 } from "uuid";
import { systemClock } from "../adapters/clock_system.ts";
import { migrate } from "../adapters/migrations.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import { joseTokens } from "../adapters/tokens_jose.ts";
import type { Sql, Tokens } from "../services/ports.ts";
import { quietLog } from "../tests/quiet_log.ts";
import type { Seat } from "./load/dialects.ts";
import { type Served, startServiceNode, startStores, type Stores } from "./machine.ts";

/** A person who is in, and their session. */
export interface Member {
  userId: string;
  sessionId: string;
}

/** A party with its chat open and its members accepted, the first of them the leader. */
export interface Room {
  partyId: string;
  members: Member[];
}

/** The stores with the rows in them. */
export interface World extends AsyncDisposable {
  stores: Stores;
  sql: Sql;
  rooms: Room[];
  startNode(environment?: Record<string, string>): Promise<Served>;
}

const SECRET = "the benches' own secret, 32 bytes and more";

/** Starts stores, and fills them with so many parties of so many members each; nobody is in two parties. */
export async function openWorld({ rooms: count, members }: { rooms: number; members: number }): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const stores = stack.use(await startStores());
  const { sql } = stack.use(await openSql({ target: stores.databaseUrl, max: 2, log: quietLog }));
  await migrate({ sql, log: quietLog });
  const rooms = Array.from({ length: count }, (): Room => ({
    partyId: v7(),
    members: Array.from({ length: members }, () => ({ userId: v7(), sessionId: v7() })),
  }));
  await writePeople(sql, rooms.flatMap((room) => room.members));
  await writeRooms(sql, rooms);
  await sql`analyze`;
  const kept = stack.move();
  return {
    stores,
    sql,
    rooms,
    startNode: (environment) =>
      startServiceNode({
        DATABASE_URL: stores.databaseUrl,
        REDIS_URL: stores.redisUrl,
        JWT_SECRET: SECRET,
        ...environment,
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Seats for the members of the rooms, `sockets` for each member, on the servers in turn; with access tokens if asked for. */
export async function seatsOf(
  rooms: Room[],
  servers: Served[],
  { sockets = 1, signedIn = true }: { sockets?: number; signedIn?: boolean } = {},
): Promise<Seat[][]> {
  const tokens = await joseTokens({ secret: SECRET, clock: systemClock });
  return await Promise.all(rooms.map(async ({ partyId, members }) => {
    const taken = await Promise.all(members.map((member) => signedIn ? tokenOf(tokens, member) : ""));
    return Array.from({ length: members.length * sockets }, (_, i) => {
      const { host, port } = servers[i % servers.length]!;
      return { host, port, room: partyId, token: taken[i % members.length]! };
    });
  }));
}

async function tokenOf(tokens: Tokens, { userId, sessionId }: Member): Promise<string> {
  return (await tokens.issue({ userId, sessionId, role: "user" })).accessToken;
}

async function writePeople(sql: Sql, people: Member[]): Promise<void> {
  const userIds = people.map(({ userId }) => userId);
  await sql`
    insert into users (id, email, password_hash, nickname, terms_at, privacy_at, created_at)
    select id, id || '@example.com', 'none', '이웃' || right(id::text, 12), now(), now(), now()
    from unnest(${userIds}::uuid[]) as person (id)`;
  await sql`
    insert into sessions (id, user_id, created_at, expires_at)
    select id, user_id, now(), now() + interval '1 day'
    from unnest(${people.map(({ sessionId }) => sessionId)}::uuid[], ${userIds}::uuid[]) as session (id, user_id)`;
}

async function writeRooms(sql: Sql, rooms: Room[]): Promise<void> {
  const marketId = v7(), itemId = v7(), size = rooms[0]!.members.length;
  await sql`
    insert into markets (id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text, updated_at)
    values (${marketId}, 'stores', 'bench', '마트', 'mart', '세종대로 110', 37.5663, 126.9779, '11140', '마트', now())`;
  await sql`
    insert into items (id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at)
    values (${itemId}, 'mafra', 'bench', '채소', '양파', '일반', '양파', 'ㅇㅍ', 1, '\\x00', now())`;
  await sql`
    insert into parties (id, leader_id, market_id, item_id, title, status, quantity, unit, quantity_taken, capacity,
      member_count, starts_at, ends_at, join_until, search_text, created_at)
    select id, leader_id, ${marketId}, ${itemId}, '양파', 'confirmed', ${size}, 'ea', ${size}, ${size}, ${size},
      now() + interval '1 day', now() + interval '2 days', now(), '양파', now()
    from unnest(${rooms.map((room) => room.partyId)}::uuid[], ${rooms.map((room) => room.members[0]!.userId)}::uuid[])
      as party (id, leader_id)`;
  await sql`
    insert into chat_rooms (party_id, opened_at)
    select id, now()
    from parties`;
  const members = rooms.flatMap(({ partyId, members }) => members.map(({ userId }, i) => ({ partyId, userId, i })));
  await sql`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at, decided_at)
    select party_id, user_id, role, 'accepted', 1, now(), now()
    from unnest(
      ${members.map(({ partyId }) => partyId)}::uuid[],
      ${members.map(({ userId }) => userId)}::uuid[],
      ${members.map(({ i }) => i === 0 ? "leader" : "member")}::text[]) as member (party_id, user_id, role)`;
}
