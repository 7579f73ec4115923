/** XEP-0199: XMPP Ping, version 2.0.1 — https://xmpp.org/extensions/xep-0199.html */
import { StanzaError } from '../port.ts';
import type { Feature } from '../feature.ts';
import { NS } from '../stanza.ts';

export const ping: Feature = {
  id: 'XEP-0199',
  discoVars: [NS.ping],
  attach: (host) =>
    host.onIq('get', 'ping', NS.ping, (_iq, from) => {
      // Section 6: an answer tells that we are here.
      if (!host.maySeeUs(from)) throw new StanzaError('service-unavailable', 'cancel');
      return undefined;
    }),
};
