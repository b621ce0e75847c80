/** Rooms that the page follows over its connection: subscribed to again whenever there is a new one. */
import { effect } from "@preact/signals";
import type { ServerFrame } from "../../contract/chat.ts";
import { hearFrames, holdSocket, link, say } from "./socket.ts";

/** A frame that is about a room. */
export type RoomFrame = Extract<ServerFrame, { partyId: string }> | ServerFrame & { type: "problem" };

/** Whoever follows a room. */
export interface Follower {
  /** The seq that it has everything up to. */
  after(): number;
  /** Takes what is said of the room; a `problem` means that it cannot be followed. */
  hear(frame: RoomFrame): void;
}

const RETRY_MS = 2_000;
/** Problems that pass. */
const PASSING = ["rate-limited", "unavailable", "internal"];
const followers = new Map<string, Follower>();

/** Follows a room until the answer is called. One follower a room: who comes later takes it over. */
export function followRoom(partyId: string, follower: Follower): () => void {
  followers.set(partyId, follower);
  const letGo = holdSocket();
  subscribe(partyId);
  return () => {
    letGo();
    if (followers.get(partyId) !== follower) return;
    followers.delete(partyId);
    say({ type: "unsubscribe", partyId });
  };
}

function subscribe(partyId: string): void {
  const follower = followers.get(partyId);
  if (follower) say({ type: "subscribe", partyId, after: follower.after() });
}

effect(() => {
  if (link.value === "open") { for (const partyId of followers.keys()) subscribe(partyId); }
});

hearFrames((frame) => {
  if (!("partyId" in frame) || frame.partyId === undefined) return;
  const { partyId } = frame, follower = followers.get(partyId);
  if (!follower || (frame.type === "problem" && frame.clientMsgId !== undefined)) return;
  if (frame.type === "unsubscribed" && frame.reason === "requested") return;
  if (frame.type === "problem" && PASSING.includes(frame.code)) {
    setTimeout(() => subscribe(partyId), frame.retryAfterS ? frame.retryAfterS * 1_000 : RETRY_MS);
  } else follower.hear(frame as RoomFrame);
});
