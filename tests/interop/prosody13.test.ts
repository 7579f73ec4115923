import { startProsody } from '#tests/support/prosody.ts';
import { prosody13Root, reasonForNoProsody13 } from '#tests/support/prosody13.ts';
import { tellSasl2Stories } from '#tests/support/sasl2-stories.ts';

/** Prosody 13: everything comes with the login, which is bound to the connection and protected from downgrades. */
tellSasl2Stories({
  start: async () => startProsody({ sasl2: true, root: await prosody13Root() }),
  // The first time it is made.
  startTimeoutMs: 600_000,
  unavailable: reasonForNoProsody13(),
  tokenMechanism: 'HT-SHA-256-EXPR',
  passwordMechanism: 'SCRAM-SHA-1-PLUS',
});
