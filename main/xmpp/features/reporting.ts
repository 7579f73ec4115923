/** XEP-0377: Blocking Command Reports, version 0.4.1 — https://xmpp.org/extensions/xep-0377.html */
import { xml, NS, type Element } from '../stanza.ts';

const REPORTING = 'urn:xmpp:reporting:1';

/** What a server announces that takes reports (section 3). */
export const REPORTING_FEATURE = REPORTING;

export interface Report {
  /** Unwanted messages, or general abuse (section 4). */
  readonly reason: 'spam' | 'abuse';
  /** In the user's words; empty where there are none. */
  readonly text: string;
  /** BCP 47 tag of the language of `text` (section 8). */
  readonly language?: string | undefined;
  /** Archive ids of the reported messages, and the archive that gave them (section 6): our own bare JID. */
  readonly messages: readonly { readonly id: string; readonly by: string }[];
  /** What the user allows the server to do with it (section 5). */
  readonly forwardToOrigin: boolean;
  readonly forwardToThirdParties: boolean;
}

/** The report inside an item of the blocking command (section 6): there is no report without a block. */
export const report = (content: Report): Element =>
  xml(
    'report',
    { xmlns: REPORTING, reason: `urn:xmpp:reporting:${content.reason}` },
    content.messages.map(({ id, by }) => xml('stanza-id', { xmlns: NS.stanzaId, by, id })),
    content.text === '' ? undefined : xml('text', { 'xml:lang': content.language }, content.text),
    content.forwardToOrigin ? xml('report-origin', {}) : undefined,
    content.forwardToThirdParties ? xml('third-party', {}) : undefined,
  );
