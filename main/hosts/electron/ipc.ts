import type { WebContents } from 'electron';
import type { Logger } from '#main/log/logger.ts';
import { IPC_CHANNEL, type Pipe } from '#shared/pipe.ts';
import { isTrustedFrame } from './security.ts';

/**
 * Frames over the one channel, between main and the main frame of one window. A frame that a foreign
 * document or a subframe sends is dropped: it is no caller of ours, so it gets no answer.
 */
export const windowPipe = (contents: WebContents, log: Logger): Pipe => ({
  send: (frame) => {
    if (!contents.isDestroyed() && !contents.isCrashed()) contents.send(IPC_CHANNEL, frame);
  },
  onFrame: (receive) => {
    // `contents.ipc` hears this window only, unlike `ipcMain`.
    contents.ipc.on(IPC_CHANNEL, (event, frame: unknown) => {
      if (isTrustedFrame(event.senderFrame)) receive(frame);
      else log.warn('dropped a frame from a foreign document');
    });
  },
  onClose: (closed) => {
    contents.once('destroyed', closed);
  },
});
