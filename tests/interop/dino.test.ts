import { it } from 'vitest';
import { reasonForNoDino, startDino } from '#tests/support/peers/dino.ts';
import { tellOmemoStories } from './omemo-stories.ts';

const reason = reasonForNoDino();

/** Dino 0.4 of Debian 12, with libsignal-protocol-c. Keys are typed: only those of a plain keyboard. */
if (reason === undefined) tellOmemoStories('Dino', startDino, 'hello from Dino');
else it.skip(`OMEMO with Dino: ${reason}`, () => undefined);
