/** The people of a room: who they are, who is there, who types, and how far each has read. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { ReadPointers } from "../../contract/chat.ts";
import type { Page } from "../../contract/common.ts";
import type { Membership } from "../../contract/parties.ts";
import { call } from "../session.ts";
import type { RoomFrame } from "./feeds.ts";

/** See {@link createPeople}. */
export interface RoomPeople {
  /** The accepted members. */
  readonly members: ReadonlySignal<readonly Membership[]>;
  readonly online: ReadonlySignal<ReadonlySet<string>>;
  readonly typing: ReadonlySignal<ReadonlySet<string>>;
  /** By member, the seq that they have read up to. */
  readonly pointers: ReadonlySignal<ReadonlyMap<string, number>>;
  /** Asks who the members are and how far they have read. Throws a Refusal. */
  read(): Promise<void>;
  /** Takes what is said of them, and leaves the rest. */
  hear(frame: RoomFrame): void;
  close(): void;
}

/** Who types says so every two seconds: who does not has stopped. */
const TYPING_MS = 4_000;

/** Opens it with nobody known. */
export function createPeople(partyId: string): RoomPeople {
  const members = signal<readonly Membership[]>([]), pointers = signal<ReadonlyMap<string, number>>(new Map());
  const online = signal<ReadonlySet<string>>(new Set()), typing = signal<ReadonlySet<string>>(new Set());
  const typers = new Map<string, ReturnType<typeof setTimeout>>();

  async function readMembers(): Promise<void> {
    const { items } = await call<Page<Membership>>("GET", `/api/parties/${partyId}/members?limit=100`);
    members.value = items.filter(({ status }) => status === "accepted");
  }

  async function readPointers(): Promise<void> {
    const { items } = await call<ReadPointers>("GET", `/api/parties/${partyId}/chat/read`);
    pointers.value = new Map(items.map(({ userId, seq }) => [userId, Math.max(seq, pointers.peek().get(userId) ?? 0)]));
  }

  function endTyping(userId: string): void {
    clearTimeout(typers.get(userId));
    if (typers.delete(userId)) typing.value = new Set(typers.keys());
  }

  function beginTyping(userId: string): void {
    endTyping(userId);
    typers.set(userId, setTimeout(endTyping, TYPING_MS, userId));
    typing.value = new Set(typers.keys());
  }

  function come(userId: string, isHere: boolean): void {
    const now = new Set(online.peek());
    if (isHere) now.add(userId);
    else now.delete(userId);
    online.value = now;
    if (!isHere) endTyping(userId);
  }

  function close(): void {
    for (const userId of [...typers.keys()]) endTyping(userId);
    online.value = new Set();
  }

  return {
    members,
    online,
    typing,
    pointers,
    async read() {
      await Promise.all([readMembers(), readPointers()]);
    },
    hear(frame) {
      if (frame.type === "subscribed") online.value = new Set(frame.online);
      if (frame.type === "presence") come(frame.userId, frame.online);
      if (frame.type === "typing") beginTyping(frame.userId);
      if (frame.type === "entry" && frame.sender) endTyping(frame.sender.id);
      if (frame.type === "read") pointers.value = new Map(pointers.peek()).set(frame.userId, frame.seq);
    },
    close,
  };
}
