/** How many pushes each host may have on their way, so that a slow or hostile one holds nobody else up. */

/** A host in good standing, and one whose last push was not taken. */
const PUSHES = 64, PUSHES_IN_TROUBLE = 4;

interface Lane {
  busy: number;
  isTroubled: boolean;
}

/** Counts. A host of which nothing is on its way, and that is in no trouble, takes no memory. */
export interface Lanes {
  /** A push sets out. What it returns is called once, when it is over: whether it was well, `null` when it never left. */
  enter(host: string): (isWell: boolean | null) => void;
  /** Those that may have no more now. */
  fullHosts(): string[];
}

/** Opens them, with nothing on its way. */
export function openLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  return {
    enter(host) {
      const lane = lanes.get(host) ?? { busy: 0, isTroubled: false };
      lanes.set(host, lane);
      lane.busy += 1;
      return (isWell) => {
        lane.busy -= 1;
        if (isWell !== null) lane.isTroubled = !isWell;
        if (lane.busy === 0 && !lane.isTroubled) lanes.delete(host);
        else if (lanes.size > LANES_MAX) forgetIdle(lanes);
      };
    },
    fullHosts: () =>
      [...lanes].filter(([, { busy, isTroubled }]) => busy >= (isTroubled ? PUSHES_IN_TROUBLE : PUSHES))
        .map(([host]) => host),
  };
}

/** Troubles of more hosts than this are not remembered. */
const LANES_MAX = 1_000;

function forgetIdle(lanes: Map<string, Lane>): void {
  for (const [host, { busy }] of lanes) if (busy === 0) lanes.delete(host);
}
