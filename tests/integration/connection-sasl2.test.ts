import { startProsody } from '#tests/support/prosody.ts';
import { tellSasl2Stories } from '#tests/support/sasl2-stories.ts';

/**
 * Debian 12's Prosody with its community modules: the resource comes with the login, stream management does not,
 * and there is nothing to bind to.
 */
tellSasl2Stories({
  start: () => startProsody({ sasl2: true }),
  startTimeoutMs: 60_000,
  unavailable: undefined,
  tokenMechanism: 'HT-SHA-256-NONE',
  passwordMechanism: 'SCRAM-SHA-1',
});
