/** Which addresses are of the public internet: everything else is ours, our neighbours', or nobody's. */
import { BlockList, isIP } from "node:net";

/** IANA's special-purpose registry, IPv4: private, shared, loopback, link-local, documentation, multicast, reserved. */
const NOT_PUBLIC_4 = blocks("ipv4", [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
]);

/** Of IPv6 only this is given out at all: no loopback, local, mapped or translated address is in it. */
const GLOBAL_6 = blocks("ipv6", [["2000::", 3]]);

/** Parts of it that are not for hosts, or lead to an IPv4 address by a tunnel. */
const NOT_PUBLIC_6 = blocks("ipv6", [["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["3fff::", 20]]);

/** Whether this is an address that any host of the internet may have. `false` for what is no address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !NOT_PUBLIC_4.check(address, "ipv4");
  return family === 6 && GLOBAL_6.check(address, "ipv6") && !NOT_PUBLIC_6.check(address, "ipv6");
}

function blocks(family: "ipv4" | "ipv6", nets: [string, number][]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of nets) list.addSubnet(net, bits, family);
  return list;
}
