import { describe, expect, it } from 'vitest';
import { messageCorrection } from '#main/xmpp/features/correction.ts';
import { DISPLAYED_ASSIST_FEATURE, displayedSync } from '#main/xmpp/features/displayed-sync.ts';
import { explicitEncryption } from '#main/xmpp/features/encryption-hint.ts';
import { fallbackIndication } from '#main/xmpp/features/fallback.ts';
import { displayedMarkers } from '#main/xmpp/features/markers.ts';
import { outOfBandData } from '#main/xmpp/features/oob.ts';
import { messageReactions } from '#main/xmpp/features/reactions.ts';
import { deliveryReceipts } from '#main/xmpp/features/receipts.ts';
import { messageReplies } from '#main/xmpp/features/replies.ts';
import { REPORTING_FEATURE } from '#main/xmpp/features/reporting.ts';
import { messageRetraction } from '#main/xmpp/features/retraction.ts';
import { messageStyling } from '#main/xmpp/features/styling.ts';

/** Others decide by these strings what they send us: a slip in one of them is seen by nobody here. */
describe('what we announce, as the specifications spell it', () => {
  it.each([
    [deliveryReceipts, 'XEP-0184', 'urn:xmpp:receipts'],
    [messageCorrection, 'XEP-0308', 'urn:xmpp:message-correct:0'],
    [displayedMarkers, 'XEP-0333', 'urn:xmpp:chat-markers:0'],
    [explicitEncryption, 'XEP-0380', 'urn:xmpp:eme:0'],
    // Section 5 has a colon too many; section 12 and every client have this.
    [messageStyling, 'XEP-0393', 'urn:xmpp:styling:0'],
    [messageRetraction, 'XEP-0424', 'urn:xmpp:message-retract:1'],
    [fallbackIndication, 'XEP-0428', 'urn:xmpp:fallback:0'],
    [messageReactions, 'XEP-0444', 'urn:xmpp:reactions:0'],
    [messageReplies, 'XEP-0461', 'urn:xmpp:reply:0'],
    [outOfBandData, 'XEP-0066', 'jabber:x:oob'],
    [displayedSync, 'XEP-0490', 'urn:xmpp:mds:displayed:0+notify'],
  ])('%o', (feature, id, announced) => {
    expect(feature).toMatchObject({ id, discoVars: [announced] });
  });

  it('and what we look for in servers that Debian does not have', () => {
    expect(DISPLAYED_ASSIST_FEATURE).toBe('urn:xmpp:mds:server-assist:0');
    expect(REPORTING_FEATURE).toBe('urn:xmpp:reporting:1');
  });
});
