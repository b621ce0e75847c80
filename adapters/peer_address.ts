/** Who is calling, through proxies that are trusted and no others. */
import { BlockList, isIP } from "node:net";

/** The client's address of a request. */
export type AddressOf = (request: Request, remote: Deno.Addr) => string;

/**
 * Believes `X-Forwarded-For` only from a peer in `trusted` (addresses or CIDR blocks), and then the last entry that is not
 * itself trusted: what stands before it, the client could have written. When all are, the first.
 */
export function peerAddress(trusted: string[]): AddressOf {
  const list = new BlockList();
  for (const each of trusted) {
    const [address = "", bits] = each.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return (request, remote) => {
    const peer = remote.transport === "tcp" ? remote.hostname : "local";
    if (!isTrusted(peer)) return peer;
    const hops = (request.headers.get("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim()).filter(Boolean);
    return hops.findLast((hop) => !isTrusted(hop)) ?? hops[0] ?? peer;
  };
}
