/** Somebody who is told of what somebody else does. */
import type { Party } from "../contract/parties.ts";
import { addItem, type Answer, openParty, type Person, signUpAll, type TestService } from "./harness.ts";

/** Someone who favours an item, and someone else who opens parties for it and calls them off. */
export interface FanAndLeader {
  fan: Person;
  /** The item's. */
  name: string;
  open(): Promise<Party>;
  cancel(party: { id: string }): Promise<Answer>;
}

/** Signs them up. */
export async function fanAndLeader(service: TestService): Promise<FanAndLeader> {
  const [fan, leader] = await signUpAll(service, 2);
  const name = `감귤 ${leader.nickname}`, item = await addItem(service, { name });
  await service.call("PUT", `/api/favorites/items/${item.id}`, { token: fan.token });
  return {
    fan,
    name,
    open: () => openParty(service, leader, { itemId: item.id }),
    cancel: ({ id }) =>
      service.call("POST", `/api/parties/${id}/cancel`, { token: leader.token, body: { reason: "비가 와요" } }),
  };
}
