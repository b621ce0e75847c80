/** What the nodes tell each other about a room, on the relay's channel `chat.<partyId>`. All of it may be lost. */
import { type Entry, RoomMessage } from "../contract/chat.ts";
import { noteHead } from "./chat_beacons.ts";
import type { Deps } from "./ports.ts";

/** The relay's channel of a party's chat. */
export const channelOf = (partyId: string) => `chat.${partyId}`;

/** Hands a message to every node that has the room open. Never fails: what is lost is found in Postgres, or told again. */
export function publishToRoom(
  { relay, log }: Pick<Deps, "relay" | "log">,
  partyId: string,
  message: RoomMessage,
): void {
  relay.publish(channelOf(partyId), JSON.stringify(message)).catch((error) =>
    log.debug("room not told", { partyId, type: message.type, error })
  );
}

/** Tells every node of entries that have just been committed, ascending, and by beacons of how far they go; `shownBy` names a node that has shown them already. */
export function publishEntries(
  deps: Pick<Deps, "relay" | "log">,
  partyId: string,
  entries: Entry[],
  shownBy?: string,
): void {
  publishToRoom(deps, partyId, { type: "entries", shownBy, entries });
  noteHead(deps.relay, partyId, entries.at(-1)!.seq);
}

/** Whether a message of the relay only brings back what this node has shown. Asked before it is read, which costs more. */
export function isShown(text: string, nodeId: string): boolean {
  return text.startsWith(`{"type":"entries","shownBy":"${nodeId}"`);
}

/** Reads a message of the relay; `null`, and a warning, for what this version does not know. */
export function readRoomMessage({ log }: Pick<Deps, "log">, text: string): RoomMessage | null {
  try {
    return RoomMessage.parse(JSON.parse(text));
  } catch (error) {
    log.warn("a room's message was not understood", { error });
    return null;
  }
}
