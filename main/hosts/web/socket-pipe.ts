import type { WebSocket } from 'ws';
import type { Pipe } from '#shared/pipe.ts';

/** A window that does not read is cut off before it fills our memory; it comes back and asks for a snapshot. */
const MAX_BUFFERED_BYTES = 32 << 20;

/** Frames as JSON texts over a WebSocket. What is no JSON text ends the connection (RFC 6455 section 7.4.1). */
export const socketPipe = (socket: WebSocket): Pipe => ({
  send: (frame) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.terminate();
    else socket.send(JSON.stringify(frame));
  },
  onFrame: (receive) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) return socket.close(1003);
      let frame: unknown;
      try {
        frame = JSON.parse(data.toString('utf8'));
      } catch {
        return socket.close(1007);
      }
      receive(frame);
    });
  },
  onClose: (closed) => {
    socket.once('close', closed);
  },
});
