import type { ChatStanding, MessageView } from '#shared/views.ts';
import { isUndecryptable, waitOf } from './kinds.ts';

/** What can be done with one message. */
export type MessageAction =
  | 'reply'
  | 'react'
  | 'edit'
  | 'quote'
  | 'copy'
  | 'forward'
  | 'send-now'
  | 'reschedule'
  | 'withdraw'
  | 'delete';

/**
 * The actions of a message, in the order of the menu.
 * In requests and blocked chats nothing is offered that would tell the other side anything.
 */
export const actionsFor = (message: MessageView, standing: ChatStanding): readonly MessageAction[] => {
  if (message.retracted === true || isUndecryptable(message)) return ['delete'];
  const wait = waitOf(message);
  if (wait === 'held') return ['send-now', 'edit', 'withdraw', 'copy'];
  if (wait === 'scheduled') return ['send-now', 'edit', 'reschedule', 'withdraw', 'copy'];
  if (standing !== 'open' || message.state === 'failed') return ['copy', 'forward', 'delete'];
  return message.direction === 'out'
    ? ['reply', 'react', 'edit', 'quote', 'copy', 'forward', 'delete']
    : ['reply', 'react', 'quote', 'copy', 'forward', 'delete'];
};

/** A reaction could only be sent in the clear, and what is encrypted gets none (OMEMO 0.3 encrypts texts). */
export const canReact = (message: MessageView): boolean => message.protection === 'none';

/** Whether the others can be asked to forget it: an own message that they may have. */
export const canRetract = (message: MessageView, standing: ChatStanding): boolean =>
  message.direction === 'out' &&
  message.retracted !== true &&
  message.state !== 'failed' &&
  standing === 'open';

/** The newest own message that can be edited, for the arrow key in an empty box. */
export const lastEditable = (rows: readonly MessageView[], standing: ChatStanding): MessageView | undefined =>
  rows.findLast((row) => row.direction === 'out' && actionsFor(row, standing).includes('edit'));

/** A text as a quotation (XEP-0393 section 5.1.3), with the line below it for the answer. */
export const quoted = (body: string): string =>
  `${body
    .split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`))
    .join('\n')}\n`;
