import type { Feature } from '../feature.ts';
import { chatStateNotifications } from './chat-states.ts';
import { messageCorrection } from './correction.ts';
import { displayedSync } from './displayed-sync.ts';
import { explicitEncryption } from './encryption-hint.ts';
import { serviceDiscovery, type OwnDisco } from './disco.ts';
import { fallbackIndication } from './fallback.ts';
import { displayedMarkers } from './markers.ts';
import { omemoDevices } from './omemo-nodes.ts';
import { ping } from './ping.ts';
import { messageReactions } from './reactions.ts';
import { deliveryReceipts } from './receipts.ts';
import { messageReplies } from './replies.ts';
import { messageRetraction } from './retraction.ts';
import { stanzaIds } from './stanza-ids.ts';
import { messageStyling } from './styling.ts';
import { softwareVersion } from './version.ts';

/** What we announce and answer. A new extension is one file and one line here. */
export const createFeatures = (software: {
  readonly name: string;
  readonly version: string;
}): { readonly all: readonly Feature[]; readonly disco: OwnDisco } => {
  const features: readonly Feature[] = [
    ping,
    softwareVersion(software),
    stanzaIds,
    chatStateNotifications,
    deliveryReceipts,
    displayedMarkers,
    displayedSync,
    explicitEncryption,
    fallbackIndication,
    messageCorrection,
    messageReactions,
    messageReplies,
    messageRetraction,
    messageStyling,
    omemoDevices,
  ];
  const disco = serviceDiscovery(software.name, features);
  return { all: [...features, disco], disco };
};
