import type { Feature } from '../feature.ts';
import { chatStateNotifications } from './chat-states.ts';
import { serviceDiscovery, type OwnDisco } from './disco.ts';
import { ping } from './ping.ts';
import { stanzaIds } from './stanza-ids.ts';
import { softwareVersion } from './version.ts';

/** What we announce and answer. A new extension is one file and one line here. */
export const createFeatures = (software: {
  readonly name: string;
  readonly version: string;
}): { readonly all: readonly Feature[]; readonly disco: OwnDisco } => {
  const features: readonly Feature[] = [ping, softwareVersion(software), stanzaIds, chatStateNotifications];
  const disco = serviceDiscovery(software.name, features);
  return { all: [...features, disco], disco };
};
