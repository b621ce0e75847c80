/** The body of a server-sent event stream: frames go in while there is room, and it knows when its reader is gone. */

/** Bytes that wait for a reader before there is no more room. */
export const BUFFERED_BYTES_MAX = 64 * 1024;

/** One open body. */
export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when nothing more will be sent, whoever ended it. */
  readonly over: Promise<void>;
  /** Whether it is open and less than {@link BUFFERED_BYTES_MAX} waits. Without room, send nothing but a goodbye. */
  hasRoom(): boolean;
  send(frame: string): void;
  /** Sends nothing more. A reader still gets what was sent before. */
  end(): void;
}

/** Opens a body. `onRoom` is called after each read that leaves room. */
export function openEventStream(onRoom: () => void): EventStream {
  const { promise: over, resolve: settle } = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isOver = false;

  function finish(): void {
    isOver = true;
    settle();
  }
  const body = new ReadableStream<Uint8Array>({
    start: (its) => void (controller = its),
    pull: onRoom,
    cancel: finish,
  }, new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES_MAX }));
  return {
    body,
    over,
    hasRoom: () => !isOver && (controller.desiredSize ?? 0) > 0,
    send(frame) {
      if (!isOver) controller.enqueue(encoder.encode(frame));
    },
    end() {
      if (isOver) return;
      finish();
      controller.close();
    },
  };
}

/** One event. JSON has no line breaks, so that one `data` line holds it. */
export function eventFrame(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
