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
  /** What was sent, and what of it the reader has taken. */
  progress(): { sentBytes: number; takenBytes: number };
  send(frame: string): void;
  /** Sends nothing more. A reader still gets what was sent before. */
  end(): void;
}

/** Opens a body. `onRoom` is called when a read may have made room. */
export function openEventStream(onRoom: () => void): EventStream {
  const { promise: over, resolve: settle } = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isOver = false, sentBytes = 0;

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
    progress: () => ({ sentBytes, takenBytes: sentBytes - (BUFFERED_BYTES_MAX - (controller.desiredSize ?? 0)) }),
    send(frame) {
      if (isOver) return;
      const bytes = encoder.encode(frame);
      sentBytes += bytes.length;
      controller.enqueue(bytes);
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
