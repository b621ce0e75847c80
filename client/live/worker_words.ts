/** What pages and the service worker say to each other. */

/** From a page to a worker that waits: the name of its script, which tells its version. */
export interface ToWorker {
  script: string;
}

/** To a page: there is a newer version than its own, or somebody has tapped an alert's notification, which leads to a path. */
export type FromWorker = { kind: "newer" } | { kind: "follow"; alertId: string; path: string };
