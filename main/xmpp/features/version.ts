/** XEP-0092: Software Version, version 1.1 — https://xmpp.org/extensions/xep-0092.html */
import { StanzaError } from '../port.ts';
import type { Feature } from '../feature.ts';
import { NS, xml } from '../stanza.ts';

/**
 * Tells name and version. `<os/>` is optional (section 3) and left out: it helps nobody but an attacker.
 * @param software what the user runs
 */
export const softwareVersion = (software: { readonly name: string; readonly version: string }): Feature => ({
  id: 'XEP-0092',
  discoVars: [NS.version],
  attach: (host) =>
    host.onIq('get', 'query', NS.version, (_iq, from) => {
      if (!host.maySeeUs(from)) throw new StanzaError('service-unavailable', 'cancel');
      return xml(
        'query',
        { xmlns: NS.version },
        xml('name', {}, software.name),
        xml('version', {}, software.version),
      );
    }),
});
